import type { Approval } from '../generated/prisma/client.ts';

// The clock's moves on an approval (behaviour 5.7):
//
//   asked ──80 % of its time──▶ warned ──the rest──▶ TIMED_OUT
//
// Only what has an `expiresAt` meets the clock: an agent call until it is started, a budget override until the period
// that it is for is over. An answer, and what a recovery asks, wait for as long as it takes: nothing is lost by waiting
// that expiring would save, and an answer that was paid for does not go stale.
// While an emergency stop holds it, nothing is due. When the stop lifts, `expiresAt` is moved by the time it was held,
// and the warning is counted from the time that it had, held time left out.

export type ClockMove = { kind: 'warned'; at: Date } | { kind: 'expired'; at: Date };

type Timed = Pick<Approval, 'createdAt' | 'expiresAt' | 'dueAt' | 'warned' | 'frozenAt' | 'frozenMs'>;

export const isDue = ({ dueAt, frozenAt }: Timed, now: Date): boolean =>
  frozenAt === null && dueAt !== null && dueAt <= now;

/** When people are told that time is running out: at 80 % of it. */
export function warningAt({
  createdAt,
  expiresAt,
  frozenMs,
}: Omit<Timed, 'dueAt' | 'warned' | 'frozenAt'>): Date {
  const end = expiresAt!.getTime();
  return new Date(end - (end - createdAt.getTime() - frozenMs) / 5);
}

/** When the clock must act on it next, by what it says of itself; null where it need not. */
export function nextDue(approval: Omit<Timed, 'dueAt' | 'frozenAt'>): Date | null {
  if (approval.expiresAt === null) return null;
  return approval.warned ? approval.expiresAt : warningAt(approval);
}

/** Everything that was due by `now`, in order. */
export function clockMoves(approval: Timed, now: Date): ClockMove[] {
  if (!isDue(approval, now) || approval.expiresAt === null) return [];
  const moves: ClockMove[] = approval.warned ? [] : [{ kind: 'warned', at: approval.dueAt! }];
  if (approval.expiresAt <= now) moves.push({ kind: 'expired', at: approval.expiresAt });
  return moves;
}
