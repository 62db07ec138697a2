import type { Json } from '../../kernel/json.ts';

const PLACEHOLDER = /\{\{\s*([\w-]+(?:\.[\w-]+)*)\s*\}\}/g;

/** Fills `{{name.path}}` with what stands at that path of `values`; a placeholder with no value stays readable. */
export function fillText(template: string, values: Record<string, unknown>): string {
  return template.replace(PLACEHOLDER, (placeholder, path: string) => {
    const value = at(values, path);
    if (value === undefined) return placeholder;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

/** The same in every text of a value. A text that is one placeholder and nothing else becomes the value, of any type. */
export function fillJson(template: Json, values: Record<string, unknown>): Json {
  if (typeof template === 'string') {
    const [whole] = [...template.matchAll(PLACEHOLDER)];
    if (whole?.[0] === template) return (at(values, whole[1]!) as Json | undefined) ?? template;
    return fillText(template, values);
  }
  if (Array.isArray(template)) return template.map((item) => fillJson(item, values));
  if (template === null || typeof template !== 'object') return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillJson(value, values)]));
}

/** Own properties alone: a path such as "constructor" finds nothing. */
function at(values: Record<string, unknown>, path: string): unknown {
  let value: unknown = values;
  for (const key of path.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
