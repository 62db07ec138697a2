import type { AgentType } from '../generated/prisma/enums.ts';
import type { FlagCategory, RiskFlag, RiskLevel } from './analyzer.ts';
import { byGravity } from './levels.ts';

// What the approver sees beside the flags. All of it follows from the flags and from how many analyzers answered:
//
//   weight(level)    LOW 0.05   MEDIUM 0.2   HIGH 0.5   CRITICAL 1
//   health(C)        Π (1 − weight) over the different codes of the categories C, each at its gravest level
//
//   safetyScore      health(CONTENT, CODE, SECRET, PRIVACY, POLICY)       1: nothing found; 0: something CRITICAL
//   completeness     health(COMPLETENESS)
//   consistency      health(CONSISTENCY)
//   code_quality     health(CODE), of a CODER's answer alone
//   confidenceScore  coverage × (0.5 completeness + 0.3 consistency + 0.2 code_quality)
//                    of others  coverage × (0.6 completeness + 0.4 consistency)
//
// `coverage` is the share of the analyzers that answered. Confidence says how far the answer can be relied on to be what
// was asked for; a dangerous answer can be a complete one. Scores are rounded to three places.

const WEIGHT: Record<RiskLevel, number> = { LOW: 0.05, MEDIUM: 0.2, HIGH: 0.5, CRITICAL: 1 };
const SAFETY: readonly FlagCategory[] = ['CONTENT', 'CODE', 'SECRET', 'PRIVACY', 'POLICY'];

export interface QualityMetrics {
  completeness: number;
  consistency: number;
  code_quality?: number;
}

export interface Scores {
  confidenceScore: number;
  safetyScore: number;
  qualityMetrics: QualityMetrics;
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

function health(flags: readonly RiskFlag[], categories: readonly FlagCategory[]): number {
  const gravest = new Map<string, RiskLevel>();
  for (const { category, code, level } of [...flags].sort(byGravity)) {
    const key = `${category} ${code}`;
    if (categories.includes(category) && !gravest.has(key)) gravest.set(key, level);
  }
  return [...gravest.values()].reduce((product, level) => product * (1 - WEIGHT[level]), 1);
}

export function score(flags: readonly RiskFlag[], coverage: number, agentType: AgentType | null): Scores {
  const completeness = health(flags, ['COMPLETENESS']);
  const consistency = health(flags, ['CONSISTENCY']);
  const code = agentType === 'CODER' ? health(flags, ['CODE']) : null;
  const quality =
    code === null
      ? 0.6 * completeness + 0.4 * consistency
      : 0.5 * completeness + 0.3 * consistency + 0.2 * code;
  return {
    confidenceScore: rounded(coverage * quality),
    safetyScore: rounded(health(flags, SAFETY)),
    qualityMetrics: {
      completeness: rounded(completeness),
      consistency: rounded(consistency),
      ...(code !== null && { code_quality: rounded(code) }),
    },
  };
}

/** What the approver may do about it, the most urgent first, each sentence once. */
export function recommend(flags: readonly RiskFlag[]): string[] {
  const sentences = [...flags].sort(byGravity).map(recommendation);
  if (sentences.every((sentence) => sentence === null))
    return ['Nothing was found that speaks against using this.'];
  return [...new Set(sentences.filter((sentence) => sentence !== null))];
}

function recommendation({ category, code, level }: RiskFlag): string | null {
  if (level === 'LOW') return null;
  switch (category) {
    case 'SECRET':
      return level === 'CRITICAL'
        ? 'Reject this and revoke the secret: it would be sent to somebody else.'
        : 'Ask for a version without the secret, and have the secret replaced: it has been seen.';
    case 'CODE':
      return level === 'CRITICAL'
        ? 'Reject this: what it does to systems or data cannot be undone.'
        : 'Have the flagged code changed, or read by someone who knows it, before anything runs.';
    case 'PRIVACY':
      return 'Check that the personal data is needed here, and leave out or mask what is not.';
    case 'CONTENT':
      return /injection|hidden|bidi/.test(code)
        ? 'Treat this as an attempt to steer an agent or you: find where the text came from before you go on.'
        : 'Reject this, or ask for an answer without the harmful part.';
    case 'COMPLETENESS':
      return 'Ask for the missing parts of the answer.';
    case 'CONSISTENCY':
      return 'Check the answer against what was asked: they do not fit together.';
    case 'COST':
      return 'Compare the cost with what is left of the budget before you approve.';
    case 'POLICY':
      return 'Read the whole yourself: it was not analysed completely.';
  }
}
