// What a validator finds, in words for whoever fills a form in, and at the field that it is of: the validator speaks of
// instances and subschemas, and tells of a missing property at the object around it. Pure.
import type { OutputUnit } from '@cfworker/json-schema';
import { texts } from '../texts.ts';

export interface SchemaFault {
  /** "/amount", as JSON Pointer has it. */
  at: string;
  message: string;
}

type Tree = Readonly<Record<string, unknown>>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

export const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** A validator's address, "#/a%20b", as a pointer. */
export function pointer(location: string): string {
  try {
    return decodeURIComponent(location.replace(/^#/, ''));
  } catch {
    return location.replace(/^#/, '');
  }
}

/** What stands there; on the way through a `$ref` within the same schema, what that leads to. */
export function valueAt(root: unknown, path: string): unknown {
  let found = root;
  for (const part of path.split('/').slice(1).map(unescaped)) {
    if (!isTree(found) || !Object.hasOwn(found, part)) return undefined;
    found = found[part];
    if (part === '$ref' && typeof found === 'string')
      // A $ref leads on to a schema, in which there may be no other $ref but by a part of its own.
      found = found.startsWith('#') ? valueAt(root, pointer(found)) : undefined;
  }
  return found;
}

/** Beside each fault stand those of the schemas around it, which say no more than that there is one. */
const AROUND = new Set([
  'properties',
  'items',
  'prefixItems',
  'allOf',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'dependentSchemas',
  'propertyNames',
  'if',
  '$ref',
]);

export function inPlainWords(errors: readonly OutputUnit[], schema: unknown, answer: unknown): SchemaFault[] {
  const faults = errors
    .filter(({ keyword }) => !AROUND.has(keyword))
    .flatMap(({ keyword, keywordLocation, instanceLocation }) => {
      const at = pointer(instanceLocation);
      const wanted = valueAt(schema, pointer(keywordLocation));
      if (keyword === 'required' && Array.isArray(wanted)) {
        const value = valueAt(answer, at);
        return wanted
          .map(String)
          .filter((name) => !isTree(value) || value[name] === undefined)
          .map((name) => ({ at: `${at}/${escaped(name)}`, message: texts.form.faults.required }));
      }
      return [{ at, message: wordsFor(keyword, wanted) }];
    });
  // Of two missing properties the validator tells twice.
  return [...new Map(faults.map((fault) => [`${fault.at} ${fault.message}`, fault])).values()];
}

const said = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function wordsFor(keyword: string, wanted: unknown): string {
  const words = texts.form.faults;
  const number = typeof wanted === 'number' ? wanted : null;
  switch (keyword) {
    case 'type': {
      const types: Readonly<Record<string, string>> = words.types;
      return words.type([wanted].flat().map((name) => types[String(name)] ?? String(name)));
    }
    case 'enum':
      return Array.isArray(wanted) ? words.oneOf(wanted.map(said)) : words.other;
    case 'const':
      return wanted === undefined ? words.other : words.exactly(said(wanted));
    case 'false':
      return words.unasked;
    case 'anyOf':
    case 'oneOf':
      return words.noneFits;
    case 'uniqueItems':
      return words.twice;
    case 'required':
      return words.required;
  }
  const limits: Readonly<Record<string, ((limit: number) => string) | undefined>> = words.limits;
  const limit = Object.hasOwn(limits, keyword) ? limits[keyword] : undefined;
  return number === null || limit === undefined ? words.other : limit(number);
}
