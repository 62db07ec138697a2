import type { ApprovalDeps } from '../approvals/seams.ts';
import { openDesk } from './desk.ts';
import { delivered, type Situation, viewOf } from './hand-over.ts';
import type { Lease } from './lease.ts';
import type { Rest, Runner, RunnerState } from './runner.ts';

/**
 * How long a runner is waited for once its turn was aborted, in milliseconds. One that is deaf is left behind: its desk is
 * closed, so that nothing it still does reaches anything here, and only then is its lease let go.
 */
const PATIENCE = 3_000;

/**
 * Runs one turn: the runner is called, and what it was handed counts as delivered once it has returned. Rejects with
 * what the runner threw, or with the abort's reason where it did not end in time.
 */
export async function runTurn(
  deps: ApprovalDeps,
  runner: Runner,
  { session, news, pending, calls }: Situation,
  lease: Lease,
  signal: AbortSignal,
): Promise<Rest> {
  const handed = new Set(news.map(({ interventionId }) => interventionId));
  const opened = openDesk(deps, session, handed, signal);
  try {
    const driving = Promise.resolve().then(() => {
      // Aborted before it began: it does not begin.
      signal.throwIfAborted();
      return runner.drive({
        session: viewOf(session),
        number: lease.turn,
        attempt: lease.failures + 1,
        start: lease.turn === 0,
        news,
        pending,
        calls,
        state: session.runnerState as RunnerState | null,
        desk: opened.desk,
        signal,
      });
    });
    const rest = (await orAbandoned(driving, signal)) ?? {};
    await delivered(deps, session, { news, calls });
    return rest;
  } finally {
    opened.close();
  }
}

/** What it resolves with, unless the abort finds it deaf. */
async function orAbandoned<T>(driving: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let stopListening = () => {};
  const abandoned = new Promise<never>((_, reject) => {
    const arm = () => {
      // The platform's own timer: how long a process waits for its own code is no matter of the domain's time.
      timer = setTimeout(() => reject(signal.reason), PATIENCE);
    };
    signal.addEventListener('abort', arm, { once: true });
    stopListening = () => signal.removeEventListener('abort', arm);
    if (signal.aborted) arm();
  });
  driving.catch(() => {});
  try {
    return await Promise.race([driving, abandoned]);
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}

/** Why a turn was cut short. */
export class TurnAborted extends Error {
  override name = 'TurnAborted';
  override readonly cause: 'stopping' | 'halted' | 'session_over' | 'too_long';

  constructor(cause: TurnAborted['cause']) {
    super(
      {
        stopping: 'the worker is stopping',
        halted: 'an emergency stop holds the project',
        session_over: 'the session is over',
        too_long: 'the turn took too long',
      }[cause],
    );
    this.cause = cause;
  }
}
