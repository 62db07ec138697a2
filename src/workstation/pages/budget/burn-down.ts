// What was left of a line over its running period, and where that leads. Pure, and exact: amounts in ten-thousandths.
import { type Measure, unitsOf } from '../../parts/decimal.ts';

/** As much of an event as the curve needs: when, and what was committed. */
export interface Spent {
  id: string;
  occurredAt: string;
  data: unknown;
}

export interface Point {
  at: number;
  /** Spent at this point; 0 at the beginning. */
  spent: bigint;
  /** Used by then, with it. */
  used: bigint;
  left: bigint;
}

export type Forecast =
  | { kind: 'none' }
  | { kind: 'over' }
  | { kind: 'lasts'; left: bigint }
  | { kind: 'runs-out'; at: number };

export interface Span {
  /** Milliseconds. */
  start: number;
  end: number;
  now: number;
}

/** What one event committed to a line of this measure: it tells of several moves at once, as lists of one length. */
export function spentIn({ data }: Spent, measure: Measure): bigint {
  const { tokens, cost } = (data ?? {}) as { tokens?: unknown; cost?: unknown };
  const list = measure === 'tokens' ? tokens : cost;
  if (!Array.isArray(list)) return 0n;
  return list.reduce<bigint>((sum, each) => sum + (each === null ? 0n : unitsOf(String(each))), 0n);
}

/**
 * The curve of one line, oldest first. Where the events go back to the period's beginning they alone say what was used;
 * where they do not, what is used at present says it, counted back, so that what is drawn is exact either way.
 */
export function pointsOf(
  events: readonly Spent[],
  {
    measure,
    whole,
    used,
    start,
    complete,
  }: {
    measure: Measure;
    whole: bigint;
    used: bigint;
    start: number;
    complete: boolean;
  },
): Point[] {
  const within = events.filter(({ occurredAt }) => Date.parse(occurredAt) >= start);
  const spent = within.map((event) => spentIn(event, measure));
  const total = spent.reduce((sum, each) => sum + each, 0n);
  let sum = complete ? 0n : used - total;
  const points: Point[] = [];
  if (complete) points.push({ at: start, spent: 0n, used: 0n, left: whole });
  for (const [index, event] of within.entries()) {
    const here = spent[index] ?? 0n;
    sum += here;
    points.push({ at: Date.parse(event.occurredAt), spent: here, used: sum, left: whole - sum });
  }
  return points;
}

/** Less of a period than this says nothing of the rest: a fiftieth. */
const LEAST = 50n;

/** The average pace since the period began, gone on with to its end; what is held is as good as used (behaviour 6.2). */
export function forecastOf(whole: bigint, taken: bigint, { start, end, now }: Span): Forecast {
  if (whole - taken <= 0n) return { kind: 'over' };
  const [total, elapsed] = [BigInt(end - start), BigInt(Math.round(now) - start)];
  if (taken <= 0n || elapsed * LEAST < total) return { kind: 'none' };
  const atEnd = (taken * total) / elapsed;
  if (atEnd <= whole) return { kind: 'lasts', left: whole - atEnd };
  return { kind: 'runs-out', at: start + Number((whole * elapsed) / taken) };
}

/** As many points as can be told apart when drawn; the first and the last stay. */
export function thinned(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points];
  const step = (points.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => points[Math.round(index * step)] as Point);
}
