import {
  type DocumentNode,
  type FloatValueNode,
  getLocation,
  GraphQLError,
  type IntValueNode,
  Kind,
  type Source,
  type ValueNode,
  visit,
} from 'graphql';

// What no value may hold, wherever it stands in a request: characters that cannot be stored (behaviour 10.2), and numbers
// that JSON can write but no double holds. 1e999 would be read as Infinity and kept as null.

/** behaviour 10.2: any Unicode but NUL (PostgreSQL cannot hold it) and lone surrogates (no UTF-8 can). */
const isBad = (text: string): boolean => text.includes('\0') || !text.isWellFormed();

const nameOf = (text: string): string => (text.includes('\0') ? 'a NUL character' : 'a lone surrogate');

export const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

type Place = { value: unknown; key: string | number; parent: Place | null };

/**
 * The first string, key or number below `value` that may not be stored, told by its place, or null. Walks with a stack of its
 * own: nesting is bounded by the request's size alone.
 */
export function checkValue(value: unknown, name: string): GraphQLError | null {
  if (value === null || typeof value !== 'object')
    return checkScalar(value, { value, key: name, parent: null });
  const stack: Place[] = [{ value, key: name, parent: null }];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const error = Array.isArray(place.value) ? checkItems(place, stack) : checkEntries(place, stack);
    if (error !== null) return error;
  }
  return null;
}

function checkItems(place: Place, stack: Place[]): GraphQLError | null {
  const items = place.value as unknown[];
  for (let index = 0; index < items.length; index++) {
    const item = { value: items[index], key: index, parent: place };
    const error = checkScalar(item.value, item);
    if (error !== null) return error;
    if (typeof item.value === 'object' && item.value !== null) stack.push(item);
  }
  return null;
}

function checkEntries(place: Place, stack: Place[]): GraphQLError | null {
  for (const [key, value] of Object.entries(place.value as object)) {
    if (isBad(key)) return badInput(`A key of ${pathOf(place)} holds ${nameOf(key)}.`);
    const entry = { value, key, parent: place };
    const error = checkScalar(value, entry);
    if (error !== null) return error;
    if (typeof value === 'object' && value !== null) stack.push(entry);
  }
  return null;
}

function checkScalar(value: unknown, place: Place): GraphQLError | null {
  if (typeof value === 'string')
    return isBad(value) ? badInput(`${pathOf(place)} holds ${nameOf(value)}.`) : null;
  return typeof value === 'number' && !Number.isFinite(value)
    ? badInput(`${pathOf(place)} holds ${TOO_LARGE}.`)
    : null;
}

const TOO_LARGE = 'a number that is too large';

function pathOf(place: Place): string {
  const keys: string[] = [];
  for (let at: Place | null = place; at !== null; at = at.parent) keys.unshift(String(at.key));
  const path = keys.join('.');
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

/** The document's own text, before it is parsed. */
export function checkDocumentText(text: string): GraphQLError | null {
  return isBad(text) ? badInput(`The document holds ${nameOf(text)}.`) : null;
}

/** What a document must hold somewhere for any of its literals to be bad: few do, and others are not walked. */
const SUSPICIOUS = /\\u|\d[eE]|\d{16}/;

/** Literals whose escapes name what the text itself does not hold, and numbers too large for any value. */
export function checkLiterals(text: string, document: DocumentNode): GraphQLError | null {
  if (!SUSPICIOUS.test(text)) return null;
  let found: GraphQLError | null = null;
  const bad = ({ loc }: ValueNode, what: string) => {
    if (found !== null || loc === undefined) return;
    const { line, column } = getLocation(loc.source, loc.start);
    found = badInput(`The literal at line ${line}, column ${column} of the document holds ${what}.`);
  };
  const number = (node: IntValueNode | FloatValueNode) => {
    if (!Number.isFinite(Number(node.value))) bad(node, TOO_LARGE);
  };
  visit(document, {
    [Kind.STRING]: (node) => (isBad(node.value) ? bad(node, nameOf(node.value)) : undefined),
    [Kind.INT]: number,
    [Kind.FLOAT]: number,
  });
  return found;
}

const SURROGATE_ESCAPE = /^\\u(\{0*d[89a-f]|d[89a-f])/i;

/** The parser refuses a lone surrogate's escape as a syntax error; for the caller it is bad input like any other. */
export function surrogateEscape(error: GraphQLError, source: Source): GraphQLError | null {
  const position = error.positions?.[0];
  if (position === undefined || !SURROGATE_ESCAPE.test(source.body.slice(position, position + 12)))
    return null;
  const { line, column } = getLocation(source, position);
  return badInput(`The literal at line ${line}, column ${column} of the document holds a lone surrogate.`);
}
