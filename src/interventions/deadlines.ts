import type { Intervention } from '../generated/prisma/client.ts';
import { afterWorking, beforeWorking } from '../kernel/working-hours.ts';
import { type EscalationLevel, type Terms, termsOf } from './terms.ts';

// The clock's moves on an intervention (behaviour 4.8):
//
//   asked ──timeout──▶ window ended ──escalation_timeout, from the request──▶ level 1 ──its timeout──▶ level 2 … ──▶ TIMEOUT
//                        ├─ auto_continue ──▶ RESOLVED (AUTO_CONTINUE)                 └─ repeat ──▶ level 1 again
//                        └─ escalation off ──▶ TIMEOUT
//   while a window runs, a reminder when each of the configured parts of it has passed; windows and parts of them are
//   counted in the chain's working hours where it has any
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
  | { kind: 'reminded'; level: number; reminded: number; fraction: number; at: Date }
  | { kind: 'window_ended'; level: number; at: Date }
  | { kind: 'climbed'; level: number; at: Date }
  | { kind: 'continued'; at: Date }
  | { kind: 'expired'; at: Date };

export const isDue = ({ dueAt, frozenAt }: Intervention, now: Date): boolean =>
  frozenAt === null && dueAt !== null && dueAt <= now;

/** The columns that say what the clock does next, and when. */
export type Window = Pick<Intervention, 'expiresAt' | 'dueAt' | 'windowEnded' | 'reminded'>;

/** Of an intervention whose window of so many seconds begins. */
export function openWindow(from: Date, seconds: number, { escalation }: Terms): Window {
  const expiresAt = afterWorking(from, seconds, escalation.hours ?? null);
  const opened = { expiresAt, windowEnded: false, reminded: 0 };
  return { ...opened, dueAt: nextDue(opened, seconds, escalation) };
}

/** Once so many of its reminders have been given. */
export function afterReminder(intervention: Intervention, reminded: number): Window {
  const { escalation } = termsOf(intervention);
  const window = { expiresAt: intervention.expiresAt!, windowEnded: false, reminded };
  return { ...window, dueAt: nextDue(window, windowSeconds(intervention, escalation), escalation) };
}

type Running = Pick<Intervention, 'windowEnded' | 'reminded'> & { expiresAt: Date };

/** The next reminder of the window that is running, else its end. */
function nextDue(window: Running, seconds: number, escalation: Terms['escalation']): Date {
  return reminderAt(window, seconds, escalation, window.reminded) ?? window.expiresAt;
}

/**
 * When a window's reminder of that number is due; null: it has no more. Counted back from the window's end, which moves
 * when a stop has held it.
 */
function reminderAt(
  { expiresAt, windowEnded }: Running,
  seconds: number,
  { reminders = [], hours }: Terms['escalation'],
  number: number,
): Date | null {
  const fraction = reminders[number];
  if (windowEnded || fraction === undefined) return null;
  return beforeWorking(expiresAt, seconds * (1 - fraction), hours ?? null);
}

/** Seconds that the running window has, of the time that counts. */
const windowSeconds = (
  { timeout, escalationLevel }: Pick<Intervention, 'timeout' | 'escalationLevel'>,
  { levels }: Terms['escalation'],
): number => (escalationLevel === 0 ? timeout : (levels[escalationLevel - 1]?.timeout ?? timeout));

/** Everything that was due by `now`, in order. */
export function clockMoves(intervention: Intervention, now: Date): ClockMove[] {
  const terms = termsOf(intervention);
  const { escalation } = terms;
  const moves: ClockMove[] = [];
  let { expiresAt, windowEnded, reminded, escalationLevel: level } = intervention;
  if (intervention.frozenAt !== null || intervention.dueAt === null) return moves;
  let rounds = roundsOf(intervention);
  while (expiresAt !== null && expiresAt <= now) {
    const at: Date = expiresAt;
    if (!windowEnded) moves.push({ kind: 'window_ended', level, at });
    if (!windowEnded && level === 0 && intervention.autoContinue)
      return [...moves, { kind: 'continued', at }];
    const again = level > 0 && level === escalation.levels.length && rounds < (escalation.repeat ?? 0);
    const next = escalation.levels[again ? 0 : level];
    if (!escalation.automatic || next === undefined) return [...moves, { kind: 'expired', at }];
    const climbAt = level === 0 ? climbTime(intervention, terms, at) : at;
    if (climbAt > at && !windowEnded) {
      // Between the first window's end and level 1 it stays answerable by whoever could before.
      windowEnded = true;
      expiresAt = climbAt;
      continue;
    }
    if (again) rounds += 1;
    level = again ? 1 : level + 1;
    moves.push({ kind: 'climbed', level, at });
    ({ expiresAt, windowEnded, reminded } = openWindow(at, next.timeout, terms));
  }
  const reminder = lastReminder({ expiresAt: expiresAt!, windowEnded, reminded }, level, intervention, now);
  if (reminder !== null) moves.push(reminder);
  return moves;
}

/** The latest that is due: who was away is reminded once. Those of a window that has ended remind nobody any more. */
function lastReminder(
  window: Running,
  level: number,
  { timeout, terms }: Intervention,
  now: Date,
): ClockMove | null {
  const { escalation } = termsOf({ terms });
  const seconds = windowSeconds({ timeout, escalationLevel: level }, escalation);
  for (let number = (escalation.reminders ?? []).length; number > window.reminded; number -= 1) {
    const at = reminderAt(window, seconds, escalation, number - 1);
    const fraction = escalation.reminders![number - 1]!;
    if (at !== null && at <= now) return { kind: 'reminded', level, reminded: number, fraction, at };
  }
  return null;
}

/** How often the levels have begun again by themselves. */
function roundsOf({ escalations }: Intervention): number {
  const steps = escalations as unknown as EscalationStep[];
  return steps.filter(({ automatic, level }, at) => automatic && at > 0 && level <= steps[at - 1]!.level)
    .length;
}

/** When level 1 begins: counted from the request, and not before the first window has ended. */
function climbTime({ createdAt, frozenMs }: Intervention, { escalation }: Terms, windowEnd: Date): Date {
  const { after, hours } = escalation;
  if (after === null) return windowEnd;
  const at = new Date(afterWorking(createdAt, after, hours ?? null).getTime() + frozenMs);
  return at > windowEnd ? at : windowEnd;
}

/** Once a first window has ended and level 1 is still to come. */
export function waitForLevelOne(intervention: Intervention): Window {
  const at = climbTime(intervention, termsOf(intervention), intervention.expiresAt!);
  return { expiresAt: at, dueAt: at, windowEnded: true, reminded: intervention.reminded };
}
