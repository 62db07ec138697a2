import { isOfDatabase, isUnavailable } from '../database/faults.ts';
import { addSeconds } from '../kernel/clock.ts';
import { DomainError, type ErrorCode } from '../kernel/errors.ts';
import { storableText } from '../kernel/storable.ts';
import type { Configuration } from '../supervision/configuration-schema.ts';
import { CannotContinue } from './runner.ts';

/** How often a turn that failed is tried again, and when. */
export interface Patience {
  /** Failures in a row after which a runner is given up; the first attempt is one. */
  readonly mostFailures: number;
  /** Seconds before the second attempt, doubled for each one after it. */
  readonly firstWait: number;
}

const DEFAULT_PATIENCE: Patience = { mostFailures: 8, firstWait: 1 };
/** Doubling ends here, unless the first wait is longer. */
const LONGEST_WAIT_SECONDS = 60;
const MAX_REASON = 2_000;

/** Refusals that the same call will always meet. */
const LASTING: ReadonlySet<ErrorCode> = new Set(['INVALID_INPUT', 'NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED']);

/** What a team says of it (`async_execution`), as its configuration stands when a turn has failed. */
export function patienceOf(configuration: Configuration | null): Patience {
  const { enabled = true, ...said } = configuration?.human_supervision?.async_execution ?? {};
  if (!enabled) return DEFAULT_PATIENCE;
  return {
    mostFailures: said.max_retries === undefined ? DEFAULT_PATIENCE.mostFailures : said.max_retries + 1,
    firstWait: said.retry_delay ?? DEFAULT_PATIENCE.firstWait,
  };
}

/** What a turn that threw means for its session. */
export type Verdict = 'try_again' | 'give_up' | 'database_away';

export function judge(error: unknown, failures: number, { mostFailures }: Patience): Verdict {
  // Not the runner's fault, and not counted: there may be no database for hours.
  if (isUnavailable(error)) return 'database_away';
  if (error instanceof CannotContinue) return 'give_up';
  if (error instanceof DomainError && LASTING.has(error.code) && !error.errors.some(({ late }) => late))
    return 'give_up';
  return failures + 1 >= mostFailures ? 'give_up' : 'try_again';
}

/** When to try again after so many failures in a row, the last one included. `random` is 0 to 1. */
export function nextAttempt(now: Date, failures: number, random: number, { firstWait }: Patience): Date {
  const most = Math.max(LONGEST_WAIT_SECONDS, firstWait);
  const longest = Math.min(firstWait * 2 ** Math.max(failures - 1, 0), most);
  return addSeconds(now, longest * (0.5 + random / 2));
}

/** The failure as the session's reason tells it. */
export function reasonOf(error: unknown): string {
  // What it says is the log's: no text of a statement is anybody's to read (behaviour 10.4).
  if (isOfDatabase(error)) return 'the database refused what the runner did';
  const message = error instanceof Error ? error.message : String(error);
  return storableText(message.trim() || 'the runner failed without a message', MAX_REASON);
}
