import type { Tx } from '../database/transact.ts';

/**
 * Says on the project's budget whether a stop holds it, and gives back what these reservations still hold. In whichever
 * period: what is held carries over. Locks reservations by id, then the budget, behind everything else that a stop or
 * a lift locks. Answers with the reservations that held something.
 */
export async function markBudget(
  tx: Tx,
  { projectId, stopped, reservationIds, now }: {
    projectId: string;
    stopped: boolean;
    reservationIds: readonly string[];
    now: Date;
  },
): Promise<Set<string>> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    WITH held AS MATERIALIZED (
      SELECT r.id, r.tokens, r.cost FROM budget_reservations r
      WHERE r.id = ANY(${reservationIds}::text[]) AND r.status = 'HELD' ORDER BY r.id FOR NO KEY UPDATE),
    released AS (
      UPDATE budget_reservations r SET status = 'RELEASED' FROM held WHERE r.id = held.id),
    marked AS (
      UPDATE budgets b SET emergency_stop_triggered = ${stopped}::boolean, updated_at = ${now}::timestamptz,
        tokens_reserved = b.tokens_reserved - (SELECT coalesce(sum(tokens), 0)::bigint FROM held),
        cost_reserved = b.cost_reserved - (SELECT coalesce(sum(cost), 0) FROM held)
      WHERE b.project_id = ${projectId})
    SELECT id FROM held`;
  return new Set(rows.map(({ id }) => id));
}
