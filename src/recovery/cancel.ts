import { cancelRecoveryApprovals } from '../approvals/cancel-recovery.ts';
import { transact, type Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import { announceRecovery } from './announce.ts';
import type { RecoveryDeps } from './deps.ts';
import { notFound } from './execute-step.ts';
import { cancelled, mayCancel } from './rules.ts';
import { lockRecovery, writeMove } from './store.ts';

/**
 * Gives a recovery up, with the approval that it waits for; the stop stays in force (behaviour 7.6), and what its steps
 * have set stays set. Another may begin then.
 */
export async function cancelRecovery(
  deps: RecoveryDeps,
  viewer: Viewer,
  { recoverySessionId, reason }: { recoverySessionId: string; reason?: string | null },
): Promise<{ recoveryId: string }> {
  const faults = new Faults();
  faults.text(['reason'], reason, MAX_MESSAGE);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const told = await transact(deps.database, 'cancel a recovery', (tx) =>
    cancel(tx, deps, viewer, recoverySessionId, reason ?? null),
  );
  const { projectId, stopId } = told.recovery;
  announceRecovery(deps, { projectId, stopId, approvalIds: told.approvalIds, eventIds: told.eventIds });
  return { recoveryId: recoverySessionId };
}

async function cancel(tx: Tx, deps: RecoveryDeps, viewer: Viewer, id: string, reason: string | null) {
  // The approval before the recovery, as whoever decides on it takes them.
  await tx.$queryRaw`
    SELECT id FROM approvals WHERE recovery_id = ${id} AND status = 'PENDING' ORDER BY id FOR NO KEY UPDATE`;
  const before = await lockRecovery(tx, id);
  if (before === null || !inScope(viewer, before.projectId)) throw notFound();
  const allowed = mayCancel(before);
  if (!allowed.ok) throw new DomainError([allowed.error]);
  const { actor } = viewer;
  const now = deps.clock.now();
  const after = cancelled(before, now);
  const events = await writeMove(tx, { before, after, actor, now });
  const eventIds = await appendEvents(
    tx,
    deps.ids,
    events.map((event) => (event.type === 'recovery_ended' ? { ...event, data: { ...event.data, reason } } : event)),
  );
  const why = reason ?? 'the recovery was cancelled';
  const dropped = await cancelRecoveryApprovals(tx, deps, { recoveryId: id, reason: why, actor, now });
  return { recovery: before, approvalIds: dropped.approvalIds, eventIds: [...eventIds, ...dropped.eventIds] };
}
