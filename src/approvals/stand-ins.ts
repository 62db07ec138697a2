import type { BudgetState, LineState } from '../budgets/state.ts';
import type { BudgetLimitType } from '../generated/prisma/enums.ts';
import type { ApprovalDeps, BudgetCheck, RiskFlag } from './seams.ts';

// STAND-INS for the rooms that approvals are built on, until they are here; app.ts then takes theirs, and this file goes.
// Whatever they cannot know is a no: unanalysed is HIGH.

const unanalysed: RiskFlag = {
  category: 'POLICY',
  code: 'analyzer_failed',
  level: 'HIGH',
  message: 'Nothing has analysed this.',
  evidence: null,
};

function check({ tokens, cost }: BudgetState, ask: { tokens: number; cost: bigint }): BudgetCheck {
  const past = ({ used, limit, overridden }: LineState, held: bigint) => used + held > limit + overridden;
  const [someTokens, someCost] = [tokens.reserved + BigInt(ask.tokens), cost.reserved + ask.cost];
  const lines: [BudgetLimitType, boolean][] = [
    ['TOKEN_DAILY', past(tokens.daily, someTokens)],
    ['TOKEN_MONTHLY', past(tokens.monthly, someTokens)],
    ['COST_DAILY', past(cost.daily, someCost)],
    ['COST_MONTHLY', past(cost.monthly, someCost)],
  ];
  const violations = lines.filter(([, exceeded]) => exceeded).map(([line]) => line);
  const exceeded = violations.length > 0;
  return {
    allowed: !exceeded,
    requiresApproval: exceeded,
    budgetExceeded: exceeded,
    emergencyStopRequired: false,
    violations,
  };
}

export const standIns: Pick<ApprovalDeps, 'safety' | 'budgets' | 'onSettled'> = {
  safety: {
    assess: async () => ({ level: 'HIGH', score: 0.6, factors: [unanalysed] }),
    analyze: async () => ({
      level: 'HIGH',
      flags: [unanalysed],
      confidenceScore: 0,
      safetyScore: 0.4,
      qualityMetrics: {},
      recommendations: [],
    }),
  },
  budgets: {
    check,
    async periodEnd(tx, projectId, limitType) {
      const budget = await tx.budget.findUniqueOrThrow({ where: { projectId } });
      return limitType.endsWith('DAILY') ? budget.dayEnd : budget.monthEnd;
    },
  },
  onSettled: {},
};
