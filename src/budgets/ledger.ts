import { isDataFault } from '../database/faults.ts';
import { retrying } from '../database/transact.ts';
import { recall, toRow } from '../idempotency/idempotency.ts';
import { inScope } from '../identity/viewer.ts';
import type { Json } from '../kernel/json.ts';
import { Lane } from '../kernel/lane.ts';
import { announce, announceAndLook } from './announce.ts';
import { readReservations } from './book.ts';
import {
  afterMove,
  type Answer,
  type Call,
  type EndCall,
  granted,
  moveOf,
  refused,
  repeated,
  type ReserveCall,
  settledBefore,
  type Verdict,
} from './ledger-calls.ts';
import type { BudgetDeps } from './deps.ts';
import { moveLocked } from './move-locked.ts';
import type { AttributedMove, Reservation } from './moves.ts';
import { movePlainly, type RememberedKey } from './plain-moves.ts';
import { noProject, noReservation } from './refusals.ts';

// The ways into a budget:
//
//   API (reserve, commit, release) ─▶ ledger ─▶ plain-moves: one statement (statement.ts) for all that waits
//                                        └─ what that leaves ─▶ move-locked: under the budget's lock
//   other rooms, in a transaction of theirs ─▶ move-money ─▶ plain-moves, and for what that leaves the same lock
//
// Under the lock book.ts reads and writes, draft.ts holds what changes, rules.ts decides.
//
// Reserving, committing and releasing: everything that waits goes in one statement without BEGIN (statement.ts). What
// that leaves untouched, because something about its project is not plain, is decided call by call in the order of
// arrival, under the lock of the budget's row (move-locked.ts): so nothing is granted past a limit, and nothing that
// fits is refused.

/** Calls in one statement. */
const BATCH = 500;
/** How often a call goes again, behind others of its reservation or its idempotency key. */
const ATTEMPTS = 100;

/** Does what a call asks for, or rejects with why not. */
export type Ledger = (call: Call) => Promise<Answer>;

/** "again": an equal call of this batch, or of another process, goes first. */
type Fared = PromiseSettledResult<Answer | 'again'>;

/** A call that is to be moved. */
export interface Moving {
  call: Call;
  move: AttributedMove;
  /** As it was read; null for a new one. */
  before: Reservation | null;
}

export function createLedger(deps: BudgetDeps): Ledger {
  const lane = new Lane<Call, Answer | 'again'>((calls) => round(deps, calls), { longest: BATCH });
  return async (call) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const fared = await lane.submit(call);
      if (fared !== 'again') return fared;
    }
    throw new Error(`a call of the ledger went behind others ${ATTEMPTS} times`);
  };
}

const AGAIN: Fared = { status: 'fulfilled', value: 'again' };

async function round(deps: BudgetDeps, calls: Call[]): Promise<Fared[]> {
  const fared = new Map<Call, Fared>();
  try {
    const moving = await prepare(deps, calls, fared);
    if (moving.length > 0) await move(deps, moving, fared);
  } catch (error) {
    const left = calls.filter((call) => !fared.has(call));
    // A key that another process wrote at this instant, or a value that the database will not have: nothing of what is
    // left was written. Each by itself, only the one at fault fails.
    if (isDataFault(error) && left.length > 1)
      for (const call of left) fared.set(call, (await round(deps, [call]))[0]!);
    else
      for (const call of left)
        fared.set(call, isDataFault(error) && hasKey(call) ? AGAIN : { status: 'rejected', reason: error });
  }
  return calls.map((call) => fared.get(call)!);
}

const isReserve = (call: Call): call is ReserveCall => call.kind === 'reserve';
const isEnd = (call: Call): call is EndCall => call.kind !== 'reserve';
const hasKey = (call: Call): call is ReserveCall => isReserve(call) && call.idempotency !== null;

const toFared = (verdict: Verdict): Fared =>
  verdict.ok ? { status: 'fulfilled', value: verdict.answer } : { status: 'rejected', reason: verdict.error };

