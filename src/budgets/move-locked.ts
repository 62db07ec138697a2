import { queryWithin } from '../database/query.ts';
import { transact } from '../database/transact.ts';
import { lockBudgets, lockReservations, type Written, writeBudgets } from './book.ts';
import { type Call, decideLocked, type Verdict } from './ledger-calls.ts';
import type { BudgetDeps } from './deps.ts';
import { giveBack } from './draft.ts';
import { dueHolds } from './due-holds.ts';
import type { Moving } from './ledger.ts';
import type { RememberedKey } from './plain-moves.ts';

/** Holds out of time that are given back before anything is refused for want of them. */
const GIVEN_BACK_AT_ONCE = 1000;

/**
 * Decides calls one after the other under their budgets' locks, in one transaction: what fits is granted in the order of
 * arrival. What no hold stands for any more, because its time is over, is given back first.
 */
export function moveLocked(
  { database, ids, clock }: BudgetDeps,
  moving: readonly Moving[],
  keyOf: (moving: Moving) => RememberedKey[],
): Promise<{ verdicts: Map<Call, Verdict>; written: Written }> {
  return transact(database, 'move budgets', async (tx) => {
    const query = queryWithin(tx);
    const now = clock.now();
    const projects = [...new Set(moving.map(({ move }) => move.projectId))];
    const named = moving.flatMap(({ before }) => before?.id ?? []);
    const due = await dueHolds(query, { now, projects, but: named, limit: GIVEN_BACK_AT_ONCE });
    const reservations = await lockReservations(query, [...named, ...due]);
    const drafts = await lockBudgets(query, projects, now);
    for (const id of due) {
      const overdue = reservations.get(id);
      const draft = overdue && drafts.get(overdue.projectId);
      if (draft && overdue.status === 'HELD') giveBack(draft, overdue, 'EXPIRED');
    }
    const verdicts = new Map<Call, Verdict>();
    const keys: RememberedKey[] = [];
    for (const each of moving) {
      const { call, move, before } = each;
      const verdict = decideLocked(
        call,
        move,
        drafts.get(move.projectId),
        before ? reservations.get(before.id) : undefined,
      );
      verdicts.set(call, verdict);
      if (verdict.ok && !verdict.answer.repeated) keys.push(...keyOf(each));
    }
    return { verdicts, written: await writeBudgets(query, ids, drafts.values(), now, keys) };
  });
}
