// A form drawn from a JSON Schema, as far as a form says it better than JSON does: an object of plain values, lists of
// choices, and objects within. Everything else is written as JSON. Pure; the server checks the answer all the same.
import { Validator } from '@cfworker/json-schema';

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
  format?: string;
}

export type Field =
  | { kind: 'text'; long: boolean }
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
  if (type === 'string')
    return { kind: 'text', long: (schema.maxLength ?? LONG) > LONG || schema.format === undefined };
  if (type === 'number' || type === 'integer') return { kind: 'number', whole: type === 'integer' };
  if (type === 'boolean') return { kind: 'yes-no' };
  if (type === 'array' && typeof items === 'object' && Array.isArray(items.enum))
    return { kind: 'some-of', choices: items.enum };
  if ((type === 'object' || type === undefined) && properties !== undefined && depth < DEEPEST) {
    const required = new Set(schema.required);
    const fields = Object.entries(properties).map(
      ([name, inner]) => [name, inner, required.has(name)] as [string, Schema, boolean],
    );
    return { kind: 'group', fields };
  }
  return { kind: 'json' };
}

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

export interface SchemaFault {
  /** "/amount", as JSON Pointer has it. */
  at: string;
  message: string;
}

function unreadableIn(value: unknown, at = ''): SchemaFault[] {
  if (value instanceof UnreadableJson) return [{ at, message: value.why }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => unreadableIn(inner, `${at}/${name}`));
}

/** What is wrong with an answer, at most so many. It needs no code made at run time, which the page's policy forbids. */
export function faultsIn(schema: unknown, answer: unknown, most = 20): SchemaFault[] {
  const unreadable = unreadableIn(answer);
  if (unreadable.length > 0) return unreadable.slice(0, most);
  // A few levels that each refer to the next one twice are work without end, which the server bounds and this page cannot.
  if (refers(schema)) return [];
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
    // Beside each fault stand those of the schemas around it, which say no more than that there is one.
    return errors
      .filter(({ keyword }) => !AROUND.has(keyword))
      .slice(0, most)
      .map(({ instanceLocation, error }) => ({ at: instanceLocation.replace(/^#/, ''), message: error }));
  } catch {
    // A schema that this reader does not understand: the server does, and says what is wrong.
    return [];
  }
}

const refers = (schema: unknown): boolean =>
  typeof schema === 'object' &&
  schema !== null &&
  Object.entries(schema).some(([key, inner]) => REFERENCES.has(key) || refers(inner));

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
const AROUND = new Set(['properties', 'items', 'prefixItems', 'allOf', 'additionalProperties', '$ref']);
