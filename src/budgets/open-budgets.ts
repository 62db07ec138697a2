import { appendEvents, type NewEvent } from '../events/append.ts';
import { transact, type Tx } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { systemActor } from '../identity/viewer.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { snake } from '../sessions/columns.ts';
import { newBudget, tellLimits } from './limits.ts';
import { about } from './move-events.ts';
import { budgetColumns, budgetRow, type BudgetState } from './state.ts';

/** Writes budgets that projects have not got yet. Returns the projects that had none. */
export async function insertBudgets(tx: Tx, budgets: readonly BudgetState[]): Promise<Set<string>> {
  const fields = Object.entries(budgetColumns);
  const made = await tx.$queryRawUnsafe<{ projectId: string }[]>(
    `INSERT INTO budgets (${fields.map(([field]) => snake(field)).join(', ')})
      SELECT ${fields.map(([field]) => `t."${field}"`).join(', ')}
      FROM jsonb_to_recordset($1::jsonb) AS t(${fields.map(([field, type]) => `"${field}" ${type}`).join(', ')})
      ORDER BY t."projectId" ON CONFLICT (project_id) DO NOTHING RETURNING project_id AS "projectId"`,
    JSON.stringify(budgets.map(budgetRow)),
  );
  return new Set(made.map(({ projectId }) => projectId));
}

/** Budgets made in one transaction. */
const AT_ONCE = 500;

interface Deps {
  database: { prisma: PrismaClient };
  clock: Clock;
  ids: Ids;
}

/**
 * Gives a budget to every project that has none: those that are older than budgets. Run at each start, by all replicas
 * at once if need be: each project gets one.
 */
export async function openMissingBudgets({ database, clock, ids }: Deps): Promise<void> {
  for (;;) {
    const projects = await database.prisma.project.findMany({
      where: { budget: null },
      select: { id: true, timeZone: true },
      orderBy: { id: 'asc' },
      take: AT_ONCE,
    });
    if (projects.length === 0) return;
    await transact(database, 'open budgets', async (tx) => {
      const now = clock.now();
      const budgets = projects.map(({ id, timeZone }) => newBudget(id, timeZone, now));
      const made = await insertBudgets(tx, budgets);
      const opened = budgets.filter(({ projectId }) => made.has(projectId));
      if (opened.length > 0)
        await appendEvents(
          tx,
          ids,
          opened.map((budget) => openedEvent(budget, now)),
        );
    });
  }
}

const openedEvent = (budget: BudgetState, now: Date): NewEvent => ({
  ...about(budget.projectId, { actor: systemActor, teamId: null, sessionId: null }, now),
  type: 'budget_limits_changed',
  data: { before: null, after: tellLimits(budget) },
});
