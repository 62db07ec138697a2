/** One person's decisions within a range, in numbers. */
export interface PersonFigures {
  decisions: number;
  approved: number;
  /** Approvals with at most `QUICK` seconds in which the person can have looked. */
  quickApprovals: number;
}

/** Seconds within which nobody reads what is to be decided. */
export const QUICK = 5;
/** Fewer decisions say nothing of a habit. */
const ENOUGH = 20;
const NEARLY_ALL = 0.95;
const MOSTLY = 0.8;

/** Whether somebody approves nearly everything, and mostly without the time to have read it. */
export const isReflex = ({ decisions, approved, quickApprovals }: PersonFigures): boolean =>
  decisions >= ENOUGH && approved >= NEARLY_ALL * decisions && quickApprovals >= MOSTLY * approved;

/** Milliseconds of the longest range: what one statement reads is bounded by it. */
const LONGEST = 92 * 86_400_000;

/** What is wrong with a range, in a sentence; null: nothing. */
export function rangeFault(from: Date | null | undefined, to: Date | null | undefined): string | null {
  if (from == null || to == null) return 'timeRange needs both from and to';
  if (from >= to) return 'timeRange.from must be before timeRange.to';
  return to.getTime() - from.getTime() > LONGEST ? 'timeRange must not be longer than 92 days' : null;
}

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Seconds of a bucket: hours for up to three days, else days. */
export const bucketOf = (from: Date, to: Date): number =>
  to.getTime() - from.getTime() <= 3 * DAY * 1000 ? HOUR : DAY;