/** Answers what is decided by what is read; the rest is to be moved. Two of one reservation or key do not go together. */
async function prepare(deps: BudgetDeps, calls: readonly Call[], fared: Map<Call, Fared>): Promise<Moving[]> {
  const { prisma, query } = deps.database;
  const now = deps.clock.now();
  const named = calls.filter(isEnd).map(({ reservationId }) => reservationId);
  const [reservations, known] = await Promise.all([
    readReservations(query, named),
    recall(prisma, deps.clock, calls.filter(hasKey)),
  ]);
  await repeat(deps, known, fared);
  const taken = new Set<string>();
  const moving: Moving[] = [];
  for (const call of calls) {
    if (fared.has(call)) continue;
    const reservation = isEnd(call) ? reservations.get(call.reservationId) : undefined;
    const verdict = isEnd(call) ? settledBefore(call, reservation) : outOfReach(call);
    const subject = isEnd(call) ? call.reservationId : keyOf(call);
    if (verdict !== null) fared.set(call, toFared(verdict));
    else if (subject !== null && taken.has(subject)) fared.set(call, AGAIN);
    else {
      if (subject !== null) taken.add(subject);
      const about = isEnd(call)
        ? reservation!
        : { id: deps.ids.next('reservation'), projectId: call.projectId };
      moving.push({ call, move: moveOf(call, about, now), before: reservation ?? null });
    }
  }
  return moving;
}

const outOfReach = ({ viewer, projectId }: ReserveCall): Verdict | null =>
  inScope(viewer, projectId) ? null : refused(noProject);

const keyOf = ({ idempotency }: ReserveCall): string | null =>
  idempotency && `${idempotency.credentialId} ${idempotency.key}`;

/** Those that were answered before get the same reservation again, as it stands. */
async function repeat(
  { database: { query } }: BudgetDeps,
  known: ReadonlyMap<Call, PromiseSettledResult<Json>>,
  fared: Map<Call, Fared>,
): Promise<void> {
  if (known.size === 0) return;
  const idOf = ({ value }: PromiseFulfilledResult<Json>) =>
    (value as { reservationId: string }).reservationId;
  const found = [...known.values()].filter((result) => result.status === 'fulfilled');
  const reservations = await readReservations(query, found.map(idOf));
  for (const [call, result] of known) {
    if (result.status === 'rejected') fared.set(call, result);
    else {
      const reservation = reservations.get(idOf(result));
      fared.set(
        call,
        toFared(reservation === undefined ? refused(noReservation) : repeated(reservation, granted)),
      );
    }
  }
}

/** Plainly where that will do, else under the lock; told and looked at before anybody is answered. */
async function move(deps: BudgetDeps, moving: readonly Moving[], fared: Map<Call, Fared>): Promise<void> {
  const { database, ids, clock } = deps;
  const now = clock.now();
  const moves = moving.map((each) => each.move);
  const keys = moving.flatMap((each) => rememberedKey(deps, each));
  const { projects, events } = await retrying('move budgets', () =>
    movePlainly(database.query, ids, moves, now, keys),
  );
  for (const { call, move: made, before } of moving)
    if (projects.has(made.projectId)) fared.set(call, toFared(afterMove(call, made, before)));
  const left = moving.filter(({ move: { projectId } }) => !projects.has(projectId));
  announce(deps, events);
  if (left.length === 0) return;
  const { verdicts, written } = await moveLocked(deps, left, (each) => rememberedKey(deps, each));
  const looked = await announceAndLook(deps, written).then(
    () => null,
    (reason: unknown): Fared => ({ status: 'rejected', reason }),
  );
  // Committed, and not to be done again: who asks once more finds out how it stands.
  for (const [call, verdict] of verdicts) fared.set(call, looked ?? toFared(verdict));
}

function rememberedKey({ clock }: BudgetDeps, { call, move: made }: Moving): RememberedKey[] {
  if (!hasKey(call)) return [];
  const { projectId, reservationId } = made;
  return [{ ...toRow(clock, call.idempotency!, { reservationId }), projectId }];
}
