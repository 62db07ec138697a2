import { WAKE } from '../jobs/queue.ts';
import type { RecoveryDeps } from './deps.ts';

export interface RecoveryTold {
  projectId: string;
  stopId: string;
  approvalIds: readonly string[];
  eventIds: readonly string[];
  /** The project's budget was changed too. */
  budget?: boolean;
}

/** To be called after a commit: whoever follows the stop, or its approvals, hears of it (behaviour 9.3). */
export function announceRecovery(deps: RecoveryDeps, told: RecoveryTold): void {
  const { projectId, stopId, approvalIds, eventIds, budget = false } = told;
  deps.committed();
  deps.changes.announce({
    projectId,
    stops: [stopId],
    approvals: approvalIds.map((id) => ({ id, row: null })),
    budget,
    eventIds,
  });
}

/** A hint, after the commit that wrote the job: workers need not wait for their next look at the queue. */
export const wakeWorkers = ({ database }: Pick<RecoveryDeps, 'database'>): void =>
  database.signals.send(WAKE, 'recover');
