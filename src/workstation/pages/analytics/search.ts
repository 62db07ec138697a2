import { oneIn, textIn } from '../../search.ts';

/** Hours that each looks back. */
export const ranges = { day: 24, week: 7 * 24, month: 30 * 24, quarter: 90 * 24 } as const;
export type Range = keyof typeof ranges;
export const rangeNames = Object.keys(ranges) as Range[];

export interface AnalyticsSearch {
  project?: string | undefined;
  team?: string | undefined;
  range?: Range | undefined;
}

export const analyticsSearch = (search: Record<string, unknown>): AnalyticsSearch => ({
  project: textIn(search.project),
  team: textIn(search.team),
  range: oneIn(search.range, rangeNames),
});

const HOUR = 3_600_000;

/** To the end of the running hour, so that it is the same question for as long as that lasts. */
export function rangeUntil(now: number, range: Range): { from: string; to: string } {
  const to = Math.floor(now / HOUR + 1) * HOUR;
  return { from: new Date(to - ranges[range] * HOUR).toISOString(), to: new Date(to).toISOString() };
}
