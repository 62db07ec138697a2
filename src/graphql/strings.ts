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
import { badCharacter, isBad, TOO_LARGE, unstorable } from '../kernel/storable.ts';

// What no request may hold, wherever it stands in it (kernel/storable.ts): in its document, its literals, its variables.

export const badInput = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

/** The first string, key or number below `value` that may not be stored, told by its place, or null. */
export function checkValue(value: unknown, name: string): GraphQLError | null {
  const fault = unstorable(value, name);
  return fault === null ? null : badInput(fault);
}

/** The document's own text, before it is parsed. */
export function checkDocumentText(text: string): GraphQLError | null {
  return isBad(text) ? badInput(`The document holds ${badCharacter(text)}.`) : null;
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
    [Kind.STRING]: (node) => (isBad(node.value) ? bad(node, badCharacter(node.value)) : undefined),
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
