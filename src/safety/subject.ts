import { MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_MESSAGE } from '../kernel/bounds.ts';
import type { Json } from '../kernel/json.ts';
import type { Subject, Text } from './analyzer.ts';

/** A subject without its texts: what callers give. */
export type Asked = Omit<Subject, 'texts'>;

/** The texts of the instructions that are compared with the answer, at most. */
const MAX_INSTRUCTIONS = 20_000;

/** The bounds of behaviour 10.3 on an input, with room for the action beside it. */
const MAX_DEPTH = MAX_JSON_DEPTH + 1;
const MAX_BYTES = MAX_JSON_BYTES + 4 * MAX_MESSAGE;

/** Why a value is not analysed, or null. Its bounds hold whoever calls. */
export function boundFault(value: Json): string | null {
  if (isDeeper(value, MAX_DEPTH)) return `it nests more than ${MAX_DEPTH} levels`;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > MAX_BYTES ? `it has ${bytes} bytes as JSON, and ${MAX_BYTES} at most are analysed` : null;
}

export function toSubject(asked: Asked): Subject {
  const texts: Text[] = [];
  collect(asked.value, '$', '', texts);
  return { ...asked, instructions: asked.instructions?.slice(0, MAX_INSTRUCTIONS) ?? null, texts };
}

function collect(value: Json, path: string, name: string, into: Text[]): void {
  if (typeof value === 'string') into.push({ text: value, path, name, isKey: false });
  // A card number may come as a number.
  else if (typeof value === 'number' && Math.abs(value) >= 1e8)
    into.push({ text: String(value), path, name, isKey: false });
  else if (Array.isArray(value)) value.forEach((child, at) => collect(child, `${path}[${at}]`, name, into));
  else if (value !== null && typeof value === 'object') {
    for (const [key, child] of Object.entries(value)) {
      const inner = path + step(key);
      into.push({ text: key, path: inner, name: key, isKey: true });
      collect(child, inner, key, into);
    }
  }
}

/** A member's step of a JSON path. */
export const step = (key: string): string =>
  /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `['${key.replace(/[\\']/g, '\\$&')}']`;

function isDeeper(value: Json, limit: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (limit === 0) return true;
  return Object.values(value).some((child) => isDeeper(child, limit - 1));
}
