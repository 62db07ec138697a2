import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlagCategory, RiskFlag, RiskLevel } from '../../src/safety/analyzer.ts';
import { riskLevels } from '../../src/safety/levels.ts';
import { isSecurityThreat } from '../../src/safety/safety.ts';
import { recommend, score } from '../../src/safety/score.ts';

const flag = (category: FlagCategory, level: RiskLevel, code = 'code'): RiskFlag => ({
  category,
  level,
  code,
  message: 'x',
  evidence: null,
});
const categories = [
  'CONTENT',
  'CODE',
  'SECRET',
  'PRIVACY',
  'COMPLETENESS',
  'CONSISTENCY',
  'COST',
  'POLICY',
] as const;

describe('scores (5.8)', () => {
  it('are all 1 where nothing was found', () => {
    expect(score([], 1, 'CODER')).toEqual({
      confidenceScore: 1,
      safetyScore: 1,
      qualityMetrics: { completeness: 1, consistency: 1, code_quality: 1 },
    });
  });

  it('know of code quality for a CODER alone', () => {
    expect(score([flag('CODE', 'HIGH')], 1, 'CODER').qualityMetrics).toHaveProperty('code_quality', 0.5);
    expect(score([flag('CODE', 'HIGH')], 1, 'ANALYST').qualityMetrics).not.toHaveProperty('code_quality');
  });

  it.each([
    [[flag('PRIVACY', 'LOW')], 0.95],
    [[flag('PRIVACY', 'MEDIUM')], 0.8],
    [[flag('SECRET', 'HIGH')], 0.5],
    [[flag('CODE', 'CRITICAL')], 0],
    [[flag('SECRET', 'HIGH'), flag('PRIVACY', 'MEDIUM')], 0.4],
    [[flag('SECRET', 'HIGH'), flag('SECRET', 'HIGH')], 0.5],
    [[flag('POLICY', 'HIGH', 'analyzer_failed')], 0.5],
    [[flag('COMPLETENESS', 'MEDIUM'), flag('COST', 'HIGH')], 1],
  ])('safety of %o is %d', (flags, expected) => expect(score(flags, 1, null).safetyScore).toBe(expected));

  it('confidence follows completeness, consistency, and how many analyzers answered', () => {
    const flags = [flag('COMPLETENESS', 'MEDIUM'), flag('CONSISTENCY', 'MEDIUM')];
    expect(score(flags, 1, null).confidenceScore).toBe(0.8);
    expect(score(flags, 0.5, null).confidenceScore).toBe(0.4);
    expect(score([flag('CODE', 'HIGH')], 1, 'CODER').confidenceScore).toBe(0.9);
    expect(score([], 0, 'CODER').confidenceScore).toBe(0);
  });

  it('stay within 0 and 1, and no flag ever raises one', () => {
    const flags = fc.array(
      fc
        .tuple(fc.constantFrom(...categories), fc.constantFrom(...riskLevels), fc.constantFrom('a', 'b', 'c'))
        .map(([category, level, code]) => flag(category, level, code)),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(flags, flags, fc.double({ min: 0, max: 1, noNaN: true }), (some, more, coverage) => {
        const before = score(some, coverage, 'CODER');
        const after = score([...some, ...more], coverage, 'CODER');
        for (const key of ['confidenceScore', 'safetyScore'] as const) {
          expect(after[key]).toBeLessThanOrEqual(before[key]);
          expect(after[key]).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('recommendations (5.8)', () => {
  it('say so where nothing was found', () =>
    expect(recommend([])).toEqual(['Nothing was found that speaks against using this.']));
  it('are sentences, each once, the most urgent first', () => {
    const all = recommend([
      flag('PRIVACY', 'MEDIUM'),
      flag('PRIVACY', 'MEDIUM'),
      flag('CODE', 'CRITICAL'),
      flag('CONTENT', 'LOW'),
    ]);
    expect(all).toHaveLength(2);
    expect(all[0]).toMatch(/^Reject this: .*cannot be undone\.$/);
  });
  it.each(categories)('there is one for %s', (category) => {
    expect(recommend([flag(category, 'HIGH')])[0]).toMatch(/^[A-Z].*\.$/);
  });
});

describe('a security threat (7.1)', () => {
  it('is a CRITICAL flag, and nothing less', () => {
    expect(isSecurityThreat([flag('SECRET', 'HIGH')])).toBe(false);
    expect(isSecurityThreat([flag('SECRET', 'HIGH'), flag('CODE', 'CRITICAL')])).toBe(true);
  });
});
