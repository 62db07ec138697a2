import type { Json, JsonObject } from '../kernel/json.ts';

/** What an agent reported, as conditions and messages see it. */
export interface ReportedEvent {
  readonly agentName: string;
  readonly type: string;
  readonly input: string | null;
  readonly output: string | null;
  readonly metrics: JsonObject;
  readonly context: JsonObject;
}

/**
 * What has this name: a metric, else what the context has (behaviour 8.4). Undefined: neither, or null. Own properties
 * alone, so that no name reaches a prototype.
 */
export function valueOf(
  { metrics, context }: Pick<ReportedEvent, 'metrics' | 'context'>,
  path: readonly string[],
): Json | undefined {
  return within(metrics, path) ?? within(context, path);
}

function within(values: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json = values;
  for (const key of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || !Object.hasOwn(value, key))
      return undefined;
    value = value[key]!;
  }
  return value ?? undefined;
}

/** A number, or a text that is one: amounts travel as decimals, and "85%" means 85. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d{1,30}(?:\.\d{1,30})?%?$/.test(value)
    ? Number(value.replace('%', ''))
    : null;
}

/** The first of these names that has a number. */
export function firstNumber(
  event: Pick<ReportedEvent, 'metrics' | 'context'>,
  names: readonly string[],
): number | null {
  for (const name of names) {
    const number = numberOf(valueOf(event, [name]));
    if (number !== null) return number;
  }
  return null;
}

/** At most so many UTF-16 units, never half a character. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
