import { Environment } from '@marcbachmann/cel-js';
import { celFault, forgetPatterns, patternOf } from '../kernel/cel.ts';
import type { Json } from '../kernel/json.ts';
import { withinTime } from '../kernel/within-time.ts';
import { builtInHolds } from './built-in.ts';
import { numberOf, type ReportedEvent, shortened, valueOf } from './values.ts';

// The functions that a condition is written anew in (condition.ts), for the library to evaluate. Each is total over what an
// agent may report: it answers, or throws the sentence that the person who is then asked reads (behaviour 8.4).

/** Whether a condition holds, or why that can't be said (behaviour 8.4). */
export type Finding = boolean | { readonly undecided: string };

export interface Condition {
  readonly decides: (event: ReportedEvent) => unknown;
  /** It goes through lists or matches patterns, and is broken off where that takes too long. */
  readonly goesThrough: boolean;
}

/** Entries of a list, and characters of a text, that are looked through. */
const MAX_ENTRIES = 1_000;
const MAX_TEXT = 20_000;
/** Milliseconds that one condition may hold everybody else up. An ordinary one takes a hundredth of one. */
const LONGEST = 50;

/** What was reported, kept from the library, whose own rules of fields and equality are not ours. */
class Reported {
  readonly event: ReportedEvent;
  constructor(event: ReportedEvent) {
    this.event = event;
  }
}
/** A list or a mapping: looked into by the functions below alone. */
class Composite {
  readonly value: Json;
  constructor(value: Json) {
    this.value = value;
  }
}

type Scalar = number | string | boolean | null;
type Value = Scalar | Composite;
/** A list may also be written out in the condition. */
type Given = Value | Given[];

const held = (value: Json | undefined): Value =>
  value === null || value === undefined ? null : typeof value === 'object' ? new Composite(value) : value;

class Undecided extends Error {
  override name = 'Undecided';
}

function named({ event }: Reported, path: string[]): boolean {
  const name = path.join('.');
  if (event.type === name || builtInHolds(name, event)) return true;
  return truthOf(held(valueOf(event, path)), name);
}

/** Missing is false, so that `!reviewed` holds. */
function truthOf(value: Given, name: string): boolean {
  if (value === null || typeof value === 'boolean') return value === true;
  throw new Undecided(`${name} is ${kindOf(value)}, neither true nor false`);
}

function field(of: Given, key: Given): Value {
  const at = typeof key === 'number' ? String(key) : key;
  const inside = of instanceof Composite ? of.value : null;
  if (inside === null || typeof inside !== 'object' || typeof at !== 'string') return null;
  if (Array.isArray(inside)) return /^\d+$/.test(at) ? held(inside[Number(at)]) : null;
  return Object.hasOwn(inside, at) ? held(inside[at]) : null;
}

function compared(operator: string, left: Given, right: Given, leftName: string, rightName: string): boolean {
  if (left === null || right === null) return false;
  if (operator === '==' || operator === '!=') return equal(left, right) === (operator === '==');
  const order = ordered(left, right);
  if (order === null)
    throw new Undecided(
      `${leftName} is ${kindOf(left)} and ${rightName} is ${kindOf(right)}, which have no order`,
    );
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

/** Values of different kinds are different; a text that is a number equals that number. */
function equal(a: Given, b: Given): boolean {
  if (isList(a) && isList(b)) throw new Undecided('lists and mappings are not compared');
  if (a === b) return true;
  if (typeof a === 'number' || typeof b === 'number') {
    const number = numberOf(a);
    return number !== null && number === numberOf(b);
  }
  return false;
}

const isList = (value: Given): value is Composite | Given[] => typeof value === 'object' && value !== null;

/** Below, at or above 0; null: they have no order. */
function ordered(a: Given, b: Given): number | null {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== null && y !== null) return x - y;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return null;
}

/** A name without a value adds nothing to a list to be equal to. */
function contained(value: Given, inside: Given, name: string): boolean {
  if (value === null || inside === null) return false;
  return entries(inside, name).some((each) => {
    if (isList(each) && isList(value)) return false;
    return each !== null && equal(value, each);
  });
}

/** What `all` and `exists` go through, and `in` looks in: of a list. */
function entries(inside: Given, name: string): Given[] {
  const found = inside instanceof Composite ? inside.value : inside;
  if (!Array.isArray(found)) throw new Undecided(`${name} is ${kindOf(inside)}, not a list`);
  if (found.length > MAX_ENTRIES) throw new Undecided(`${name} has more than ${MAX_ENTRIES} entries`);
  return found === inside ? inside : (found as Json[]).map(held);
}

function tested(test: string, value: Given, part: Given, name: string, partName: string): boolean {
  if (value === null || part === null) return false;
  if (typeof value !== 'string') throw new Undecided(`${name} is ${kindOf(value)}, not a text`);
  if (typeof part !== 'string') throw new Undecided(`${partName} is ${kindOf(part)}, not a text`);
  if (value.length > MAX_TEXT) throw new Undecided(`${name} has more than ${MAX_TEXT} characters`);
  if (test === 'matches') return patternOf(part).test(value);
  return test === 'contains'
    ? value.includes(part)
    : test === 'startsWith'
      ? value.startsWith(part)
      : value.endsWith(part);
}

