import { lockReservations } from '../budgets/book.ts';
import { moveMoney } from '../budgets/move-money.ts';
import { queryWithin } from '../database/query.ts';
import type { Tx } from '../database/transact.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Item } from './halt.ts';
import type { About } from './stop-events.ts';

/** Of an approval that was cancelled. */
export type Holder = Item & { reservationId: string | null };

/** Of an approval that was frozen, with for how many milliseconds. */
export type Thawed = Holder & { heldMs: number };

/**
 * Says on the project's budget whether a stop holds it, gives back what the reservations of the approvals that it cancelled
 * still hold, and gives those of what it had frozen the time for which they stood still (behaviour 7.7). Locks reservations
 * by id, then the budget, behind everything else that a stop or a lift locks. Answers with the ids of the events that this
 * wrote.
 */
export async function markBudget(
  tx: Tx,
  ids: Ids,
  { projectId, actor, now }: About,
  {
    stopped,
    cancelled,
    thawed,
  }: { stopped: boolean; cancelled: readonly Holder[]; thawed: readonly Thawed[] },
): Promise<string[]> {
  const waited = thawed.flatMap(({ reservationId, heldMs }) =>
    reservationId === null ? [] : [{ id: reservationId, heldMs }],
  );
  const moves = cancelled.flatMap(({ reservationId, teamId, sessionId }) =>
    reservationId === null
      ? []
      : [{ kind: 'release' as const, projectId, reservationId, actor, teamId, sessionId }],
  );
  // All of them at once: one part behind the other would not be in the order of the ids.
  if (waited.length > 0)
    await lockReservations(queryWithin(tx), [
      ...waited.map(({ id }) => id),
      ...moves.map(({ reservationId }) => reservationId),
    ]);
  await postpone(tx, waited);
  const released = moves.length === 0 ? null : await moveMoney(tx, ids, moves, now);
  await tx.$executeRaw`
    UPDATE budgets SET emergency_stop_triggered = ${stopped}::boolean, updated_at = ${now}::timestamptz
    WHERE project_id = ${projectId}`;
  return released === null ? [] : released.events.map(({ id }) => id);
}

async function postpone(tx: Tx, holds: readonly { id: string; heldMs: number }[]): Promise<void> {
  if (holds.length === 0) return;
  const reservationIds = holds.map(({ id }) => id);
  const held = holds.map(({ heldMs }) => heldMs);
  await tx.$executeRaw`
    UPDATE budget_reservations r SET expires_at = r.expires_at + h.held * interval '1 millisecond'
    FROM unnest(${reservationIds}::text[], ${held}::float8[]) AS h(id, held)
    WHERE r.id = h.id AND r.status = 'HELD'`;
}
