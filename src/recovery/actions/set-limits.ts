import { toDecimal, toUnits } from '../../budgets/state.ts';
import { appendEvents } from '../../events/append.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { PlannedLimits } from '../plan.ts';
import { type Action, StepFailed } from './action.ts';

interface Limits {
  id: string;
  dailyTokens: bigint;
  monthlyTokens: bigint;
  dailyCost: string;
  monthlyCost: string;
}

/** Sets the limits that the plan's approver named; those that were not named stay as they are. Twice is once. */
export const setLimits: Action = {
  async run(tx, deps, { recovery: { projectId }, step, actor, now }) {
    const { limits } = step.parameters as unknown as { limits: PlannedLimits };
    const [before] = await tx.$queryRaw<Limits[]>`
      SELECT id, daily_token_limit AS "dailyTokens", monthly_token_limit AS "monthlyTokens",
        daily_cost_limit::text AS "dailyCost", monthly_cost_limit::text AS "monthlyCost"
      FROM budgets WHERE project_id = ${projectId} FOR NO KEY UPDATE`;
    if (before === undefined) throw new StepFailed('the project has no budget whose limits could be set');
    const after = {
      dailyTokens: BigInt(limits.dailyTokens ?? before.dailyTokens),
      monthlyTokens: BigInt(limits.monthlyTokens ?? before.monthlyTokens),
      dailyCost: limits.dailyCost ?? before.dailyCost,
      monthlyCost: limits.monthlyCost ?? before.monthlyCost,
    };
    await tx.$executeRaw`
      UPDATE budgets SET daily_token_limit = ${after.dailyTokens}, monthly_token_limit = ${after.monthlyTokens},
        daily_cost_limit = ${after.dailyCost}::numeric, monthly_cost_limit = ${after.monthlyCost}::numeric,
        updated_at = ${now}::timestamptz
      WHERE project_id = ${projectId}`;
    const told = { before: shown(before), after: shown(after) };
    const eventIds = await appendEvents(tx, deps.ids, [
      {
        type: 'budget_limits_changed',
        projectId,
        teamId: null,
        sessionId: null,
        subjectId: before.id,
        actor,
        data: told,
        occurredAt: now,
      },
    ]);
    return { result: told, eventIds, budget: true };
  },
  /** Whoever recovers by hand sets them with setBudgetLimits. */
  byHand: async () => ({ result: {} }),
};

const shown = ({ dailyTokens, monthlyTokens, dailyCost, monthlyCost }: Omit<Limits, 'id'>): JsonObject => ({
  dailyTokens: Number(dailyTokens),
  monthlyTokens: Number(monthlyTokens),
  dailyCost: toDecimal(toUnits(dailyCost)),
  monthlyCost: toDecimal(toUnits(monthlyCost)),
});
