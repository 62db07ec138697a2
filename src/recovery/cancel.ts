import { changeProjectApproval, resolvedEvent, type Written } from '../approvals/change-project-approval.ts';
import { settled } from '../approvals/vote.ts';
import { transact, type Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import { type Actor, inScope, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import type { TakenOut } from '../privacy/privacy.ts';
import { announceRecovery } from './announce.ts';
import type { RecoveryDeps } from './deps.ts';
import { notFound } from './execute-step.ts';
import { cancelled, mayCancel } from './rules.ts';
import { lockRecovery, writeMove } from './store.ts';
import { takeOut } from './words.ts';

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
  const taken = await takeOut(deps, viewer, recoverySessionId, { reason: reason ?? null });
  const told = await transact(deps.database, 'cancel a recovery', (tx) =>
    cancel(tx, deps, viewer, recoverySessionId, taken),
  );
  const { projectId, stopId } = told.recovery;
  announceRecovery(deps, { projectId, stopId, approvalIds: told.approvalIds, eventIds: told.eventIds });
  return { recoveryId: recoverySessionId };
}

async function cancel(
  tx: Tx,
  deps: RecoveryDeps,
  viewer: Viewer,
  id: string,
  { words: { reason }, kept }: TakenOut<{ reason: string | null }>,
) {
  // The approval before the recovery, as whoever decides on it takes them.
  await tx.$queryRaw`
    SELECT id FROM approvals WHERE recovery_id = ${id} AND status = 'PENDING' ORDER BY id FOR NO KEY UPDATE`;
  const before = await lockRecovery(tx, id);
  if (before === null || !inScope(viewer, before.projectId)) throw notFound();
  const allowed = mayCancel(before);
  if (!allowed.ok) throw new DomainError([allowed.error]);
  await deps.vault.keep(tx, kept);
  const { actor } = viewer;
  const now = deps.clock.now();
  const after = cancelled(before, now);
  const events = await writeMove(tx, { before, after, actor, now });
  const eventIds = await appendEvents(
    tx,
    deps.ids,
    events.map((event) =>
      event.type === 'recovery_ended' ? { ...event, data: { ...event.data, reason } } : event,
    ),
  );
  const approvals = await cancelApprovals(tx, deps, id, {
    reason: reason ?? 'the recovery was cancelled',
    actor,
  });
  return {
    recovery: before,
    approvalIds: approvals.map(({ approval }) => approval.id),
    eventIds: [...eventIds, ...approvals.flatMap((written) => written.eventIds)],
  };
}

/** What it waits for need not be decided any more. By now the recovery is over, and moves with none of them. */
async function cancelApprovals(
  tx: Tx,
  deps: RecoveryDeps,
  recoveryId: string,
  { reason, actor }: { reason: string; actor: Actor },
): Promise<Written[]> {
  const pending = await tx.approval.findMany({
    where: { recoveryId, status: 'PENDING' },
    orderBy: { id: 'asc' },
  });
  const written: Written[] = [];
  for (const row of pending) {
    const one = await changeProjectApproval(tx, deps, row, (approval, { now }) => {
      const gone = settled(approval, 'CANCELLED', { by: actor, reason }, now);
      return { approval: gone, events: [resolvedEvent(gone, actor, now)], settledBy: actor };
    });
    if (one !== null) written.push(one);
  }
  return written;
}
