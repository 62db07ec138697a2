import type { AgentType } from '../generated/prisma/enums.ts';
import type { Json } from '../kernel/json.ts';
import type { RiskFlag, RiskLevel } from './analyzer.ts';
import { byGravity, highest } from './levels.ts';
import { touched } from './touches.ts';

// The risk of a call that an agent wants to make, before it is made (behaviour 5.4, 5.8). Every reason is a factor that a
// person can read; the level follows from them alone:
//
//   weight(level)   LOW 0.1   MEDIUM 0.3   HIGH 0.6   CRITICAL 0.9
//   score           1 − Π (1 − weight) over the factors, each code once
//   level           the higher of the score's (≥ 0.25 MEDIUM, ≥ 0.6 HIGH, ≥ 0.9 CRITICAL) and the gravest factor's
//
// So one factor gives its own level; three of LOW make MEDIUM, three of MEDIUM make HIGH, three of HIGH make CRITICAL.
//
//   what it touches   production, deployment, deletion, money, permissions, sending out, credentials (touches.ts);
//                     deletion in production is a factor of its own, HIGH
//   cost              of what is left of the tightest budget line: ≥ 25 % LOW, ≥ 50 % MEDIUM, all or more HIGH
//   history           of the agent's last calls, where there are five: rejected, flagged ≥ 20 % MEDIUM, ≥ 50 % HIGH;
//                     failed ≥ 50 % MEDIUM; fewer than five: LOW, for nobody knows it yet
//   flags             those of the input, as they stand (COMPLETENESS and CONSISTENCY speak of answers, and are left out)

export type BudgetLimitType = 'TOKEN_DAILY' | 'TOKEN_MONTHLY' | 'COST_DAILY' | 'COST_MONTHLY';

export interface RiskQuestion {
  /** What the agent says that it wants to do. */
  action: string;
  input: Json;
  /** What the analysis of the input found (safety.ts, analyzeInput). */
  flags: readonly RiskFlag[];
  estimated: {
    tokens: number;
    /** In dollars. */
    cost: number;
  };
  budget: {
    /** What is left of each line; may be negative. A line that is left out bounds nothing. */
    remaining: Partial<Record<BudgetLimitType, number>>;
  };
  /** The agent's calls of late, and how many of them went so. */
  history: { calls: number; rejected: number; failed: number; flagged: number };
  agentType: AgentType | null;
}

export interface RiskAssessment {
  level: RiskLevel;
  /** 0, harmless, to 1. */
  score: number;
  /** The gravest first. */
  factors: RiskFlag[];
}

const WEIGHT: Record<RiskLevel, number> = { LOW: 0.1, MEDIUM: 0.3, HIGH: 0.6, CRITICAL: 0.9 };
/** Calls that a rate needs to mean something. */
const ENOUGH_CALLS = 5;

export function assessRisk(question: RiskQuestion): RiskAssessment {
  const factors = [
    ...question.flags.filter(({ category }) => category !== 'COMPLETENESS' && category !== 'CONSISTENCY'),
    ...touched(question.action, question.input),
    ...costFactors(question),
    ...historyFactors(question.history),
  ].sort(byGravity);
  const score = scoreOf(factors);
  return { level: highest([levelOf(score), ...factors.map(({ level }) => level)]), score, factors };
}

/** The level that a score stands for. */
export const levelOf = (score: number): RiskLevel =>
  score >= 0.9 ? 'CRITICAL' : score >= 0.6 ? 'HIGH' : score >= 0.25 ? 'MEDIUM' : 'LOW';

function scoreOf(factors: readonly RiskFlag[]): number {
  const codes = new Map<string, RiskLevel>();
  // Sorted by gravity: the first of a code is its gravest.
  for (const { category, code, level } of factors) {
    if (!codes.has(`${category} ${code}`)) codes.set(`${category} ${code}`, level);
  }
  const harmless = [...codes.values()].reduce((product, level) => product * (1 - WEIGHT[level]), 1);
  return Math.round((1 - harmless) * 1000) / 1000;
}

function costFactors({ estimated, budget }: RiskQuestion): RiskFlag[] {
  const factors: RiskFlag[] = [];
  for (const [line, remaining] of Object.entries(budget.remaining)) {
    const amount = line.startsWith('TOKEN') ? estimated.tokens : estimated.cost;
    const level = shareLevel(amount, remaining);
    if (level === null) continue;
    factors.push({
      category: 'COST',
      code: level === 'HIGH' ? 'budget_exhausted' : 'large_share_of_budget',
      level,
      message:
        level === 'HIGH'
          ? `The estimate takes all that is left of ${line}, or more`
          : `The estimate takes ${Math.round((amount / remaining) * 100)} % of what is left of ${line}`,
      evidence: `${amount} of ${remaining}`,
    });
  }
  return factors;
}

function shareLevel(amount: number, remaining: number): RiskLevel | null {
  // What can't be compared is not harmless.
  if (!Number.isFinite(amount) || !Number.isFinite(remaining) || amount < 0) return 'HIGH';
  if (amount === 0) return null;
  if (amount >= remaining) return 'HIGH';
  const share = amount / remaining;
  return share >= 0.5 ? 'MEDIUM' : share >= 0.25 ? 'LOW' : null;
}

function historyFactors({ calls, rejected, failed, flagged }: RiskQuestion['history']): RiskFlag[] {
  const factor = (code: string, level: RiskLevel, message: string): RiskFlag => ({
    category: 'POLICY',
    code,
    level,
    message,
    evidence: null,
  });
  if (calls < ENOUGH_CALLS)
    return [
      factor(
        'little_history',
        'LOW',
        `The agent has made ${calls} ${calls === 1 ? 'call' : 'calls'} so far: too few to know it by`,
      ),
    ];
  const rate = (count: number, code: string, what: string, most: RiskLevel): RiskFlag[] => {
    const share = count / calls;
    if (share < (most === 'HIGH' ? 0.2 : 0.5)) return [];
    return [
      factor(code, share >= 0.5 ? most : 'MEDIUM', `${count} of the agent's last ${calls} calls ${what}`),
    ];
  };
  return [
    ...rate(rejected, 'often_rejected', 'were rejected', 'HIGH'),
    ...rate(flagged, 'often_flagged', 'had answers that were flagged', 'HIGH'),
    ...rate(failed, 'often_failed', 'failed', 'MEDIUM'),
  ];
}
