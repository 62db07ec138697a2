// How the API's own words are shown where no sentence of ours says it better.

/** Where the API's word says less than it could. */
const better: Readonly<Record<string, string>> = { WAITING_FOR_HITL: 'Waiting for a person' };

/** `WAITING_FOR_HUMAN` → "Waiting for human", `budget_limits_changed` → "Budget limits changed". */
export function worded(name: string): string {
  const known = better[name];
  if (known !== undefined) return known;
  const words = name.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const counted = (count: number, one: string, many: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
