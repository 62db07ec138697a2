import type { Json, JsonObject } from '../kernel/json.ts';
import { confidenceNames } from './built-in.ts';
import { fillPlaceholders, placeholdersIn } from './placeholders.ts';
import { numberOf, type ReportedEvent, valueOf } from './values.ts';

// `{{name}}` in a message or an option, filled in from what was reported (behaviour 8.5).

/** Total. A placeholder with no value stays readable, as `[name]`. */
export const fillText = (template: string, event: ReportedEvent): string =>
  fillPlaceholders(template, (path, perCent) => textOf(path, perCent, event));

/** Whether each name of a template has a value that says something: a blank text does not. */
export const canFill = (template: string, event: ReportedEvent): boolean =>
  placeholdersIn(template).every(({ path }) => {
    const value = found(path, event);
    return value !== undefined && (typeof value !== 'string' || value.trim() !== '');
  });

/** The same in every text of a value. A text that is one placeholder alone becomes the number or truth that it names. */
export function fillJson(template: Json, event: ReportedEvent): Json {
  if (typeof template === 'string') {
    const [whole] = placeholdersIn(template);
    const value = whole?.written === template && !whole.perCent ? found(whole.path, event) : undefined;
    return typeof value === 'number' || typeof value === 'boolean' ? value : fillText(template, event);
  }
  if (Array.isArray(template)) return template.map((item) => fillJson(item, event));
  return template === null || typeof template !== 'object' ? template : fillObject(template, event);
}

export const fillObject = (template: JsonObject, event: ReportedEvent): JsonObject =>
  Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillJson(value, event)]));

function textOf(path: string, perCent: boolean, event: ReportedEvent): string | undefined {
  const value = found(path, event);
  if (value === undefined) return undefined;
  const share = perCent && (confidenceNames as readonly string[]).includes(path) ? numberOf(value) : null;
  // "{{confidence}}%" of 0.65 reads 65%.
  if (share !== null && share >= 0 && share <= 1) return String(Number((share * 100).toFixed(1)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What was reported under the name, else what is known of the report itself. */
function found(path: string, event: ReportedEvent): Json | undefined {
  const value = valueOf(event, path.split('.'));
  if (value !== undefined) return value;
  if (path === 'agent_name') return event.agentName;
  if (path === 'event_type') return event.type;
  if (path === 'input' || path === 'output') return event[path] ?? undefined;
  return undefined;
}
