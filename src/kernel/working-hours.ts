import { Temporal } from 'temporal-polyfill';

// Time that counts only while people work: the same hours on some days of the week, in one time zone, whatever its clocks
// do. A shift that a change of clocks shortens is shorter, one that it lengthens is longer.

export interface WorkingHours {
  /** An IANA name. */
  timeZone: string;
  /** 1 Monday … 7 Sunday; at least one. */
  days: readonly number[];
  /** "HH:MM", the first minute that counts. */
  from: string;
  /** "HH:MM", the first minute that counts no more, later than `from`; "24:00" is the end of the day. */
  until: string;
}

/** Nothing lasts longer: few hours a week would make years of a long time. */
const MAX_DAYS = 3_660;

/** The instant at which `seconds` of working time will have passed since `at`; without hours, all time counts. */
export function afterWorking(at: Date, seconds: number, hours: WorkingHours | null): Date {
  if (hours === null) return new Date(at.getTime() + seconds * 1000);
  let left = seconds * 1000;
  let last = at.getTime();
  for (const [opens, closes] of shifts(at, hours, 1)) {
    const begin = Math.max(opens, at.getTime());
    if (closes <= begin) continue;
    if (closes - begin >= left) return new Date(begin + left);
    left -= closes - begin;
    last = closes;
  }
  return new Date(last);
}

/** The instant since which `seconds` of working time will have passed at `at`. */
export function beforeWorking(at: Date, seconds: number, hours: WorkingHours | null): Date {
  if (hours === null) return new Date(at.getTime() - seconds * 1000);
  let left = seconds * 1000;
  let last = at.getTime();
  for (const [opens, closes] of shifts(at, hours, -1)) {
    const end = Math.min(closes, at.getTime());
    if (end <= opens) continue;
    if (end - opens >= left) return new Date(end - left);
    left -= end - opens;
    last = opens;
  }
  return new Date(last);
}

/** The shifts of the days from `at` on, or back from it, as milliseconds. */
function* shifts(
  at: Date,
  { timeZone, days, from, until }: WorkingHours,
  step: 1 | -1,
): Generator<[number, number]> {
  let date = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
  for (let count = 0; count < MAX_DAYS; count += 1, date = date.add({ days: step }))
    if (days.includes(date.dayOfWeek)) yield [instant(date, from, timeZone), instant(date, until, timeZone)];
}

/** A time that the clocks skip is the one that they show instead, one that comes twice the first. */
function instant(date: Temporal.PlainDate, time: string, timeZone: string): number {
  if (time === '24:00') return date.add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds;
  return date.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds;
}
