import type { ApprovalDeps, BudgetCheck } from '../../src/approvals/seams.ts';
import type { BudgetState, LineState } from '../../src/budgets/state.ts';
import type { BudgetLimitType, RiskLevel } from '../../src/generated/prisma/enums.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { type Json, plainObject } from '../../src/kernel/json.ts';
import { actionDigest } from '../../src/permits/action-digest.ts';

// What approvals need of other rooms, as a test says it: an input or an answer names its own risk.

const levels: readonly RiskLevel[] = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'];

function risk(value: Json): RiskLevel {
  const said = plainObject(value).risk;
  return levels.find((level) => level === said) ?? 'LOW';
}

const flagged = (level: RiskLevel) =>
  level === 'LOW'
    ? []
    : [{ category: 'POLICY' as const, code: 'said_so', level, message: 'it says so itself', evidence: null }];

export const controls: Pick<ApprovalDeps, 'safety' | 'permits' | 'budgets' | 'onSettled'> = {
  safety: {
    async assess({ input, history }) {
      const level = history.rejected > 1000 ? 'CRITICAL' : risk(input);
      return { level, score: levels.indexOf(level) / 3, factors: flagged(level) };
    },
    async analyze({ response, confidence }) {
      const level = risk(response);
      return {
        level,
        flags: flagged(level),
        confidenceScore: confidence ?? 1,
        safetyScore: 1 - levels.indexOf(level) / 3,
        qualityMetrics: { completeness: 1 },
        recommendations: [],
      };
    },
  },
  permits: {
    digestOf: actionDigest,
    sign: async ({ approvalId, digest }) => `permit:${approvalId}:${digest}`,
  },
  budgets: {
    check: checkBudget,
    periodEnd: async (_tx, _projectId, limitType, now) =>
      addSeconds(now, (limitType.endsWith('DAILY') ? 1 : 30) * 24 * 60 * 60),
  },
  onSettled: {},
};

function checkBudget({ tokens, cost }: BudgetState, ask: { tokens: number; cost: bigint }): BudgetCheck {
  const past = (line: LineState, reserved: bigint, more: bigint) =>
    line.used + reserved + more > line.limit + line.overridden;
  const lines: [BudgetLimitType, boolean][] = [
    ['TOKEN_DAILY', past(tokens.daily, tokens.reserved, BigInt(ask.tokens))],
    ['TOKEN_MONTHLY', past(tokens.monthly, tokens.reserved, BigInt(ask.tokens))],
    ['COST_DAILY', past(cost.daily, cost.reserved, ask.cost)],
    ['COST_MONTHLY', past(cost.monthly, cost.reserved, ask.cost)],
  ];
  const violations = lines.filter(([, is]) => is).map(([line]) => line);
  const day = cost.daily.limit + cost.daily.overridden;
  const exceeded = violations.length > 0;
  return {
    allowed: !exceeded,
    requiresApproval: exceeded,
    budgetExceeded: exceeded,
    emergencyStopRequired: (cost.daily.used + cost.reserved + ask.cost) * 2n > day * 3n,
    violations,
  };
}

/** A project's budget, with far-away periods: a test of approvals moves the clock. */
export const budgetOf = (projectId: string, now: Date) => ({
  id: projectId.replace('project_', 'budget_'),
  projectId,
  dailyTokenLimit: 100_000n,
  monthlyTokenLimit: 2_000_000n,
  dailyCostLimit: '100',
  monthlyCostLimit: '2000',
  dayStart: now,
  dayEnd: addSeconds(now, 400 * 24 * 60 * 60),
  monthStart: now,
  monthEnd: addSeconds(now, 400 * 24 * 60 * 60),
  updatedAt: now,
});
