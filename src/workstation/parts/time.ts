// Times and durations as people read them. Pure: whoever shows one passes the instant that it is.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two units at most, the smaller one rounded down: "1 d 3 h", "12 min", "9 s". */
export function duration(milliseconds: number): string {
  const whole = Math.max(0, Math.floor(milliseconds / SECOND)) * SECOND;
  if (whole >= DAY) return pair(whole, DAY, 'd', HOUR, 'h');
  if (whole >= HOUR) return pair(whole, HOUR, 'h', MINUTE, 'min');
  if (whole >= 10 * MINUTE) return `${Math.floor(whole / MINUTE)} min`;
  if (whole >= MINUTE) return pair(whole, MINUTE, 'min', SECOND, 's');
  return `${whole / SECOND} s`;
}

function pair(
  milliseconds: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const rest = Math.floor((milliseconds % large) / small);
  const first = `${Math.floor(milliseconds / large)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

export type Pressure = 'none' | 'some' | 'much' | 'over';

/** How little is left until a deadline: `much` is the last tenth of its window, or the last half minute. */
export function pressure(deadline: number, begun: number, now: number): Pressure {
  const left = deadline - now;
  if (left <= 0) return 'over';
  const window = Math.max(1, deadline - begun);
  if (left < 30 * SECOND || left / window < 0.1) return 'much';
  return left / window < 0.5 ? 'some' : 'none';
}

/** An instant in the reader's own zone and order, whole: "25 Nov 2026, 14:20:07". */
export const instant = (at: string | number, locale?: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at));

/** "3 min ago"; beyond a day, the date. */
export function ago(at: number, now: number): string {
  const passed = now - at;
  if (passed < 5 * SECOND) return 'just now';
  return passed < DAY ? `${duration(passed)} ago` : instant(at);
}
