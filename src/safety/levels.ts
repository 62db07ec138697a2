import type { RiskLevel } from './analyzer.ts';

/** From harmless to what can't be undone. */
export const riskLevels = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const satisfies readonly RiskLevel[];

const rank = (level: RiskLevel): number => riskLevels.indexOf(level);

export const isAtLeast = (level: RiskLevel, least: RiskLevel): boolean => rank(level) >= rank(least);

/** For sorting: the gravest first. */
export const byGravity = (a: { level: RiskLevel }, b: { level: RiskLevel }): number =>
  rank(b.level) - rank(a.level);

/** The gravest of them; LOW where there are none. */
export const highest = (levels: Iterable<RiskLevel>): RiskLevel =>
  riskLevels[Math.max(0, ...[...levels].map(rank))]!;
