import { isUnavailable } from '../database/faults.ts';
import { addSeconds } from '../kernel/clock.ts';
import { DomainError, type ErrorCode } from '../kernel/errors.ts';
import { CannotContinue } from './runner.ts';

/** Failures in a row after which a runner is given up. */
export const MOST_FAILURES = 8;
const FIRST_WAIT_SECONDS = 1;
const LONGEST_WAIT_SECONDS = 60;
const MAX_REASON = 2_000;

/** Refusals that the same call will always meet. */
const LASTING: ReadonlySet<ErrorCode> = new Set(['INVALID_INPUT', 'NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED']);

/** What a turn that threw means for its session. */
export type Verdict = 'try_again' | 'give_up' | 'database_away';

export function judge(error: unknown, failures: number): Verdict {
  // Not the runner's fault, and not counted: there may be no database for hours.
  if (isUnavailable(error)) return 'database_away';
  if (error instanceof CannotContinue) return 'give_up';
  if (error instanceof DomainError && LASTING.has(error.code)) return 'give_up';
  return failures + 1 >= MOST_FAILURES ? 'give_up' : 'try_again';
}

/** When to try again after so many failures in a row, the last one included. `random` is 0 to 1. */
export function nextAttempt(now: Date, failures: number, random: number): Date {
  const longest = Math.min(FIRST_WAIT_SECONDS * 2 ** Math.max(failures - 1, 0), LONGEST_WAIT_SECONDS);
  return addSeconds(now, longest * (0.5 + random / 2));
}

/** The failure as the session's reason tells it. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.trim() || 'the runner failed without a message').slice(0, MAX_REASON);
}
