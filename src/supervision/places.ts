/** A way into a configuration; `*` stands for any one key or place in a list. */
export type Pattern = readonly string[];

export const patterns = (...paths: string[]): Pattern[] => paths.map((path) => path.split('.'));

/** Every place of `value` that the pattern leads to. */
export function placesOf(value: unknown, pattern: Pattern): { path: string[]; value: unknown }[] {
  const walk = (here: unknown, at: number, path: string[]): { path: string[]; value: unknown }[] => {
    const key = pattern[at];
    if (key === undefined) return [{ path, value: here }];
    if (here === null || typeof here !== 'object') return [];
    const keys = key === '*' ? Object.keys(here) : Object.hasOwn(here, key) ? [key] : [];
    return keys.flatMap((each) => walk((here as Record<string, unknown>)[each], at + 1, [...path, each]));
  };
  return walk(value, 0, []);
}

export const leadsTo = (pattern: Pattern, path: readonly string[]): boolean =>
  pattern.length === path.length && pattern.every((key, at) => key === '*' || key === path[at]);
