import { shortened } from './values.ts';

// The one filler of `{{name}}` and `{{name.name}}`, in messages, options and notifications (behaviour 8.5). One pass: what a
// value says is never filled in again, and nothing of it is run.

const PLACEHOLDER = /\{\{\s{0,20}([\p{L}_][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+)*)\s{0,20}\}\}(%?)/gu;
/** UTF-16 units of one value, and of all of a text once it is filled in. */
export const MAX_VALUE = 2_000;
const MAX_FILLED = 20_000;

export interface Placeholder {
  /** As it is written, with the per cent sign behind it. */
  written: string;
  path: string;
  perCent: boolean;
}

export const placeholdersIn = (template: string): Placeholder[] =>
  [...template.matchAll(PLACEHOLDER)].map(([written, path, perCent]) => ({
    written,
    path: path!,
    perCent: perCent === '%',
  }));

/** Total. `textOf` is asked once for each name; where it knows none, the placeholder stays readable, as `[name]`. */
export function fillPlaceholders(
  template: string,
  textOf: (path: string, perCent: boolean) => string | undefined,
): string {
  const known = new Map<string, string>();
  let filled = '';
  let from = 0;
  for (const { 0: placeholder, 1: path, 2: perCent, index } of template.matchAll(PLACEHOLDER)) {
    if (filled.length > MAX_FILLED) break;
    const key = path! + perCent!;
    if (!known.has(key)) known.set(key, shortened(textOf(path!, perCent === '%') ?? `[${path}]`, MAX_VALUE));
    filled += template.slice(from, index) + known.get(key)! + perCent!;
    from = index + placeholder.length;
  }
  return shortened(filled + template.slice(from), MAX_FILLED);
}
