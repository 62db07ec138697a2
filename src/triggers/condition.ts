import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import { celFault, celLimits, comprehensions, patternOf } from '../kernel/cel.ts';
import { type Condition, conditionOf } from './evaluate.ts';

// What a trigger asks about (behaviour 8.4): an expression of CEL, read once, when its configuration is set. Published
// configurations write what CEL does not know: `80%`, and the bare name of an event. What was written is parsed by the
// library and written anew as the CEL that it stands for, over the functions of evaluate.ts:
//
//   confidence < 80%   →  compared('<', reported(event, ['confidence']), 80.0, 'confidence', '80%')
//   task_completion    →  named(event, ['task_completion'])
//
// so that each comparison of a missing value is false, also within `!(…)`, and a number is a number, whole or not.

export type ReadCondition = { ok: true; condition: Condition } | { ok: false; fault: string };

const grammar = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  limits: celLimits,
});

const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);
const ARITHMETIC = new Set(['+', '-', '*', '/', '%']);
const TEXT_TESTS = new Set(['contains', 'startsWith', 'endsWith', 'matches']);
const CONVERSIONS = new Set(['lowerAscii', 'upperAscii', 'trim', 'int', 'double', 'string']);
const ALL = ['has', 'size', ...TEXT_TESTS, ...comprehensions, ...CONVERSIONS].join(', ');

/** `fault` ends the sentence "condition …". Safe on any text. */
export function readCondition(text: string): ReadCondition {
  const plain = withoutPercent(text);
  try {
    const rewriting = new Rewriting(text);
    const source = rewriting.truth(grammar.parse(plain).ast, []);
    return { ok: true, condition: conditionOf(source, rewriting.goesThrough) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, fault: error.message };
    return { ok: false, fault: hint(plain) ?? `cannot be read${placeOf(error)}: ${celFault(error)}` };
  }
}

/** The library's bounds have none. */
function placeOf(error: unknown): string {
  const range = error instanceof ParseError ? error.range : undefined;
  return range === undefined ? '' : ` at character ${range.start + 1}`;
}

class Refused extends Error {
  override name = 'Refused';
}

/**
 * 80% means 80: what is compared with it is counted in per cent as well. A space takes the sign's place, so that faults
 * name places of what was written. Between two values it is CEL's remainder: `count % 2`, `10 % count`.
 */
