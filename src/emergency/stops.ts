import { isReasonToCount, errorRate } from './causes.ts';
import { confirmHalt } from './confirm.ts';
import type { StopDeps } from './deps.ts';
import { stopForSignals } from './trigger.ts';

/** What the verbs of other rooms call, once they have committed. */
export interface Stops {
  /**
   * Looks whether the project must be stopped for the signals that lie there (behaviour 7.1). Awaited before the answer
   * of whoever wrote one: whoever hears it knows that the stop stands. Rejects where that can't be told.
   */
  look(projectId: string): Promise<void>;
  /** A session that was halted has been let go by its worker (behaviour 7.3). */
  confirmHalt(projectId: string): Promise<void>;
}

export function createStops(deps: StopDeps): Stops {
  const confirm = coalesced((projectId) => confirmHalt(deps, projectId));
  return { look: (projectId) => look(deps, projectId), confirmHalt: confirm };
}

/**
 * Signals that are only a reason to count are counted before anything is locked: tasks finish all the time, and nobody
 * who begins something in the project need wait for that. Only what was read is taken away: whoever wrote another signal
 * meanwhile looks for himself, and sees at least what was seen here.
 */
async function look(deps: StopDeps, projectId: string): Promise<void> {
  const { prisma } = deps.database;
  const signals = await prisma.stopSignal.findMany({ where: { projectId } });
  if (signals.length === 0) return;
  if (signals.every(isReasonToCount)) {
    const { liftedAt } = await prisma.project.findUniqueOrThrow({ where: { id: projectId } });
    if (!(await errorRate(prisma, { projectId, liftedAt }))) {
      const sequence = { in: signals.map((signal) => signal.sequence) };
      await prisma.stopSignal.deleteMany({ where: { sequence } });
      return;
    }
  }
  await stopForSignals(deps, projectId);
}

/** One run at a time for each key; all who ask while it runs share the next one. */
function coalesced(run: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const running = new Map<string, { now: Promise<void>; next: Promise<void> | null }>();
  const begin = (key: string): Promise<void> => {
    const now = run(key).finally(() => {
      if (running.get(key)?.next === null) running.delete(key);
    });
    running.set(key, { now, next: null });
    return now;
  };
  return (key) => {
    const known = running.get(key);
    if (known === undefined) return begin(key);
    known.next ??= known.now.catch(() => {}).then(() => begin(key));
    return known.next;
  };
}
