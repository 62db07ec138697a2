import { builder } from '../graphql/builder.ts';
import { latestSource } from '../graphql/change-source.ts';
import type { Context } from '../graphql/context.ts';
import { loadNodesWith } from '../graphql/node.ts';
import { inScope } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { RequestError } from '../kernel/errors.ts';
import { costFault, MOST_TOKENS_AT_ONCE, tokensFault } from './limits.ts';
import { findReservation, readBudgets, type ShownBudget } from './queries.ts';
import { check } from './rules.ts';
import { Budget, BudgetCheckType, loadBudget } from './types.ts';

loadNodesWith('budget', (id, context) => loadBudget(id.replace(/^budget_/, 'project_'), context));
loadNodesWith('reservation', (id, { viewer, house }) => findReservation(house.database.query, viewer, id));

async function mustSeeBudget(projectId: string, context: Context): Promise<ShownBudget> {
  const budget = await loadBudget(projectId, context);
  if (budget === null) throw new RequestError('NOT_FOUND', 'there is no such project');
  return budget;
}

builder.queryFields((t) => ({
  budget: t.field({
    type: Budget,
    nullable: true,
    args: { projectId: t.arg.id({ required: true }) },
    resolve: (_, { projectId }, context) => loadBudget(projectId, context),
  }),
  checkBudget: t.field({
    type: BudgetCheckType,
    description:
      'Whether a reservation of this size would be granted now. Changes nothing, and holds nothing.',
    args: {
      projectId: t.arg.id({ required: true }),
      estimatedTokens: t.arg.int({ required: true }),
      estimatedCost: t.arg({ type: 'Decimal', required: true }),
    },
    async resolve(_, { projectId, estimatedTokens, estimatedCost }, context) {
      const faults = new Faults();
      const tokens = tokensFault(faults, ['estimatedTokens'], estimatedTokens, MOST_TOKENS_AT_ONCE);
      const cost = costFault(faults, ['estimatedCost'], estimatedCost);
      const [fault] = faults.errors;
      if (fault !== undefined) throw new RequestError('BAD_USER_INPUT', fault.message);
      return check((await mustSeeBudget(projectId, context)).state, { tokens, cost });
    },
  }),
}));

builder.subscriptionField('budgetUpdates', (t) =>
  t.field({
    type: Budget,
    description: 'Each budget that changed.',
    args: { projectId: t.arg.id() },
    async subscribe(_, { projectId }, context) {
      if (projectId && !(inScope(context.viewer, projectId) && (await loadBudget(projectId, context))))
        throw new RequestError('NOT_FOUND', 'there is no such project');
      const { database, clock } = context.house;
      return latestSource(
        context,
        `budgetUpdates|${projectId ?? '*'}`,
        (changed) =>
          changed.budget && (!projectId || changed.projectId === projectId) ? [changed.projectId] : [],
        async (id) => (await readBudgets(database.query, [id], clock.now()))[0]!,
      );
    },
    resolve: (budget: ShownBudget) => budget,
  }),
);