const withoutPercent = (text: string): string =>
  text.replace(
    /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(\d\s*)%(?!\s*(?!in\b)[\w.('"[])/gs,
    (whole, quoted: string | undefined, number: string) => (quoted === undefined ? `${number} ` : whole),
  );

/** What is written for CEL's signs in other languages; null: none of it. */
function hint(text: string): string | null {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/gs, (quoted) => '·'.repeat(quoted.length));
  const wrong = /(?<![=!<>])=(?!=)|(?<!&)&(?!&)|(?<!\|)\|(?!\|)|\b(?:and|or|not)\b/i.exec(bare);
  if (wrong === null) return null;
  const [sign] = wrong;
  const right: Record<string, string> = {
    '=': 'it compares with ==',
    '&': 'it joins with &&',
    '|': 'it joins with ||',
    and: 'write &&',
    or: 'write ||',
    not: 'write !',
  };
  return `has ${sign} at character ${wrong.index + 1}; ${right[sign.toLowerCase()]!}`;
}

/** `variables`: those of the list that is being gone through. */
type Variables = readonly string[];

class Rewriting {
  /** It goes through lists, or matches patterns: what it costs is the data's to say. */
  goesThrough = false;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where true or false must stand: a name alone is that of an event. */
  truth(node: ASTNode, variables: Variables): string {
    const { op, args } = node;
    if (op === '&&' || op === '||')
      return `(${this.truth(args[0], variables)} ${op} ${this.truth(args[1], variables)})`;
    if (op === '!_') return `!(${this.truth(args, variables)})`;
    if (op === '?:')
      return `(${this.truth(args[0], variables)} ? ${this.truth(args[1], variables)} : ${this.truth(args[2], variables)})`;
    if (op === 'value' && typeof args === 'boolean') return String(args);
    const path = pathOf(node, variables);
    if (path !== null) return `named(event, ${list(path)})`;
    const truth = isTruth(node);
    if (!truth && op !== 'id' && op !== '.' && op !== '[]')
      throw new Refused(`has ${this.#shown(node)} where a comparison or the name of an event must stand`);
    const value = this.value(node, variables);
    return truth ? value : `truthOf(${value}, ${this.#quoted(node)})`;
  }

  /** Where any value may stand; what is missing is null. */
  value(node: ASTNode, variables: Variables): string {
    const { op, args } = node;
    if (op === 'value') return this.#literal(node, args);
    const path = pathOf(node, variables);
    if (path !== null) return `reported(event, ${list(path)})`;
    const of = (each: ASTNode): string => this.value(each, variables);
    switch (op) {
      case 'id':
        return variable(args);
      case '.':
        return `field(${of(args[0])}, ${text(args[1])})`;
      case '[]':
        return `field(${of(args[0])}, ${of(args[1])})`;
      case 'list':
        return `[${args.map(of).join(', ')}]`;
      case '?:':
        return `(${this.truth(args[0], variables)} ? dyn(${of(args[1])}) : dyn(${of(args[2])}))`;
      case '-_':
        return `calculated("-", 0.0, ${of(args)}, "0", ${this.#quoted(args)})`;
      case 'in':
        return `contained(${of(args[0])}, ${of(args[1])}, ${this.#quoted(args[1])})`;
      case '&&':
      case '||':
      case '!_':
        return this.truth(node, variables);
      case 'call':
        return this.#call(args[0], args[1], variables);
      case 'rcall':
        return this.#methodCall(args[0], args[1], args[2], variables);
      default:
        return this.#operation(node, of);
    }
  }

  #operation(node: ASTNode, of: (each: ASTNode) => string): string {
    const { op, args } = node;
    if (COMPARISONS.has(op) || ARITHMETIC.has(op)) {
      const [left, right] = args as [ASTNode, ASTNode];
      if (op !== '==' && op !== '!=')
        for (const side of [left, right])
          if (isTruth(side))
            throw new Refused(
              `has ${this.#shown(side)} beside ${op}, which is true or false and has no order`,
            );
      const operation = COMPARISONS.has(op) ? 'compared' : 'calculated';
      return `${operation}(${text(op)}, ${of(left)}, ${of(right)}, ${this.#quoted(left)}, ${this.#quoted(right)})`;
    }
    throw new Refused(`has ${this.#shown(node)}, which no condition contains`);
  }

  #literal(node: ASTNode, value: unknown): string {
    if (value === null)
      throw new Refused(
        `has null at character ${node.start + 1}; !has(name) is true where a value is missing or null`,
      );
    if (typeof value === 'string') return text(value);
    if (typeof value === 'boolean') return String(value);
    if (typeof value !== 'bigint' && typeof value !== 'number')
      throw new Refused(`has ${this.#shown(node)}, which no condition contains`);
    const number = String(Number(value));
    return /[.e]/.test(number) ? number : `${number}.0`;
  }

  #call(name: string, given: ASTNode[], variables: Variables): string {
    const [argument] = given;
    if (argument !== undefined && given.length === 1) {
      if (name === 'has') return this.#presence(argument, variables);
      if (name === 'size' || CONVERSIONS.has(name)) return this.#converted(name, argument, variables);
    }
    throw this.#unknown(`${name}(…)`);
  }

  #methodCall(name: string, receiver: ASTNode, given: ASTNode[], variables: Variables): string {
    if (given.length === 0 && (name === 'size' || CONVERSIONS.has(name)))
      return this.#converted(name, receiver, variables);
    if (given.length === 1 && TEXT_TESTS.has(name)) {
      if (name === 'matches') this.#pattern(given[0]!);
      const [a, b] = [receiver, given[0]!];
      return `tested(${text(name)}, ${this.value(a, variables)}, ${this.value(b, variables)}, ${this.#quoted(a)}, ${this.#quoted(b)})`;
    }
    const [name1, predicate] = given;
    if (comprehensions.has(name) && given.length === 2 && name1!.op === 'id') {
      if (variables.length > 0)
        throw new Refused(`has ${name} within another one of ${[...comprehensions].join(', ')}`);
      this.goesThrough = true;
      const entries = this.value(receiver, variables);
      // Of what is missing nothing is said, not even that all of it is so.
      return `(isThere(${entries}) && entries(${entries}, ${this.#quoted(receiver)}).${name}(${variable(name1!.args)}, ${this.truth(predicate!, [name1!.args])}))`;
    }
    throw this.#unknown(`${this.#shown(receiver)}.${name}(…)`);
  }

  #presence(argument: ASTNode, variables: Variables): string {
    if (argument.op !== 'id' && argument.op !== '.' && argument.op !== '[]')
      throw new Refused(`has has(${this.#shown(argument)}), which names nothing`);
    return `isThere(${this.value(argument, variables)})`;
  }

  #converted(name: string, argument: ASTNode, variables: Variables): string {
    return `converted(${text(name)}, ${this.value(argument, variables)}, ${this.#quoted(argument)})`;
  }

  #pattern(argument: ASTNode): void {
    if (argument.op !== 'value' || typeof argument.args !== 'string')
      throw new Refused('has matches without a pattern that is written out as text');
    this.goesThrough = true;
    try {
      patternOf(argument.args);
    } catch (error) {
      throw new Refused(`has a pattern that cannot be read: ${celFault(error)}`);
    }
  }

  #unknown(called: string): Refused {
    return new Refused(`uses ${called}, which is not one of ${ALL}`);
  }

  #shown({ start, end }: ASTNode): string {
    const written = this.#text.slice(start, end).trim();
    return written.length > 80 ? `${written.slice(0, 79)}…` : written;
  }

  #quoted(node: ASTNode): string {
    return text(this.#shown(node));
  }
}

