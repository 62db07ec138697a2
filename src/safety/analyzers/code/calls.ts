import { type Grammar, type Node, nodesOf } from './grammars.ts';

// A program as the calls that it makes, the same shape for every language.

export interface Call {
  /** As it is written, without blanks and `new`: `cp.exec`, `subprocess.run`, `eval`, `Runtime.getRuntime().exec`. */
  readonly callee: string;
  readonly args: Node[];
  /** Python's and PHP's named arguments, by name. */
  readonly named: ReadonlyMap<string, string>;
  readonly node: Node;
  readonly isNew: boolean;
}

const TYPES: Readonly<Record<Grammar, string[]>> = {
  tsx: ['call_expression', 'new_expression'],
  typescript: ['call_expression', 'new_expression'],
  python: ['call'],
  bash: [],
  php: ['function_call_expression', 'member_call_expression', 'object_creation_expression'],
  ruby: ['call'],
  java: ['method_invocation', 'object_creation_expression'],
  go: ['call_expression'],
};

export const callsOf = (root: Node, grammar: Grammar): Call[] => nodesOf(root, TYPES[grammar]).map(toCall);

/** Arguments are read when a rule asks for them: most calls are of no interest by their name. */
function toCall(node: Node): Call {
  let read: Pick<Call, 'args' | 'named'> | null = null;
  const given = (): Pick<Call, 'args' | 'named'> => (read ??= argumentsOf(node));
  return {
    callee: calleeOf(node),
    node,
    isNew: node.type === 'new_expression' || node.type === 'object_creation_expression',
    get args() {
      return given().args;
    },
    get named() {
      return given().named;
    },
  };
}

function argumentsOf(node: Node): Pick<Call, 'args' | 'named'> {
  const list = node.childForFieldName('arguments');
  const all = (list === null || isTagged(list) ? [] : list.namedChildren)
    .filter((child): child is Node => child !== null && child.type !== 'comment')
    .map((child) => (child.type === 'argument' ? (child.namedChildren.at(-1) ?? child) : child));
  const named = new Map<string, string>();
  for (const arg of all) {
    if (arg.type !== 'keyword_argument') continue;
    named.set(arg.childForFieldName('name')?.text ?? '', arg.childForFieldName('value')?.text ?? '');
  }
  return { args: all.filter(({ type }) => type !== 'keyword_argument'), named };
}

function calleeOf(node: Node): string {
  const field = (name: string): string => node.childForFieldName(name)?.text ?? '';
  const called = field('function') || field('constructor') || field('type');
  if (called) return tidy(called);
  const receiver = field('object') || field('receiver');
  return tidy((receiver ? `${receiver}.` : '') + (field('name') || field('method')));
}

const tidy = (callee: string): string =>
  callee
    .slice(0, 300)
    .replace(/\s+|\?(?=\.)/g, '')
    .replace(/^\(0,(.*)\)$/, '$1');

const STRINGS =
  /^(?:string|template_string|encapsed_string|string_literal|interpreted_string_literal|raw_string_literal|concatenated_string|heredoc_body)$/;
const VARYING = [
  'template_substitution',
  'interpolation',
  'variable_name',
  'identifier',
  'call',
  'call_expression',
  'member_expression',
  'subscript_expression',
  'attribute',
  'method_invocation',
  'field_access',
  'member_access_expression',
];

export const isText = (node: Node): boolean => STRINGS.test(node.type);
/** Nothing in it comes from elsewhere. */
export const isConstant = (node: Node): boolean =>
  !VARYING.includes(node.type) && nodesOf(node, VARYING).length === 0;

/** What joins texts: a sum, `%` of Python and Ruby, the dot of PHP. */
const JOINS = /^[+%.]$/;
const operatorOf = (node: Node): string =>
  node.childForFieldName('operator')?.text ?? node.child(1)?.text ?? '';

/**
 * A template whose tag passes its values as parameters. Behind a tag with a type argument the grammar sees a comparison:
 * `sql<[Row]>` and then the template.
 */
export const isTagged = (node: Node): boolean =>
  node.type === 'template_string' &&
  (node.parent?.type === 'call_expression' ||
    (node.parent?.type === 'binary_expression' && operatorOf(node.parent) === '>'));

/** A text put together out of parts that vary: a template, a sum, `%`, `.format()`, an f-string. */
export function isBuilt(node: Node): boolean {
  if (isText(node))
    return nodesOf(node, ['template_substitution', 'interpolation', 'variable_name']).length > 0;
  if (/^binary_(?:expression|operator)$|^binary$/.test(node.type))
    return JOINS.test(operatorOf(node)) && textsIn(node).length > 0 && !isConstant(node);
  if (node.type === 'parenthesized_expression')
    return node.namedChildren.some((child) => child !== null && isBuilt(child));
  if (/call/.test(node.type))
    return (
      /\.format$|^String\.format$|^sprintf$|^fmt\.Sprintf$|\.concat$/.test(calleeOf(node)) &&
      textsIn(node).length > 0
    );
  return false;
}

/** The texts within, as they read without quotes; what varies in them stands as `?`. */
export function textsIn(node: Node): string[] {
  if (isText(node)) return [literal(node)];
  return nodesOf(node, [
    'string',
    'template_string',
    'encapsed_string',
    'string_literal',
    'interpreted_string_literal',
    'raw_string_literal',
  ])
    .filter((inner) => !inner.parent || !isText(inner.parent))
    .map(literal);
}

export function literal(node: Node): string {
  let text = node.text;
  for (const inner of nodesOf(node, ['template_substitution', 'interpolation', 'variable_name']))
    text = text.replace(inner.text, '?');
  return text.replace(/^[a-zA-Z]{0,3}("""|'''|["'`])([\s\S]*)\1$/, '$2').replace(/\\(["'`\\])/g, '$1');
}

/** The words of `['rm', '-rf', '/']`, or of `'rm', ['-rf', '/']`; null where one of them varies. */
export function commandWords(args: readonly Node[]): string[] | null {
  const words: string[] = [];
  for (const arg of args) {
    if (isText(arg) && isConstant(arg)) words.push(literal(arg));
    else if (/^(?:array|list|tuple|array_creation_expression)$/.test(arg.type)) {
      for (const child of arg.namedChildren) {
        if (child === null) continue;
        words.push(isText(child) && isConstant(child) ? literal(child) : '$X');
      }
    } else break;
  }
  return words.length > 1 ? words : null;
}
