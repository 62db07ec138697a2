import { type ASTNode, Environment, EvaluationError, type ParseResult } from '@marcbachmann/cel-js';
import { celFault, celLimits, comprehensions, forgetPatterns, patternOf } from '../kernel/cel.ts';
import type { Json } from '../kernel/json.ts';
import { withinTime } from '../kernel/within-time.ts';

// A condition is CEL over one variable, `input`, the call's input as JSON, and it answers true or false, within the bounds of
// kernel/cel.ts; an evaluation that takes too long is broken off. Whatever cannot be evaluated (a field that is not there, a
// comparison of what does not compare) is not true, also turned round: a person is asked.

/** Characters. */
export const MOST_CHARACTERS = 2_000;
/** Milliseconds that one evaluation may hold everybody else up. An ordinary one takes a hundredth of one. */
const LONGEST = 50;
/** Compiled conditions kept: one costs about a tenth of a millisecond to make anew. */
const KEPT = 1_000;
const FUNCTIONS = new Set([
  ...comprehensions,
  'has',
  'size',
  'contains',
  'startsWith',
  'endsWith',
  'lowerAscii',
  'upperAscii',
  'trim',
  'matches',
  'int',
  'double',
  'string',
]);

/** What `matches` becomes once parsed: CEL's own runs on an engine that backtracks. Nobody can call it by this name. */
const LINEAR = 'matchesWithoutBacktracking';

const environment = new Environment({ limits: celLimits })
  .registerVariable('input', 'dyn')
  .registerFunction(`string.${LINEAR}(string): bool`, (text: string, pattern: string) =>
    patternOf(pattern).test(text),
  );

export type Condition = (input: Json) => boolean;

const compiled = new Map<string, Condition>();

/** Why this is no condition, in words for whoever wrote it; null: it is one. */
export function conditionFault(text: string): string | null {
  if ([...text].length > MOST_CHARACTERS) return `must have at most ${MOST_CHARACTERS} characters`;
  try {
    compile(text);
    return null;
  } catch (error) {
    return firstLine(error);
  }
}

/** Whether the condition is true of this input; null: there is none. False for whatever cannot be evaluated. */
export function holds(text: string | null, input: Json): boolean {
  if (text === null) return true;
  try {
    let condition = conditionOf(text);
    return withinTime(
      LONGEST,
      () => condition(input),
      () => {
        forget(text);
        condition = conditionOf(text);
      },
    );
  } catch (error) {
    if (!(error instanceof EvaluationError)) forget(text);
    return false;
  }
}

/** Broken off, it may have been in the middle of anything: what it had begun to build is not used again. */
function forget(text: string): void {
  compiled.delete(text);
  forgetPatterns();
}

function conditionOf(text: string): Condition {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const condition = compile(text);
  if (compiled.size >= KEPT) compiled.delete(compiled.keys().next().value!);
  compiled.set(text, condition);
  return condition;
}

function compile(text: string): Condition {
  const parsed: ParseResult = environment.parse(text);
  allow(parsed.ast, false);
  const checked = parsed.check();
  if (!checked.valid) throw checked.error ?? new Error('it is not well typed');
  if (checked.type !== 'bool' && checked.type !== 'dyn')
    throw new Error(`it must be true or false, and is ${checked.type}`);
  return (input) => parsed({ input }) === true;
}

/** Throws for what a condition may not call; `within`: inside what goes through a list. Takes `matches` to its engine. */
function allow(node: unknown, within: boolean): void {
  if (Array.isArray(node)) {
    for (const each of node) allow(each, within);
    return;
  }
  if (node === null || typeof node !== 'object' || !('op' in node)) return;
  const { op, args } = node as ASTNode;
  if (op !== 'call' && op !== 'rcall') return allow(args, within);
  const [name] = args;
  if (!FUNCTIONS.has(name)) throw new Error(`it may not call ${name}: only ${[...FUNCTIONS].join(', ')}`);
  const goesThrough = comprehensions.has(name);
  if (goesThrough && within)
    throw new Error(`${name} may not stand within another ${[...comprehensions].join(', ')}`);
  if (name === 'matches') {
    const pattern = op === 'rcall' && args[2].length === 1 ? args[2][0]! : null;
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string')
      throw new Error('matches takes one pattern, written out as text');
    patternOf(pattern.args);
    args[0] = LINEAR;
  }
  allow(args.slice(1), within || goesThrough);
}

const firstLine = (error: unknown): string => `is not a condition: ${celFault(error)}`;
