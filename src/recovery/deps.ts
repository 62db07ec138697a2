import type { ProjectApprovalDeps } from '../approvals/seams.ts';
import type { LiftDeps } from '../emergency/deps.ts';
import type { Log } from '../kernel/log.ts';
import type { WordDeps } from '../privacy/privacy.ts';
import type { RawTx } from '../database/transact.ts';

/** What recoveries work with: all that lifting a stop takes, since their last step does. */
export interface RecoveryDeps extends LiftDeps, WordDeps, Pick<ProjectApprovalDeps, 'prisma' | 'onSettled'> {
  log: Log;
  /** Writes jobs in the transaction given: a worker runs what is approved of these recoveries. */
  enqueueRecoveries: (tx: RawTx, recoveryIds: string[]) => Promise<void>;
}
