import { Ajv, type ValidateFunction } from 'ajv';
import { RE2JS } from 're2js';
import type { UserError } from '../kernel/errors.ts';
import { canonicalJson, sha256 } from '../kernel/json.ts';

/** Compiled schemas kept; each costs a millisecond or so to make. */
const KEPT = 500;

// Schemas come from agents and answers from people: patterns run on an engine without backtracking, so that no pattern
// can take the server down, and nothing is fetched for a $ref.
const ajv = new Ajv({
  allErrors: true,
  strict: false,
  validateFormats: false,
  addUsedSchema: false,
  code: { regExp: Object.assign((pattern: string) => linear(pattern), { code: 'linear' }) as never },
});

function linear(pattern: string) {
  const compiled = RE2JS.compile(pattern);
  return { test: (text: string) => compiled.matcher(text).find() };
}

const compiled = new Map<string, ValidateFunction>();

function validatorOf(schema: unknown): ValidateFunction {
  const key = sha256(canonicalJson(schema));
  const known = compiled.get(key);
  if (known) return known;
  // An $id would be registered for good, and clash with the next schema that carries it.
  const { $id: _, ...anonymous } = schema as { $id?: unknown };
  const validate = ajv.compile(anonymous);
  compiled.set(key, validate);
  if (compiled.size > KEPT) compiled.delete(compiled.keys().next().value!);
  return validate;
}

/** Why a `responseSchema` cannot be used, or null. */
export function schemaFault(schema: unknown): string | null {
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema)) return 'must be a JSON Schema object';
  try {
    validatorOf(schema);
    return null;
  } catch (error) {
    return `is not a usable JSON Schema: ${(error as Error).message}`;
  }
}

/** Every fault of an answer, each with its path within it (behaviour 4.7). */
export function answerFaults(schema: unknown, answer: unknown): UserError[] {
  const validate = validatorOf(schema);
  if (validate(answer)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = 'is not valid', params }) => ({
    code: 'INVALID_INPUT' as const,
    message: `answer${instancePath} ${message}`,
    path: ['answer', ...instancePath.split('/').slice(1), ...('missingProperty' in params ? [String(params.missingProperty)] : [])],
  }));
}
