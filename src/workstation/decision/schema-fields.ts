// A form drawn from a JSON Schema, as far as a form says it better than JSON does: an object of plain values, lists of
// choices, and objects within. Everything else is written as JSON. Pure; the server checks the answer all the same.
import { Validator } from '@cfworker/json-schema';
import { now } from '../live/clock.ts';
import { escaped, inPlainWords, pointer, type SchemaFault, valueAt } from './schema-faults.ts';

export type { SchemaFault } from './schema-faults.ts';

export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
}

/** What a text is entered in: `textarea`, or an `input` of that type. */
export type TextInput = 'textarea' | 'text' | 'date' | 'datetime-local' | 'time' | 'email' | 'url';

export type Field =
  | { kind: 'text'; input: TextInput }
  | { kind: 'lines' }
  | { kind: 'number'; whole: boolean }
  | { kind: 'yes-no' }
  | { kind: 'one-of'; choices: unknown[] }
  | { kind: 'some-of'; choices: unknown[] }
  | { kind: 'group'; fields: [name: string, schema: Schema, required: boolean][] }
  | { kind: 'json' };

const DEEPEST = 3;
const LONG = 120;

export function fieldOf(schema: Schema, depth = 0): Field {
  const { type, properties, items } = schema;
  if (Array.isArray(schema.enum) && schema.enum.every((choice) => typeof choice !== 'object'))
    return { kind: 'one-of', choices: schema.enum };
  if (type === 'string') return { kind: 'text', input: inputOf(schema) };
  if (type === 'number' || type === 'integer') return { kind: 'number', whole: type === 'integer' };
  if (type === 'boolean') return { kind: 'yes-no' };
  if (type === 'array' && typeof items === 'object' && Array.isArray(items.enum))
    return { kind: 'some-of', choices: items.enum };
  if (type === 'array' && typeof items === 'object' && items.type === 'string') return { kind: 'lines' };
  if ((type === 'object' || type === undefined) && properties !== undefined && depth < DEEPEST) {
    const required = new Set(schema.required);
    const fields = Object.entries(properties).map(
      ([name, inner]) => [name, inner, required.has(name)] as [string, Schema, boolean],
    );
    return { kind: 'group', fields };
  }
  return { kind: 'json' };
}

const INPUTS: Readonly<Record<string, TextInput>> = {
  date: 'date',
  'date-time': 'datetime-local',
  time: 'time',
  email: 'email',
  'idn-email': 'email',
  uri: 'url',
  iri: 'url',
};

/** What has a form of its own, or an end, is short. */
function inputOf({ format, pattern, maxLength, default: proposed }: Schema): TextInput {
  const input = format !== undefined && Object.hasOwn(INPUTS, format) ? INPUTS[format]! : null;
  // A proposal that the browser's own field cannot show is to be seen all the same.
  if (input !== null) return proposed === undefined || shownIn(input, proposed) !== '' ? input : 'text';
  return format !== undefined || pattern !== undefined || (maxLength !== undefined && maxLength <= LONG)
    ? 'text'
    : 'textarea';
}

const two = (number: number): string => String(number).padStart(2, '0');

/** What an answer's text is in a field of that type: instants and times of day by the clock of whoever looks. */
export function shownIn(input: TextInput, value: unknown): string {
  if (typeof value !== 'string') return '';
  switch (input) {
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : '';
    case 'time':
      return /^\d{2}:\d{2}(:\d{2})?/.exec(value)?.[0] ?? '';
    case 'datetime-local': {
      const at = new Date(value);
      if (Number.isNaN(at.getTime())) return '';
      const day = `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
      return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
    }
    default:
      return value;
  }
}

/** What a field of that type holds, as JSON Schema's formats want it; undefined: nothing. */
export function enteredIn(input: TextInput, text: string): string | undefined {
  if (text === '') return undefined;
  if (input === 'datetime-local') {
    const at = new Date(text);
    return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
  }
  if (input !== 'time') return text;
  // Of a day that nobody named: the offset that holds now.
  const offset = -new Date(now()).getTimezoneOffset();
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const zone = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
  return `${text.length === 5 ? `${text}:00` : text}${zone}`;
}

export const linesIn = (text: string): string[] | undefined => {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? undefined : lines;
};

/** What a form begins with: what the schema proposes, and nothing invented. */
export function beginning(schema: Schema, depth = 0): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  const field = fieldOf(schema, depth);
  if (field.kind !== 'group') return undefined;
  const entries = field.fields.map(([name, inner]) => [name, beginning(inner, depth + 1)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** What stands in a field of JSON and is none: it is kept as it is, and is a fault until it is mended. */
export class UnreadableJson {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

function unreadableIn(value: unknown, at = ''): SchemaFault[] {
  if (value instanceof UnreadableJson) return [{ at, message: value.why }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => unreadableIn(inner, `${at}/${escaped(name)}`));
}

/** What is wrong with an answer, at most so many. It needs no code made at run time, which the page's policy forbids. */
export function faultsIn(schema: unknown, answer: unknown, most = 20): SchemaFault[] {
  const unreadable = unreadableIn(answer);
  if (unreadable.length > 0) return unreadable.slice(0, most);
  // A few levels that each refer to the next one twice are work without end, which the server bounds and this page cannot.
  if (!isBounded(schema)) return [];
  const draft =
    typeof schema === 'object' &&
    schema !== null &&
    String((schema as { $schema?: string }).$schema).includes('draft-07')
      ? '7'
      : '2020-12';
  try {
    const { errors } = new Validator(withoutPatterns(schema) as object, draft, false).validate(
      answer ?? null,
    );
    return inPlainWords(errors, schema, answer).slice(0, most);
  } catch {
    // A schema that this reader does not understand: the server does, and says what is wrong.
    return [];
  }
}

/** Schemas that are walked through, those that are referred to as often as they are. */
const MOST_STEPS = 2_000;

/** Whether that many are enough, whatever refers to what: one that refers to itself is never at an end. */
function isBounded(root: unknown): boolean {
  let steps = 0;
  const within = (schema: unknown): boolean => {
    if (typeof schema !== 'object' || schema === null) return true;
    steps += 1;
    if (steps > MOST_STEPS) return false;
    return Object.entries(schema).every(([key, inner]) => {
      if (!REFERENCES.has(key)) return within(inner);
      return key === '$ref' && typeof inner === 'string' && inner.startsWith('#')
        ? within(valueAt(root, pointer(inner)))
        : false;
    });
  };
  return within(root);
}

/** Patterns are strangers', and a browser's engine may be made to try for ever: the server, whose engine may not, looks at them. */
function withoutPatterns(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutPatterns);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, inner]) =>
      PATTERNS.has(key) && (typeof inner === 'string' || key === 'patternProperties')
        ? []
        : [[key, withoutPatterns(inner)]],
    ),
  );
}

const REFERENCES = new Set(['$ref', '$dynamicRef', '$recursiveRef']);
const PATTERNS = new Set(['pattern', 'patternProperties', 'format']);
