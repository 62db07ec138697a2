import { Counter, Gauge, type Registry } from 'prom-client';
import type { Fact } from '../events/seal.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { BudgetLimitType } from '../generated/prisma/enums.ts';

/** Budgets: alerts and overrides as this process seals them, and lines that are past their limit now. */
export function createBudgetMetrics(
  registry: Registry,
  prisma: PrismaClient,
): (facts: readonly Fact[]) => void {
  const registers = [registry];
  const alerts = new Counter({
    name: 'budget_alerts_total',
    help: 'Budget alerts raised, by line and level.',
    labelNames: ['limit', 'alert'],
    registers,
  });
  const overrides = new Counter({
    name: 'budget_overrides_total',
    help: 'Overrides of a budget that were granted, by line.',
    labelNames: ['limit'],
    registers,
  });
  new Gauge({
    name: 'budget_lines_past_limit',
    help: 'Budgets of which more was used than their limit with overrides allows, by line, in the whole database.',
    labelNames: ['limit'],
    registers,
    async collect() {
      const [row] = await prisma.$queryRaw<[Record<string, number>]>`
        SELECT count(*) FILTER (WHERE daily_tokens_used > daily_token_limit + daily_tokens_overridden)::int AS "TOKEN_DAILY",
          count(*) FILTER (WHERE monthly_tokens_used > monthly_token_limit + monthly_tokens_overridden)::int AS "TOKEN_MONTHLY",
          count(*) FILTER (WHERE daily_cost_used > daily_cost_limit + daily_cost_overridden)::int AS "COST_DAILY",
          count(*) FILTER (WHERE monthly_cost_used > monthly_cost_limit + monthly_cost_overridden)::int AS "COST_MONTHLY"
        FROM budgets`;
      for (const limit of Object.values(BudgetLimitType)) this.set({ limit }, row[limit] ?? 0);
    },
  });
  return (facts) => {
    for (const { type, data } of facts) {
      if (type === 'budget_alert')
        alerts.inc({ limit: String(data.limitType), alert: String(data.alertType) });
      if (type === 'budget_overridden') overrides.inc({ limit: String(data.limitType) });
    }
  };
}
