// The part of an address behind "?": filters live there, so that a view can be sent to somebody and comes back as it was.
// Everything in it is text that anybody may have written: each page's validateSearch makes of it what it knows.

export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

/** Lists are separated by commas; what is empty, false or left out is not in the address. */
export function writeSearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    const text = Array.isArray(value) ? value.join(',') : value === true ? 'yes' : String(value ?? '');
    if (text !== '' && value !== false) parameters.set(name, text);
  }
  const written = parameters.toString().replaceAll('%2C', ',');
  return written === '' ? '' : `?${written}`;
}

const textOf = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value ?? ''));

/** Those of `known` that the address names, in the order of `known`. */
export function listIn<Known extends string>(value: unknown, known: readonly Known[]): Known[] | undefined {
  const named = new Set(textOf(value).split(','));
  const found = known.filter((one) => named.has(one));
  return found.length === 0 ? undefined : found;
}

export const oneIn = <Known extends string>(value: unknown, known: readonly Known[]): Known | undefined =>
  known.find((one) => one === textOf(value));

export const textIn = (value: unknown): string | undefined => textOf(value).slice(0, 500) || undefined;

export const flagIn = (value: unknown): true | undefined =>
  value === true || textOf(value) === 'yes' ? true : undefined;
