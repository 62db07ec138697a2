/** Characters of an excerpt, the mark that more follows included. */
const MOST = 200;
const MORE = '…';

/**
 * The beginning of a value on one line, "command: ls /srv, depth: 1": enough to tell alike ones apart. It looks no further
 * into the value than it shows, however large that is.
 */
export function excerptOf(value: unknown): string {
  let text = '';
  const full = () => text.length > MOST;
  const say = (words: string) => {
    text += words.slice(0, MOST + 1).replaceAll(/\s+/g, ' ');
  };
  const walk = (inner: unknown, depth: number): void => {
    if (full()) return;
    if (typeof inner === 'string') return say(inner);
    if (typeof inner !== 'object' || inner === null) return say(String(inner));
    const list = Array.isArray(inner);
    if (depth > 0) say(list ? '[' : '{');
    let first = true;
    // Not by entries: those of a large value are as many as it has.
    for (const name in inner) {
      if (full()) return;
      if (!first) say(', ');
      first = false;
      if (!list) say(`${name}: `);
      walk((inner as Record<string, unknown>)[name], depth + 1);
    }
    if (depth > 0) say(list ? ']' : '}');
  };
  walk(value, 0);
  return full() ? text.slice(0, MOST - MORE.length).replace(/[\uD800-\uDBFF]$/, '') + MORE : text;
}
