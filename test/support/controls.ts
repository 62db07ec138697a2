import type { ApprovalDeps } from '../../src/approvals/seams.ts';
import type { RiskLevel } from '../../src/generated/prisma/enums.ts';
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

export const controls: Pick<ApprovalDeps, 'safety' | 'permits' | 'onSettled'> = {
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
  onSettled: {},
};
