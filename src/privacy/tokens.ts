// What stands where a sensitive value was taken out: "[masked:01k…]", the suffix of its id among the sealed values. It
// is all that anybody without the permission ever sees, so that no reader, notification or export can forget to mask.

const TOKEN = /\[masked:([0-7][0-9a-hjkmnp-tv-z]{25})\]/g;
const ALONE = new RegExp(`^${TOKEN.source}$`);

/** `id`: sealed_…, of 26 characters behind it. */
export const tokenOf = (id: string): string => `[masked:${id.slice('sealed_'.length)}]`;
const idOf = (suffix: string): string => `sealed_${suffix}`;

export const isToken = (value: unknown): value is string => typeof value === 'string' && ALONE.test(value);

export const withoutTokens = (text: string): string =>
  text.includes('[masked:') ? text.replace(TOKEN, '') : text;

/** Where tokens stand in a text. */
export const tokensIn = (text: string): { start: number; end: number }[] =>
  text.includes('[masked:')
    ? [...text.matchAll(TOKEN)].map(({ index, 0: token }) => ({ start: index, end: index + token.length }))
    : [];

/** The ids of all tokens in a value, at any depth and in keys too. Whatever is no JSON (a Date, say) holds none. */
export function idsIn(value: unknown, into = new Set<string>()): Set<string> {
  if (typeof value === 'string') {
    if (value.includes('[masked:')) for (const [, suffix] of value.matchAll(TOKEN)) into.add(idOf(suffix!));
  } else if (isPlain(value)) {
    for (const key in value) {
      if (key.includes('[masked:')) idsIn(key, into);
      idsIn((value as Record<string, unknown>)[key], into);
    }
  }
  return into;
}

/**
 * The value with its tokens replaced by what they stand for; one that nothing is known for stays. A text that is a token
 * alone becomes the value itself, whatever that is; within a text it becomes its text.
 */
export function filledIn<T>(value: T, values: ReadonlyMap<string, unknown>): T {
  return fill(value, values) as T;
}

function fill(value: unknown, values: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((child) => fill(child, values));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [textOf(fillText(key, values)), fill(child, values)]),
  );
}

function fillText(text: string, values: ReadonlyMap<string, unknown>): unknown {
  if (!text.includes('[masked:')) return text;
  const alone = ALONE.exec(text);
  if (alone !== null) return values.has(idOf(alone[1]!)) ? values.get(idOf(alone[1]!)) : text;
  return text.replace(TOKEN, (token, suffix: string) =>
    values.has(idOf(suffix)) ? textOf(values.get(idOf(suffix))) : token,
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const isPlain = (value: unknown): value is object =>
  value !== null &&
  typeof value === 'object' &&
  (Array.isArray(value) ||
    Object.getPrototypeOf(value) === Object.prototype ||
    Object.getPrototypeOf(value) === null);
