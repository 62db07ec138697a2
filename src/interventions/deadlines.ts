import type { Intervention } from '../generated/prisma/client.ts';
import { addSeconds } from '../kernel/clock.ts';
import { type EscalationLevel, termsOf } from './terms.ts';

// The clock's moves on an intervention (behaviour 4.8):
//
//   asked ──timeout──▶ window ended ──escalation_timeout, from the request──▶ level 1 ──its timeout──▶ level 2 … ──▶ TIMEOUT
//                        ├─ auto_continue ──▶ RESOLVED (AUTO_CONTINUE)
//                        └─ escalation off ──▶ TIMEOUT
//
// Decided at the instants that were due, not at those when somebody looked: a server that was away catches up by the
// same timeline. A person escalating by hand puts an intervention on a level before its time; from then on that
// level's window runs, and it no longer continues by itself: somebody has said that a person must decide.
// While an emergency stop holds it, nothing is due; when the stop lifts, all that was to come comes that much later
// (behaviour 7.7): the columns are moved, and what is counted from the request counts `frozenMs` more.

export interface EscalationStep {
  level: number;
  role: EscalationLevel['role'];
  reason: string;
  automatic: boolean;
  escalatedBy: unknown;
  /** ISO instants: the steps are kept as JSON. */
  escalatedAt: string;
  respondBy: string;
  /** By hand: SHA-256 of mutation and arguments, to know a repeat by (behaviour 4.2). */
  fingerprint?: string;
}

/** One thing that the clock did. `at` is when it was due. */
export type ClockMove =
  | { kind: 'window_ended'; level: number; at: Date }
  | { kind: 'climbed'; level: number; at: Date }
  | { kind: 'continued'; at: Date }
  | { kind: 'expired'; at: Date };

export const isDue = ({ dueAt, frozenAt }: Intervention, now: Date): boolean =>
  frozenAt === null && dueAt !== null && dueAt <= now;

/** The deadline columns of an intervention just asked. */
export function firstWindow(
  now: Date,
  timeout: number,
): Pick<Intervention, 'expiresAt' | 'dueAt' | 'windowEnded'> {
  const end = addSeconds(now, timeout);
  return { expiresAt: end, dueAt: end, windowEnded: false };
}

/** The same, for one that has just come to a level. */
export function levelWindow(now: Date, { timeout }: EscalationLevel): ReturnType<typeof firstWindow> {
  return firstWindow(now, timeout);
}

/** Everything that was due by `now`, in order, and the deadline columns after it. */
export function clockMoves(intervention: Intervention, now: Date): ClockMove[] {
  const { escalation } = termsOf(intervention);
  const moves: ClockMove[] = [];
  if (intervention.frozenAt !== null) return moves;
  let { dueAt, windowEnded, escalationLevel: level } = intervention;
  while (dueAt !== null && dueAt <= now) {
    const at: Date = dueAt;
    if (!windowEnded) moves.push({ kind: 'window_ended', level, at });
    if (!windowEnded && level === 0 && intervention.autoContinue)
      return [...moves, { kind: 'continued', at }];
    const next = escalation.levels[level];
    if (!escalation.automatic || next === undefined) return [...moves, { kind: 'expired', at }];
    const climbAt = level === 0 ? climbTime(intervention, escalation.after, at) : at;
    if (climbAt > at && !windowEnded) {
      // Between the first window's end and level 1 it stays answerable by whoever could before.
      windowEnded = true;
      dueAt = climbAt;
      continue;
    }
    level += 1;
    moves.push({ kind: 'climbed', level, at });
    windowEnded = false;
    dueAt = addSeconds(at, next.timeout);
  }
  return moves;
}

/** When level 1 begins: counted from the request, and not before the first window has ended. */
function climbTime({ createdAt, frozenMs }: Intervention, after: number | null, windowEnd: Date): Date {
  const at = after === null ? windowEnd : addSeconds(createdAt, after + frozenMs / 1000);
  return at > windowEnd ? at : windowEnd;
}

/** The deadline columns once a first window has ended and level 1 is still to come. */
export function waitForLevelOne(intervention: Intervention): ReturnType<typeof firstWindow> {
  const at = climbTime(intervention, termsOf(intervention).escalation.after, intervention.dueAt!);
  return { expiresAt: at, dueAt: at, windowEnded: true };
}