/** Of numbers, texts that are numbers among them; `+` of two texts joins them. Nothing comes of what is missing. */
function calculated(operator: string, left: Given, right: Given, leftName: string, rightName: string): Value {
  if (left === null || right === null) return null;
  if (operator === '+' && typeof left === 'string' && typeof right === 'string')
    return shortened(left + right, MAX_TEXT);
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === null || b === null) {
    const [name, value] = a === null ? [leftName, left] : [rightName, right];
    throw new Undecided(`${name} is ${kindOf(value)}, not a number`);
  }
  if (b === 0 && (operator === '/' || operator === '%'))
    throw new Undecided(`${rightName} is 0, which divides nothing`);
  const result =
    operator === '+'
      ? a + b
      : operator === '-'
        ? a - b
        : operator === '*'
          ? a * b
          : operator === '/'
            ? a / b
            : a % b;
  if (!Number.isFinite(result)) throw new Undecided(`${leftName} ${operator} ${rightName} is no number`);
  return result;
}

function converted(to: string, value: Given, name: string): Value {
  if (value === null) return null;
  if (to === 'size') return sizeOf(value, name);
  if (to === 'int' || to === 'double') {
    const number = numberOf(value);
    if (number === null) throw new Undecided(`${name} is ${kindOf(value)}, not a number`);
    return to === 'int' ? Math.trunc(number) : number;
  }
  if (to === 'string' && !isList(value)) return String(value);
  if (typeof value !== 'string') throw new Undecided(`${name} is ${kindOf(value)}, not a text`);
  if (to === 'trim') return value.trim();
  const ascii = to === 'lowerAscii' ? /[A-Z]+/g : /[a-z]+/g;
  return value.replace(ascii, (run) => (to === 'lowerAscii' ? run.toLowerCase() : run.toUpperCase()));
}

function sizeOf(value: Given, name: string): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (value instanceof Composite && value.value !== null) return Object.keys(value.value).length;
  throw new Undecided(`${name} is ${kindOf(value)}, which has no size`);
}

function kindOf(given: Given): string {
  const value = given instanceof Composite ? given.value : given;
  if (Array.isArray(value)) return 'a list';
  if (value === null || typeof value === 'object') return 'a mapping';
  if (typeof value === 'boolean') return `${value}`;
  return typeof value === 'number'
    ? `the number ${value}`
    : `the text ${JSON.stringify(shortened(value, 50))}`;
}

const environment = new Environment({
  homogeneousAggregateLiterals: false,
  // What was written is bounded where it is read (kernel/cel.ts); written anew it is some ten times as large.
  limits: {
    maxAstNodes: 10_000,
    maxDepth: 250,
    maxListElements: 1_000,
    maxMapEntries: 0,
    maxCallArguments: 5,
  },
})
  .registerType('Reported', Reported)
  .registerType('Composite', Composite)
  .registerVariable('event', 'Reported')
  .registerFunction('reported(Reported, list<string>): dyn', ({ event }: Reported, path: string[]) =>
    held(valueOf(event, path)),
  )
  .registerFunction('named(Reported, list<string>): bool', named)
  .registerFunction('truthOf(dyn, string): bool', truthOf)
  .registerFunction('field(dyn, dyn): dyn', field)
  .registerFunction('isThere(dyn): bool', (value: Given) => value !== null)
  .registerFunction('compared(string, dyn, dyn, string, string): bool', compared)
  .registerFunction('contained(dyn, dyn, string): bool', contained)
  .registerFunction('entries(dyn, string): list<dyn>', entries)
  .registerFunction('tested(string, dyn, dyn, string, string): bool', tested)
  .registerFunction('calculated(string, dyn, dyn, string, string): dyn', calculated)
  .registerFunction('converted(string, dyn, string): dyn', converted);

/** `source`: CEL over the functions of this file. Throws where it is not well typed. */
export function conditionOf(source: string, goesThrough: boolean): Condition {
  const parsed = environment.parse(source);
  const checked = parsed.check();
  if (!checked.valid) throw checked.error ?? new Error('it is not well typed');
  return { decides: (event) => parsed({ event: new Reported(event) }), goesThrough };
}

/**
 * Pure, and total. A comparison with a value that is missing or null is false, its negation true. `&&` and `||` are
 * decided where either side decides them, whatever the other fails at.
 */
export function holds({ decides, goesThrough }: Condition, event: ReportedEvent): Finding {
  try {
    return (
      (goesThrough ? withinTime(LONGEST, () => decides(event), forgetPatterns) : decides(event)) === true
    );
  } catch (error) {
    if (!(error instanceof Undecided)) forgetPatterns();
    return { undecided: celFault(error) };
  }
}
