import { isUnavailable } from '../database/faults.ts';
import type { Signals } from '../database/signals.ts';
import type { RecoveryDeps } from './deps.ts';
import { findUnfinished, proceed } from './proceed.ts';

/** Milliseconds between two looks. */
const LOOK = 1_000;

/**
 * Finds the steps that a process which died has left behind, begun or approved: the queue would come back to its jobs
 * only once they have run out of time. In every process with the role `worker`.
 */
export interface RecoveryWatch {
  start(): void;
  /** Resolves once nothing is being looked at. */
  stop(): Promise<void>;
  /** Looks now. */
  look(): Promise<void>;
}

export function createRecoveryWatch(
  deps: RecoveryDeps & { database: { signals: Pick<Signals, 'onReconnect'> } },
  every = LOOK,
): RecoveryWatch {
  const { database, log } = deps;
  const undo: (() => void)[] = [];
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    for (const id of await findUnfinished(database.prisma)) await proceed(deps, id);
  }
  function quietly(): void {
    // A look may take its time: the next one is not started on top of it.
    looking ??= look()
      .catch((error: unknown) => {
        if (!isUnavailable(error))
          log.warn({ err: error }, 'looking for unfinished recoveries failed; it is tried again');
      })
      .finally(() => (looking = null));
  }
  return {
    start() {
      const timer = setInterval(quietly, every);
      timer.unref();
      undo.push(() => clearInterval(timer), database.signals.onReconnect(quietly));
      quietly();
    },
    async stop() {
      for (const release of undo.splice(0)) release();
      await looking;
    },
    look,
  };
}
