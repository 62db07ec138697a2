import { type Query, queryWithin } from '../database/query.ts';
import type { RawTx } from '../database/transact.ts';
import type { Ids } from '../kernel/ids.ts';
import { lockBudgets, lockReservations, type Written, writeBudgets } from './book.ts';
import { giveBack, hold, settle, spend } from './draft.ts';
import type { AttributedMove, Reservation } from './moves.ts';
import { movePlainly } from './plain-moves.ts';

/**
 * Does all of these moves, with their events, alerts and reasons to stop, in the caller's transaction. Null: a hold does
 * not fit, or a stop is in force; the caller must take everything back. The limit stands in the statement that takes the
 * money, or is decided under the row's lock (behaviour 6.2): whatever was read before decides nothing. Where a period is
 * over, the next one begins first (behaviour 6.1).
 *
 * Locks reservations by id, then budgets by project, behind everything else that a change locks.
 */
export async function moveMoney(
  tx: RawTx,
  ids: Ids,
  moves: readonly AttributedMove[],
  now: Date,
): Promise<Written | null> {
  const query = queryWithin(tx);
  const { projects, events } = await movePlainly(query, ids, moves, now);
  const left = moves.filter(({ projectId }) => !projects.has(projectId));
  if (left.length === 0) return { events, signalled: [] };
  const written = await moveUnderLock(query, ids, left, now);
  return written && { ...written, events: [...events, ...written.events] };
}

async function moveUnderLock(
  query: Query,
  ids: Ids,
  moves: readonly AttributedMove[],
  now: Date,
): Promise<Written | null> {
  const ending = moves.filter(({ kind }) => kind !== 'hold').map(({ reservationId }) => reservationId);
  const reservations = await lockReservations(query, ending);
  const drafts = await lockBudgets(query, [...new Set(moves.map(({ projectId }) => projectId))], now);
  for (const move of moves) {
    const draft = drafts.get(move.projectId);
    if (draft === undefined) throw new Error(`the project ${move.projectId} has no budget`);
    if (move.kind === 'hold') {
      const { granted } = hold(draft, move);
      if (granted === null) return null;
      reservations.set(granted.id, granted);
      continue;
    }
    if (move.kind === 'spend') {
      reservations.set(move.reservationId, spend(draft, move));
      continue;
    }
    const reservation = reservations.get(move.reservationId);
    if (reservation !== undefined) reservations.set(reservation.id, ended(draft, move, reservation));
  }
  return writeBudgets(query, ids, drafts.values(), now);
}

function ended(
  draft: Parameters<typeof settle>[0],
  move: Exclude<AttributedMove, { kind: 'hold' | 'spend' }>,
  reservation: Reservation,
): Reservation {
  if (move.kind === 'settle')
    return reservation.status === 'COMMITTED' ? reservation : settle(draft, move, reservation);
  return reservation.status === 'HELD' ? giveBack(draft, reservation, 'RELEASED', move) : reservation;
}
