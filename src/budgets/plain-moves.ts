import type { Query } from '../database/query.ts';
import { unsealed, type UnsealedRow } from '../events/append.ts';
import type { Ids } from '../kernel/ids.ts';
import { eventsOf, told } from './move-events.ts';
import type { AttributedMove } from './moves.ts';
import { toDecimal } from './state.ts';
import { moveStatement } from './statement.ts';

/** A first answer to be remembered with the move of its project. */
export type RememberedKey = Record<string, unknown> & { projectId: string };

interface Wanted {
  tokens: number;
  cost: bigint;
  holds: number;
  ends: number;
}

/**
 * Does all moves of each project that are plain (see statement.ts) in one statement: complete, with its events and keys,
 * or nothing of that project. Returns the projects that were moved, and the ids of their events.
 */
export async function movePlainly(
  query: Query,
  ids: Ids,
  moves: readonly AttributedMove[],
  now: Date,
  keys: readonly RememberedKey[] = [],
): Promise<{ projects: Set<string>; events: UnsealedRow[] }> {
  const plain = withoutRepeats(moves);
  if (plain.length === 0) return { projects: new Set(), events: [] };
  return send(query, ids, plain, now, keys);
}

/** Two moves of one reservation see each other's outcome only under the lock; what was never held is rare, and goes there. */
function withoutRepeats(moves: readonly AttributedMove[]): readonly AttributedMove[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { kind, reservationId, projectId } of moves) {
    if (kind === 'spend' || seen.has(reservationId)) twice.add(projectId);
    seen.add(reservationId);
  }
  return twice.size === 0 ? moves : moves.filter(({ projectId }) => !twice.has(projectId));
}

async function send(
  query: Query,
  ids: Ids,
  moves: readonly AttributedMove[],
  now: Date,
  keys: readonly RememberedKey[],
): Promise<{ projects: Set<string>; events: UnsealedRow[] }> {
  const holds = moves.filter((move) => move.kind === 'hold');
  const ends = moves.filter((move) => move.kind !== 'hold');
  const events = eventsOf(moves.map(told), now).map((event) => unsealed(ids, event));
  const wanted = [...sums(moves)];
  const places = new Map(wanted.map(([projectId], at) => [projectId, at + 1]));
  const list = <T>(rows: readonly T[], value: (row: T) => string | number): string =>
    rows.map(value).join(',');
  const values = [
    list(wanted, ([projectId]) => projectId),
    list(wanted, ([, { tokens }]) => tokens),
    list(wanted, ([, { cost }]) => toDecimal(cost)),
    list(wanted, ([, want]) => want.holds),
    list(wanted, ([, want]) => want.ends),
    now.toISOString(),
    JSON.stringify(events),
    ...(holds.length === 0
      ? []
      : [
          list(holds, ({ reservationId }) => reservationId),
          list(holds, ({ projectId }) => places.get(projectId)!),
          list(holds, ({ approvalId }) => approvalId ?? ''),
          list(holds, ({ tokens }) => tokens),
          list(holds, ({ cost }) => toDecimal(cost)),
          list(holds, ({ createdAt }) => createdAt.getTime() - now.getTime()),
          list(holds, ({ expiresAt }) => expiresAt.getTime() - now.getTime()),
        ]),
    ...(ends.length === 0
      ? []
      : [
          list(ends, ({ reservationId }) => reservationId),
          list(ends, ({ kind }) => (kind === 'settle' ? 't' : 'f')),
          list(ends, (move) => (move.kind === 'settle' ? move.tokens : 0)),
          list(ends, (move) => (move.kind === 'settle' ? toDecimal(move.cost) : 0)),
        ]),
    ...(keys.length === 0 ? [] : [JSON.stringify(keys)]),
  ];
  const text = moveStatement({ holds: holds.length > 0, ends: ends.length > 0, keys: keys.length > 0 });
  const rows = await query<{ projectId: string }>({ text, values });
  const projects = new Set(rows.map(({ projectId }) => projectId));
  return { projects, events: events.filter(({ projectId }) => projects.has(projectId!)) };
}

function sums(moves: readonly AttributedMove[]): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const move of moves) {
    let want = wanted.get(move.projectId);
    if (want === undefined) wanted.set(move.projectId, (want = { tokens: 0, cost: 0n, holds: 0, ends: 0 }));
    if (move.kind === 'hold') {
      want.holds += 1;
      want.tokens += move.tokens;
      want.cost += move.cost;
    } else want.ends += 1;
  }
  return wanted;
}
