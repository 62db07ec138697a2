// Whether something that stands where a secret would is one. Documentation, templates and references are not.

const STAND_INS =
  /example|xxxx|placeholder|change[-_]?me|change[-_]?this|dummy|sample|your[-_]|<[a-z]|\*\*\*|\.\.\.|…|redacted|not[-_]?a[-_]?secret|fake|todo|0000000|1234567890?|abcdefg/i;
/** `${NAME}`, `{{ name }}`, `$NAME`, `%NAME%`, `var.name`, a member of the environment, `@vault`. */
const REFERENCE =
  /^(?:\$|\{\{|%[A-Za-z]|@|&|\\)|\$\{|\{\{|^(?:process\.env|os\.environ|os\.getenv|env|var|vars|secrets|config|local|data|module|settings|props|this|self)[.[(]/;

export const isPlaceholder = (value: string): boolean => STAND_INS.test(value) || REFERENCE.test(value);

/** Bits for one character, by how often each occurs. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const c of text) counts.set(c, (counts.get(c) ?? 0) + 1);
  const length = [...text].length;
  return [...counts.values()].reduce((sum, count) => sum - (count / length) * Math.log2(count / length), 0);
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const PATH_OR_URL = /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\|[a-z+]{2,12}:\/\/|\/\/)/;
/** A call, an access, a comparison: code that makes the value. */
const EXPRESSION = /^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+[;,)]?$|[(=]|=>|::/;
/** `value` as a version, a date, a number, a dotted or dashed name. */
const PLAIN = /^(?:v?\d+(?:[.:/-]\d+)+|[\d.,:+-]+|[A-Za-z]+(?:[-_.][A-Za-z]+)*\d{0,2})$/;

/**
 * Without the punctuation that ends its sentence; an exclamation mark may be the secret's. By hand: a pattern that looks for
 * a run at the end begins anew at each of its characters.
 */
function withoutStop(raw: string): string {
  let end = raw.length;
  while (end > 0 && '.!?:)]'.includes(raw[end - 1]!)) end -= 1;
  return raw.slice(0, end) + (raw.includes('!', end) ? '!' : '');
}

/** Characters of three kinds with a digit among them, or a long mixed run: no word, no reference, no date. */
export function looksRandom(raw: string): boolean {
  const value = withoutStop(raw);
  if (value.length < 8 || isPlaceholder(value) || UUID.test(value) || PATH_OR_URL.test(value)) return false;
  if (EXPRESSION.test(value.replace(/={1,2}$/, '')) || PLAIN.test(value)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  if (!/\d/.test(value)) return value.length >= 24 && kinds >= 2 && entropy(value) > 4;
  if (value.length >= 20) return kinds >= 2 && entropy(value) > 3;
  return kinds >= 3 && entropy(value) > 2.5;
}
