import type { Json } from '../kernel/json.ts';
import type { Configuration } from './configuration-schema.ts';
import { forTheLog } from './secrets.ts';

/** One setting that a change touched; null: not set. */
export type SettingChange = { path: string; before: Json; after: Json };

/** What is set otherwise than before, path by path, in the order of the paths; secrets as masks. */
export function changedSettings(before: Configuration | null, after: Configuration | null): SettingChange[] {
  const [old, next] = [leaves(before), leaves(after)];
  const shown = (path: string, value: Json) => forTheLog(path.split('.'), value) as Json;
  return [...new Set([...old.keys(), ...next.keys()])]
    .sort()
    .map((path) => ({ path, before: old.get(path) ?? null, after: next.get(path) ?? null }))
    .filter((change) => change.before !== change.after)
    .map(({ path, ...change }) => ({
      path,
      before: shown(path, change.before),
      after: shown(path, change.after),
    }));
}

function leaves(value: unknown, path: string[] = [], found = new Map<string, Json>()): Map<string, Json> {
  if (value !== null && typeof value === 'object')
    for (const [key, child] of Object.entries(value)) leaves(child, [...path, key], found);
  else if (path.length > 0 && value !== undefined) found.set(path.join('.'), value as Json);
  return found;
}
