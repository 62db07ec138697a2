import type { Sweep } from '../clock/sweep.ts';
import { type Query, queryWithin } from '../database/query.ts';
import { transact } from '../database/transact.ts';
import { announceAndLook } from './announce.ts';
import { lockBudgets, lockReservations, type Written, writeBudgets } from './book.ts';
import type { BudgetDeps } from './deps.ts';
import { giveBack } from './draft.ts';
import { dueHolds, timeRuns } from './due-holds.ts';

// What the clock does to budgets: gives back the holds whose time is over (behaviour 6.3), and begins the periods that
// run by now, also where nothing else moves the budget (behaviour 6.1).

/** Rows in one transaction. */
const HOLDS = 2_000;
const PERIODS = 500;

export const createBudgetSweep = (deps: BudgetDeps): Sweep => ({
  name: 'budgets',
  async run(now) {
    const next = await nextDue(deps);
    if (next === null || next > now) return { again: false, next };
    await sweep(deps, 'expire holds', (query) => expireHolds(deps, query, now));
    await sweep(deps, 'begin budget periods', (query) => beginPeriods(deps, query, now));
    return { again: true, next: null };
  },
});

async function sweep(
  deps: BudgetDeps,
  name: string,
  work: (query: Query) => Promise<Written | null>,
): Promise<void> {
  const written = await transact(deps.database, name, (tx) => work(queryWithin(tx)));
  if (written !== null) await announceAndLook(deps, written);
}

async function expireHolds({ ids }: BudgetDeps, query: Query, now: Date): Promise<Written | null> {
  const due = await dueHolds(query, { now, limit: HOLDS });
  if (due.length === 0) return null;
  const reservations = [...(await lockReservations(query, due)).values()];
  // One that was committed or released since it was found has nothing left to give back.
  const overdue = reservations.filter(({ status }) => status === 'HELD');
  const drafts = await lockBudgets(query, [...new Set(overdue.map(({ projectId }) => projectId))], now);
  for (const reservation of overdue) giveBack(drafts.get(reservation.projectId)!, reservation, 'EXPIRED');
  return writeBudgets(query, ids, drafts.values(), now);
}

async function beginPeriods({ ids }: BudgetDeps, query: Query, now: Date): Promise<Written | null> {
  const due = await query<{ projectId: string }>({
    text: `SELECT project_id AS "projectId" FROM (
        (SELECT project_id FROM budgets WHERE day_end <= $1::timestamptz ORDER BY day_end LIMIT $2::int)
        UNION
        (SELECT project_id FROM budgets WHERE month_end <= $1::timestamptz ORDER BY month_end LIMIT $2::int)
      ) due LIMIT $2::int`,
    values: [now, PERIODS],
  });
  if (due.length === 0) return null;
  const drafts = await lockBudgets(
    query,
    due.map(({ projectId }) => projectId),
    now,
  );
  return writeBudgets(query, ids, drafts.values(), now);
}

/** The earliest that is due, or will be: of what the indexes have first. */
async function nextDue({ database: { query } }: BudgetDeps): Promise<Date | null> {
  const [row] = await query<{ next: Date | null }>({
    text: `SELECT least((SELECT r.expires_at FROM budget_reservations r
        WHERE r.status = 'HELD' AND ${timeRuns} ORDER BY r.expires_at LIMIT 1),
      (SELECT min(day_end) FROM budgets), (SELECT min(month_end) FROM budgets)) AS next`,
    values: [],
  });
  return row!.next;
}