/** It answers true or false, or fails. Functions that are not known count: they are refused where they are called. */
function isTruth({ op, args }: ASTNode): boolean {
  if (op === 'call' || op === 'rcall') return args[0] !== 'size' && !CONVERSIONS.has(args[0]);
  return op === '&&' || op === '||' || op === '!_' || op === 'in' || COMPARISONS.has(op);
}

/** `a.b.c` from the report itself, not from a variable of the condition's own. */
function pathOf(node: ASTNode, variables: Variables): string[] | null {
  if (node.op === 'id') return variables.includes(node.args) ? null : [node.args];
  if (node.op !== '.') return null;
  const before = pathOf(node.args[0], variables);
  return before === null ? null : [...before, node.args[1]];
}

/** Apart from every name that there is. */
const variable = (name: string): string => `each_${name}`;

/** CEL's escapes are JSON's, but for what JSON leaves as it is. */
const text = (value: string): string =>
  JSON.stringify(value).replace(/[\u007F-\uFFFF]/g, (unit) => unicode(unit));
const unicode = (unit: string): string =>
  /[\uD800-\uDFFF]/.test(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
const list = (path: readonly string[]): string => `[${path.map(text).join(', ')}]`;

/** Conditions read before: a configuration's are evaluated with each report. The oldest is forgotten first. */
const read = new Map<string, ReadCondition>();
const REMEMBERED = 5_000;

/** The same as readCondition, read once. */
export function knownCondition(text: string): ReadCondition {
  const known = read.get(text);
  if (known !== undefined) return known;
  const fresh = readCondition(text);
  read.set(text, fresh);
  if (read.size > REMEMBERED) read.delete(read.keys().next().value!);
  return fresh;
}
