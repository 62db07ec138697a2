import { expect } from 'vitest';
import type { BudgetDeps } from '../../src/budgets/deps.ts';
import { commitBudget } from '../../src/budgets/commit.ts';
import { createLedger, type Ledger } from '../../src/budgets/ledger.ts';
import type { LimitsInput } from '../../src/budgets/limits.ts';
import { readBudgets } from '../../src/budgets/queries.ts';
import { releaseBudget } from '../../src/budgets/release.ts';
import { reserveBudget, type ReserveInput } from '../../src/budgets/reserve.ts';
import { lines } from '../../src/budgets/rules.ts';
import { setBudgetLimits } from '../../src/budgets/set-limits.ts';
import { toDecimal, toUnits } from '../../src/budgets/state.ts';
import { createBudgetSweep } from '../../src/budgets/sweep.ts';
import type { Database } from '../../src/database/open.ts';
import type { Announcement } from '../../src/events/changes.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { createIds } from '../../src/kernel/ids.ts';
import type { Team } from '../support/house.ts';

/** The ledger of one process over one database: two of them are two replicas. */
export interface Till {
  deps: BudgetDeps;
  ledger: Ledger;
  announced: Announcement[];
  /** The projects that were looked at for a reason to stop, in order. */
  looked: string[];
}

export function openTill(database: Pick<Database, 'kind' | 'prisma' | 'query'>, clock: Clock): Till {
  const announced: Announcement[] = [];
  const looked: string[] = [];
  const deps: BudgetDeps = {
    database,
    clock,
    ids: createIds(clock),
    changes: { announce: (announcement) => void announced.push(announcement) },
    committed: () => {},
    stops: { look: async (projectId) => void looked.push(projectId) },
  };
  return { deps, ledger: createLedger(deps), announced, looked };
}

/** The verbs, with what a test does not care about filled in. */
export function tellers(
  { deps, ledger }: Till,
  { projectId, agent, manager }: Pick<Team, 'projectId' | 'agent' | 'manager'>,
) {
  return {
    reserve: (tokens: number, cost: string, more: Partial<ReserveInput> = {}, by: Viewer = agent) =>
      reserveBudget(ledger, by, { projectId, tokens, cost, ...more }),
    commit: (reservationId: string, tokens: number, cost: string, by: Viewer = agent) =>
      commitBudget(ledger, by, { reservationId, tokens, cost }),
    release: (reservationId: string, by: Viewer = agent) => releaseBudget(ledger, by, reservationId),
    limit: (limits: LimitsInput, by: Viewer = manager) => setBudgetLimits(deps, by, { projectId, limits }),
    sweep: async () => {
      const sweep = createBudgetSweep(deps);
      while ((await sweep.run(deps.clock.now())).again);
    },
    /** Each line as `used + reserved of limit + overridden`. */
    lines: async () => {
      const [budget] = await readBudgets(deps.database.query, [projectId], deps.clock.now());
      return Object.fromEntries(
        lines(budget!.state).map((line) => {
          const show = (value: bigint) =>
            line.limitType.startsWith('TOKEN') ? String(value) : toDecimal(value);
          const { used, reserved, limit, overridden } = line;
          return [
            line.limitType,
            `${show(used)} + ${show(reserved)} of ${show(limit)} + ${show(overridden)}`,
          ];
        }),
      );
    },
    reservations: () =>
      deps.database.prisma.budgetReservation.findMany({ where: { projectId }, orderBy: { id: 'asc' } }),
    events: async () =>
      (
        await deps.database.prisma.unsealedEvent.findMany({
          where: { projectId },
          orderBy: { sequence: 'asc' },
        })
      ).map(({ type, data, subjectId, actor }) => ({ type, data, subjectId, actor })),
    alerts: async () =>
      (
        await deps.database.prisma.budgetAlert.findMany({
          where: { budget: { projectId } },
          orderBy: [{ triggeredAt: 'asc' }, { limitType: 'asc' }, { alertType: 'asc' }],
        })
      ).map(({ limitType, alertType }) => `${limitType} ${alertType}`),
    signals: () => deps.database.prisma.stopSignal.findMany({ where: { projectId } }),
  };
}

/** What must hold whatever has happened: the columns are the sum of the rows, and so is the log. */
export async function expectBalanced({ deps: { database } }: Till, projectId: string): Promise<void> {
  const row = await database.prisma.budget.findUniqueOrThrow({ where: { projectId } });
  const reservations = await database.prisma.budgetReservation.findMany({ where: { projectId } });
  const held = reservations.filter(({ status }) => status === 'HELD');
  const units = (value: { toString(): string } | null) => toUnits(value?.toString() ?? '0');
  expect(row.tokensReserved).toBe(held.reduce((sum, { tokens }) => sum + BigInt(tokens), 0n));
  expect(units(row.costReserved)).toBe(held.reduce((sum, { cost }) => sum + units(cost), 0n));
  const events = await database.prisma.unsealedEvent.findMany({ where: { projectId } });
  const told = (type: string): string[] =>
    events
      .filter((event) => event.type === type)
      .flatMap(({ data }) => (data as { reservations: string[] }).reservations)
      .toSorted();
  const ids = (rows: typeof reservations) => rows.map(({ id }) => id).toSorted();
  expect(told('budget_reserved')).toEqual(ids(reservations));
  expect(told('budget_committed')).toEqual(ids(reservations.filter(({ status }) => status === 'COMMITTED')));
}
