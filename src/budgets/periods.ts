import { Temporal } from 'temporal-polyfill';
import type { Period } from './state.ts';

// The days and months that a project's time zone counts by. They lie one behind the other without gap or overlap,
// whatever its clocks do: a day begins at its first instant (where midnight is skipped, just after; where it comes twice,
// at the first) and ends where the next one begins. A date that a zone never had is nobody's day.

/** The day that `at` lies in. */
export function dayOf(zone: string, at: Date): Period {
  let date = localDate(zone, at);
  // Clocks put back across midnight show the old date again, in what is the new day already.
  while (firstInstant(zone, date.add({ days: 1 })) <= at.getTime()) date = date.add({ days: 1 });
  return between(firstInstant(zone, date), firstInstant(zone, date.add({ days: 1 })));
}

/** The month that `at` lies in. */
export function monthOf(zone: string, at: Date): Period {
  let first = localDate(zone, at).with({ day: 1 });
  while (firstInstant(zone, first.add({ months: 1 })) <= at.getTime()) first = first.add({ months: 1 });
  return between(firstInstant(zone, first), firstInstant(zone, first.add({ months: 1 })));
}

/**
 * The period that runs at `now`, where one ended at `end` before it. In a zone that has been changed meanwhile the first
 * one begins at that end, and is over at the new zone's next midnight (or month's end), however short that makes it.
 */
export function following(end: Date, of: (at: Date) => Period, now: Date): Period {
  const period = of(now);
  return period.start < end ? { start: end, end: period.end } : period;
}

const localDate = (zone: string, at: Date): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).toPlainDate();

const firstInstant = (zone: string, date: Temporal.PlainDate): number =>
  date.toZonedDateTime(zone).epochMilliseconds;

const between = (start: number, end: number): Period => ({ start: new Date(start), end: new Date(end) });
