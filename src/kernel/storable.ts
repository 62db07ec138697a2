// What no value may hold, whichever door it comes in by: characters that cannot be stored (behaviour 10.2), and numbers
// that JSON can write but no double holds. 1e999 would be read as Infinity and kept as null.

/** behaviour 10.2: any Unicode but NUL (PostgreSQL cannot hold it) and lone surrogates (no UTF-8 can). */
export const isBad = (text: string): boolean => text.includes('\0') || !text.isWellFormed();

export const badCharacter = (text: string): string =>
  text.includes('\0') ? 'a NUL character' : 'a lone surrogate';

export const TOO_LARGE = 'a number that is too large';

type Place = { value: unknown; key: string | number; parent: Place | null };

/**
 * The first string, key or number below `value` that may not be stored, told by its place, or null. Walks with a stack of its
 * own: nesting is bounded by the request's size alone.
 */
export function unstorable(value: unknown, name: string): string | null {
  if (value === null || typeof value !== 'object')
    return checkScalar(value, { value, key: name, parent: null });
  const stack: Place[] = [{ value, key: name, parent: null }];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const error = Array.isArray(place.value) ? checkItems(place, stack) : checkEntries(place, stack);
    if (error !== null) return error;
  }
  return null;
}

/** The first `most` characters of what somebody said, with a sign in the place of each that may not be stored. */
export const storableText = (text: string, most: number): string =>
  text.slice(0, most).toWellFormed().replaceAll('\0', '\ufffd');

function checkItems(place: Place, stack: Place[]): string | null {
  const items = place.value as unknown[];
  for (let index = 0; index < items.length; index++) {
    const item = { value: items[index], key: index, parent: place };
    const error = checkScalar(item.value, item);
    if (error !== null) return error;
    if (typeof item.value === 'object' && item.value !== null) stack.push(item);
  }
  return null;
}

function checkEntries(place: Place, stack: Place[]): string | null {
  for (const [key, value] of Object.entries(place.value as object)) {
    if (isBad(key)) return `A key of ${pathOf(place)} holds ${badCharacter(key)}.`;
    const entry = { value, key, parent: place };
    const error = checkScalar(value, entry);
    if (error !== null) return error;
    if (typeof value === 'object' && value !== null) stack.push(entry);
  }
  return null;
}

function checkScalar(value: unknown, place: Place): string | null {
  if (typeof value === 'string')
    return isBad(value) ? `${pathOf(place)} holds ${badCharacter(value)}.` : null;
  return typeof value === 'number' && !Number.isFinite(value) ? `${pathOf(place)} holds ${TOO_LARGE}.` : null;
}

function pathOf(place: Place): string {
  const keys: string[] = [];
  for (let at: Place | null = place; at !== null; at = at.parent) keys.unshift(String(at.key));
  const path = keys.join('.');
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}
