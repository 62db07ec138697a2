import type { UserError } from './errors.ts';

/** The bounds of behaviour 10.3. */
export const MAX_MESSAGE = 20_000;
export const MAX_NAME = 200;
export const MAX_JSON_BYTES = 256 * 1024;
export const MAX_JSON_DEPTH = 64;
export const MAX_OPTIONS = 50;
export const MAX_SECONDS = 31_536_000;

/** Collects faults of one input, so that a caller hears of all of them at once. */
export class Faults {
  readonly errors: UserError[] = [];

  add(path: string[], message: string): void {
    this.errors.push({ code: 'INVALID_INPUT', message, path });
  }

  /** A text of at most `max` characters; `min` 1 also refuses one of nothing but white space. */
  text(path: string[], value: string | null | undefined, max: number, min = 0): void {
    if (value === null || value === undefined) return;
    const name = path.at(-1)!;
    if (min > 0 && value.trim() === '') this.add(path, `${name} must not be empty`);
    // Characters, not UTF-16 units: what a person counts.
    else if (value.length > max && [...value].length > max)
      this.add(path, `${name} must have at most ${max} characters`);
  }

  seconds(path: string[], value: number | null | undefined): void {
    if (value === null || value === undefined) return;
    if (!Number.isInteger(value) || value < 1 || value > MAX_SECONDS) {
      this.add(path, `${path.at(-1)!} must be 1 to ${MAX_SECONDS} seconds`);
    }
  }

  json(path: string[], value: unknown): void {
    if (value === null || value === undefined) return;
    const name = path.at(-1)!;
    if (depthOf(value, MAX_JSON_DEPTH) > MAX_JSON_DEPTH)
      this.add(path, `${name} must nest at most ${MAX_JSON_DEPTH} levels`);
    else if (jsonBytes(value) > MAX_JSON_BYTES) {
      this.add(path, `${name} must have at most ${MAX_JSON_BYTES} bytes as JSON`);
    }
  }

  jsonObject(path: string[], value: unknown): void {
    if (value === null || value === undefined) return;
    if (typeof value !== 'object' || Array.isArray(value))
      this.add(path, `${path.at(-1)!} must be a JSON object`);
    else this.json(path, value);
  }
}

/** As the database keeps it: there a number has no exponent, and the six characters of 1e+308 become 309. */
export function jsonBytes(value: unknown): number {
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) + (/\de[+-]\d/.test(text) ? exponentsOf(value) : 0);
}

/** The exponents of all the numbers below `value`, added up. */
function exponentsOf(value: unknown): number {
  if (typeof value === 'number') return Number(/e[+-](\d+)$/.exec(String(value))?.[1] ?? 0);
  if (value === null || typeof value !== 'object') return 0;
  return Object.values(value).reduce<number>((sum, child) => sum + exponentsOf(child), 0);
}

/** Levels of nesting; stops counting past `limit`, so that a hostile depth costs nothing. */
function depthOf(value: unknown, limit: number): number {
  if (value === null || typeof value !== 'object') return 0;
  if (limit < 0) return 1;
  let deepest = 0;
  for (const child of Object.values(value)) deepest = Math.max(deepest, depthOf(child, limit - 1));
  return deepest + 1;
}
