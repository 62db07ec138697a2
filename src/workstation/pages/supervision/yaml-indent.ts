// How far in the next line of YAML begins. Pure: the language's own rules need what a key holds to be there already, and a
// key that has just been written holds nothing yet.

/** Spaces of one level, as the examples have it. */
const LEVEL = 2;

/** What opens a block: a key, or a dash's, with nothing behind it but a mark of a text over lines, or a remark. */
const OPENS = /:(?:[ \t]+[|>][-+0-9]*)?[ \t]*$/;

/** Of the line as far as it stands before the cursor. */
export function indentAfter(line: string): number {
  const spaces = /^ */.exec(line)?.[0].length ?? 0;
  const said = line.replace(/(^|[ \t])#.*$/, '').trimEnd();
  if (said.trim() === '') return spaces;
  // Behind a dash a key stands two further in, and so do its neighbours.
  const dash = /^ *((?:- +)+)[^\s#].*$/.exec(said);
  const isKey = OPENS.test(said) || /^[^"'{[]*:[ \t]/.test(said);
  const own = dash && isKey ? spaces + (dash[1]?.length ?? 0) : spaces;
  return OPENS.test(said) ? own + LEVEL : own;
}
