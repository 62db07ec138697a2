import { moveMoney } from '../budgets/move-money.ts';
import type { Tx } from '../database/transact.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Item } from './halt.ts';
import type { About } from './stop-events.ts';

/** Of an approval that was cancelled. */
export type Holder = Item & { reservationId: string | null };

/**
 * Says on the project's budget whether a stop holds it, and gives back what the reservations of these approvals still
 * hold. Locks reservations by id, then the budget, behind everything else that a stop or a lift locks. Answers with the
 * ids of the events that this wrote.
 */
export async function markBudget(
  tx: Tx,
  ids: Ids,
  { projectId, actor, now }: About,
  { stopped, cancelled }: { stopped: boolean; cancelled: readonly Holder[] },
): Promise<string[]> {
  const moves = cancelled.flatMap(({ reservationId, teamId, sessionId }) =>
    reservationId === null
      ? []
      : [{ kind: 'release' as const, projectId, reservationId, actor, teamId, sessionId }],
  );
  const released = moves.length === 0 ? null : await moveMoney(tx, ids, moves, now);
  await tx.$executeRaw`
    UPDATE budgets SET emergency_stop_triggered = ${stopped}::boolean, updated_at = ${now}::timestamptz
    WHERE project_id = ${projectId}`;
  return released === null ? [] : released.events.map(({ id }) => id);
}
