import type { RiskLevel } from '../analyzer.ts';

/** Read over text as harmful-content.ts says: lower case, words parted by single spaces. */
export interface ContentRule {
  code: string;
  level: RiskLevel;
  message: string;
  all: readonly RegExp[];
  none?: readonly RegExp[];
  /** Sentences that the patterns may be spread over: 1, unless said otherwise. */
  sentences?: 3;
}

export const words = (alternatives: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\d])(?:${alternatives})(?![\\p{L}\\d])`, 'u');
/** A gap of at most so many words. */
export const gap = (most: number): string => `(?: \\S+){0,${most}} `;

export const holds = ({ all, none = [] }: ContentRule, spoken: string): boolean =>
  all.every((pattern) => pattern.test(spoken)) && !none.some((pattern) => pattern.test(spoken));
