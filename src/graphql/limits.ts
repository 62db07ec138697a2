import {
  type DocumentNode,
  GraphQLError,
  Kind,
  Lexer,
  type SelectionSetNode,
  Source,
  TokenKind,
} from 'graphql';

/** behaviour 10.4: what one document may ask for. Fragments count where they are spread. */
export interface Limits {
  tokens: number;
  /** Brackets of any kind within brackets. */
  nesting: number;
  /** Fields within fields. */
  depth: number;
  /** The same below `__schema` and `__type`. */
  introspectionDepth: number;
  /** Fields in all. */
  breadth: number;
  aliases: number;
  /** Fields resolved at most, with every list as long as its arguments allow. */
  cost: number;
}

export const defaultLimits: Limits = {
  tokens: 4_000,
  nesting: 100,
  depth: 12,
  introspectionDepth: 20,
  breadth: 500,
  aliases: 50,
  cost: 25_000,
};

export const tooComplex = (what: string, actual: number | string, bound: number): GraphQLError =>
  new GraphQLError(`The document's ${what} is ${actual}; at most ${bound} is allowed.`, {
    extensions: { code: 'TOO_COMPLEX', limit: what, maximum: bound },
  });

/**
 * Length and nesting, told by the tokens alone: the parser and all that walks its tree recurse as deep as brackets go.
 * Of a text that cannot be read to its end, what comes before the fault counts.
 */
export function checkTokens(text: string, limits: Limits): GraphQLError | null {
  const lexer = new Lexer(new Source(text));
  let count = 0;
  let nesting = 0;
  let deepest = 0;
  try {
    for (let { kind } = lexer.advance(); kind !== TokenKind.EOF; { kind } = lexer.advance()) {
      count++;
      if (OPENING.has(kind)) deepest = Math.max(deepest, ++nesting);
      else if (CLOSING.has(kind)) nesting--;
    }
  } catch {
    // The parser will say what is wrong, unless the text is too long up to here already.
  }
  if (count > limits.tokens) return tooComplex('number of tokens', count, limits.tokens);
  return deepest > limits.nesting ? tooComplex('nesting of brackets', deepest, limits.nesting) : null;
}

const OPENING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

interface Shape {
  depth: number;
  introspectionDepth: number;
  breadth: number;
  aliases: number;
}

/**
 * The document's form, known without a schema and before validation, whose rules take long on what is far too big.
 * Cyclic fragments end at their first repeat here and are refused by validation.
 */
export function checkShape(document: DocumentNode, limits: Limits): GraphQLError[] {
  const shape = shapeOf(document);
  const errors: GraphQLError[] = [];
  if (shape.depth > limits.depth) errors.push(tooComplex('depth', shape.depth, limits.depth));
  if (shape.introspectionDepth > limits.introspectionDepth)
    errors.push(tooComplex('introspection depth', shape.introspectionDepth, limits.introspectionDepth));
  if (shape.breadth > limits.breadth)
    errors.push(tooComplex('number of fields', shape.breadth, limits.breadth));
  if (shape.aliases > limits.aliases)
    errors.push(tooComplex('number of aliases', shape.aliases, limits.aliases));
  return errors;
}

function shapeOf(document: DocumentNode): Shape {
  const sets = new Map<string, SelectionSetNode>();
  const measured = new Map<string, Shape>();
  const active = new Set<string>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      sets.set(definition.name.value, definition.selectionSet);

  const fragment = (name: string): Shape => {
    const known = measured.get(name);
    const set = sets.get(name);
    if (known !== undefined || set === undefined || active.has(name)) return known ?? empty();
    active.add(name);
    const shape = selection(set);
    active.delete(name);
    measured.set(name, shape);
    return shape;
  };
  const selection = (set: SelectionSetNode): Shape => {
    const shape = empty();
    for (const node of set.selections) {
      if (node.kind === Kind.FRAGMENT_SPREAD) add(shape, fragment(node.name.value));
      else if (node.kind === Kind.INLINE_FRAGMENT) add(shape, selection(node.selectionSet));
      else {
        const below = node.selectionSet ? selection(node.selectionSet) : empty();
        const meta = node.name.value === '__schema' || node.name.value === '__type';
        add(shape, {
          depth: meta ? 1 : below.depth + 1,
          introspectionDepth: meta ? below.depth : below.introspectionDepth,
          breadth: below.breadth + 1,
          aliases: below.aliases + (node.alias ? 1 : 0),
        });
      }
    }
    return shape;
  };

  const whole = empty();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) most(whole, selection(definition.selectionSet));
    else if (definition.kind === Kind.FRAGMENT_DEFINITION) most(whole, fragment(definition.name.value), true);
  }
  return whole;
}

const empty = (): Shape => ({ depth: 0, introspectionDepth: 0, breadth: 0, aliases: 0 });

function add(to: Shape, more: Shape): void {
  to.depth = Math.max(to.depth, more.depth);
  to.introspectionDepth = Math.max(to.introspectionDepth, more.introspectionDepth);
  to.breadth += more.breadth;
  to.aliases += more.aliases;
}

/** `fragment`: its depth is judged where it is spread, since one on an introspection type may be deeper. */
function most(whole: Shape, other: Shape, fragment = false): void {
  if (!fragment) whole.depth = Math.max(whole.depth, other.depth);
  whole.introspectionDepth = Math.max(whole.introspectionDepth, other.introspectionDepth);
  whole.breadth = Math.max(whole.breadth, other.breadth);
  whole.aliases = Math.max(whole.aliases, other.aliases);
}
