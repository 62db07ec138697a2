import type { Log } from '../kernel/log.ts';

/**
 * What a room has the clock do beside the deadlines of sessions: set-based, in transactions of its own, and decided by
 * the same rules as its verbs, so that a second sweep on another replica leaves nothing to do.
 */
export interface Sweep {
  /** What the log calls it. */
  name: string;
  /**
   * Acts on what is due by `now`, some rows at a time. `again`: there may be more that is due; `next`: when the next of
   * what is not due yet will be.
   */
  run(now: Date): Promise<{ again: boolean; next: Date | null }>;
}

/** Runs them one after the other. One that fails is told, tried again at the next look, and keeps nobody else from it. */
export async function runSweeps(
  sweeps: readonly Sweep[],
  { now, arm, log }: { now: () => Date; arm: (at: Date) => void; log: Log },
): Promise<boolean> {
  let again = false;
  for (const { name, run } of sweeps) {
    try {
      const swept = await run(now());
      if (swept.next !== null) arm(swept.next);
      if (swept.again) again = true;
    } catch (error) {
      log.warn({ err: error, sweep: name }, 'a sweep failed; the next one tries again');
    }
  }
  return again;
}
