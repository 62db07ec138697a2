import { toDecimal } from '../budgets/state.ts';
import { queryWithin } from '../database/query.ts';
import type { RawTx } from '../database/transact.ts';
import { granterStands } from './granter.ts';

/** What a change of a session counts on a standing approval, in its own transaction. Ten-thousandths of a dollar. */
export interface StandingMove {
  /** "use": a call is let through, with its estimate; "excess": its answer came to so much more than that. */
  readonly kind: 'use' | 'excess';
  readonly standingId: string;
  readonly cost: bigint;
}

/** It does not carry what was to be let through by it any more: everything of the transaction is taken back. */
export class StandingSpent extends Error {
  override name = 'StandingSpent';
}

/**
 * Counts what these calls take, where all of it still fits: the bounds, the expiry, the revocation and the authority of
 * whoever granted it stand in the statement itself (behaviour 5.9). What was read before decides nothing. Throws
 * StandingSpent where one of them carries not all that is wanted of it. Locks by id, behind sessions and before budgets.
 */
export async function countUses(tx: RawTx, moves: readonly StandingMove[], now: Date): Promise<void> {
  if (moves.length === 0) return;
  const query = queryWithin(tx);
  const uses = totals(moves, 'use');
  if (uses.length > 0) {
    const counted = await query<{ id: string }>({
      text: USE,
      values: [JSON.stringify(uses), now.toISOString()],
    });
    if (counted.length < uses.length) {
      const spent = uses.filter(({ id }) => !counted.some((row) => row.id === id)).map(({ id }) => id);
      throw new StandingSpent(`a standing approval carries no more: ${spent.join(', ')}`);
    }
  }
  const excess = totals(moves, 'excess');
  if (excess.length > 0) await query({ text: EXCESS, values: [JSON.stringify(excess)] });
}

function totals(moves: readonly StandingMove[], kind: StandingMove['kind']) {
  const byId = Map.groupBy(
    moves.filter((move) => move.kind === kind),
    ({ standingId }) => standingId,
  );
  return [...byId].map(([id, mine]) => ({
    id,
    uses: mine.length,
    cost: toDecimal(mine.reduce((sum, { cost }) => sum + cost, 0n)),
  }));
}

const WANTED = `
  wanted AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(id text, uses int, cost numeric)),
  locked AS MATERIALIZED (
    SELECT s.id FROM standing_approvals s WHERE s.id IN (SELECT id FROM wanted) ORDER BY s.id FOR NO KEY UPDATE)`;

const USE = `
  WITH ${WANTED}
  UPDATE standing_approvals s SET uses = s.uses + w.uses, cost = s.cost + w.cost, last_used_at = $2::timestamptz
  FROM wanted w JOIN locked USING (id)
  WHERE s.id = w.id AND s.ended_at IS NULL AND s.expires_at > $2::timestamptz
    AND s.uses + w.uses <= s.maximum_uses AND s.cost + w.cost <= s.maximum_cost
    AND ${granterStands('s', '$2::timestamptz')}
  RETURNING s.id`;

/** What a call took beyond its estimate counts in full, whatever the cap: the next one finds less left. */
const EXCESS = `
  WITH ${WANTED}
  UPDATE standing_approvals s SET cost = s.cost + w.cost FROM wanted w JOIN locked USING (id) WHERE s.id = w.id`;
