import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import type { UserError } from './errors.ts';
import { canonicalJson, sha256 } from './json.ts';
import { TookTooLong, withinTime } from './within-time.ts';

// Schemas come from agents and values from people and agents, and neither may take the server down or reach what another one
// brought. So each schema is compiled by an instance of its own, which goes with it (an instance keeps all that it ever
// compiled, every $id among it); references are called, not copied in, for a few kilobytes can otherwise ask for
// gigabytes; patterns run on an engine without backtracking; nothing is fetched for a $ref; and what still takes too
// long, as references that fan out twice at every level do, is broken off.

/** Compiled schemas kept, and the most that their texts may take together, in characters. */
const KEPT = 200;
const KEPT_CHARACTERS = 2_000_000;
/** Milliseconds that one schema, or one value, may hold everybody else up. An ordinary one takes one. */
const LONGEST = 250;
/**
 * What is left of it where slow ones have held everybody up for `MOST_HELD_UP` within `WINDOW`: a stop must not wait for a
 * queue of them. All in milliseconds.
 */
const HURRIED = 25;
const WINDOW = 10_000;
const MOST_HELD_UP = 500;
/** Faults told of one value: enough to mend it by. */
const MAX_FAULTS = 20;

let windowEnd = 0;
let heldUp = 0;

/** `withinTime`, with less of it the more was taken lately. */
function patiently<T>(work: () => T, anew?: () => void): T {
  const began = performance.now();
  if (began >= windowEnd) {
    windowEnd = began + WINDOW;
    heldUp = 0;
  }
  try {
    return withinTime(heldUp < MOST_HELD_UP ? LONGEST : HURRIED, work, anew);
  } finally {
    const took = performance.now() - began;
    if (took > HURRIED) heldUp += took;
  }
}

const dialects = {
  '2020-12': {
    uri: 'https://json-schema.org/draft/2020-12/schema',
    create: (options: Options) => new Ajv2020(options),
  },
  'draft-07': {
    uri: 'http://json-schema.org/draft-07/schema',
    create: (options: Options) => new Ajv(options),
  },
};
type Dialect = keyof typeof dialects;

const common: Options = { strict: false, validateFormats: false, logger: false };
const compiling: Options = {
  ...common,
  allErrors: true,
  // Else every object has a "constructor".
  ownProperties: true,
  inlineRefs: false,
  meta: false,
  validateSchema: false,
  // Most schemas check one value: compiling weighs more than checking.
  code: { optimize: false, regExp: Object.assign(linear, { code: 'linear' }) as never },
};

/** The text tells one pattern of a schema from another: Ajv keeps them by it. */
function linear(pattern: string) {
  const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
  return { test: (text: string) => compiled.matcher(text).find(), toString: () => `/${pattern}/` };
}

/** Made at the first schema of the dialect: it knows what a schema may say. */
const grammars = new Map<Dialect, Ajv>();

function grammarOf(dialect: Dialect): Ajv {
  const known = grammars.get(dialect);
  if (known) return known;
  const grammar = dialects[dialect].create(common);
  grammars.set(dialect, grammar);
  // Its own compilation is not the first schema's fault.
  grammar.validate(dialects[dialect].uri, {});
  return grammar;
}

function dialectOf($schema: unknown): Dialect {
  if ($schema === undefined) return '2020-12';
  if (typeof $schema === 'string') {
    if (/\/draft\/2020-12\//.test($schema)) return '2020-12';
    if (/\/draft-0[467]\//.test($schema)) return 'draft-07';
  }
  throw new Error('$schema must be JSON Schema 2020-12 (also when left out) or draft-07');
}

const compiled = new Map<string, { validate: ValidateFunction; characters: number }>();
let characters = 0;

function validatorOf(schema: object): ValidateFunction {
  const text = canonicalJson(schema);
  const key = sha256(text);
  const known = compiled.get(key);
  if (known) return known.validate;
  const validate = compile(schema);
  compiled.set(key, { validate, characters: text.length });
  characters += text.length;
  for (const [oldest, entry] of compiled) {
    if (compiled.size <= KEPT && characters <= KEPT_CHARACTERS) break;
    compiled.delete(oldest);
    characters -= entry.characters;
  }
  return validate;
}

function forget(schema: object): void {
  const key = sha256(canonicalJson(schema));
  characters -= compiled.get(key)?.characters ?? 0;
  compiled.delete(key);
}

function compile(schema: object): ValidateFunction {
  // "$async" is Ajv's own word: its validators answer with a promise, which would count as "valid".
  const { $schema, $async: _, ...rest } = schema as { $schema?: unknown; $async?: unknown };
  const dialect = dialectOf($schema);
  const grammar = grammarOf(dialect);
  return patiently(() => {
    if (!grammar.validate(dialects[dialect].uri, rest))
      throw new Error(grammar.errorsText(grammar.errors, { dataVar: 'schema' }));
    return dialects[dialect].create(compiling).compile(rest);
  });
}

/** Why a schema cannot be used, or null. */
export function schemaFault(schema: unknown): string | null {
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema))
    return 'must be a JSON Schema object';
  try {
    validatorOf(schema);
    return null;
  } catch (error) {
    return `is not a usable JSON Schema: ${(error as Error).message}`;
  }
}

/** The faults of a value, the first 20 at most, each with its path beneath `root`. `schemaName` is what the caller calls the schema. */
export function valueFaults(
  schema: unknown,
  value: unknown,
  { root, schemaName }: { root: string[]; schemaName: string },
): UserError[] {
  const name = root.at(-1)!;
  let errors: ErrorObject[];
  try {
    let validate = validatorOf(schema as object);
    errors = patiently(
      () => (validate(value) ? [] : (validate.errors ?? [])),
      () => {
        forget(schema as object);
        validate = validatorOf(schema as object);
      },
    );
  } catch (error) {
    // Too slow, or references that go round in a circle. Broken off, it may have been in the middle of anything: what it
    // had begun to build is not used again.
    forget(schema as object);
    const message = `${name} cannot be checked against ${schemaName}: ${(error as Error).message}`;
    const late = error instanceof TookTooLong;
    return [{ code: 'INVALID_INPUT', message, path: root, ...(late && { late: true as const }) }];
  }
  return errors.slice(0, MAX_FAULTS).map(({ instancePath, message = 'is not valid', params }) => ({
    code: 'INVALID_INPUT' as const,
    message: `${name}${instancePath} ${message}`,
    path: [
      ...root,
      ...pointer(instancePath),
      ...('missingProperty' in params ? [String(params.missingProperty)] : []),
    ],
  }));
}

/** The steps of a JSON pointer, unescaped. */
const pointer = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
