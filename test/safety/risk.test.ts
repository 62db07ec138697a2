import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RiskFlag, RiskLevel } from '../../src/safety/analyzer.ts';
import { byGravity, highest, isAtLeast, riskLevels } from '../../src/safety/levels.ts';
import { assessRisk, levelOf, type RiskQuestion } from '../../src/safety/risk.ts';

const question = (more: Partial<RiskQuestion> = {}): RiskQuestion => ({
  action: 'Summarise the meeting',
  input: { text: 'We met on Monday.' },
  flags: [],
  estimated: { tokens: 100, cost: 0.01 },
  budget: { remaining: { TOKEN_DAILY: 100_000, COST_DAILY: 100 } },
  history: { calls: 50, rejected: 0, failed: 0, flagged: 0 },
  agentType: 'CODER',
  ...more,
});
const flag = (
  level: RiskLevel,
  code: string = level.toLowerCase(),
  category: RiskFlag['category'] = 'CONTENT',
): RiskFlag => ({
  category,
  code,
  level,
  message: 'There it is',
  evidence: null,
});
const factors = (more: Partial<RiskQuestion>): string[] =>
  assessRisk(question(more)).factors.map(({ code, level }) => `${code} ${level}`);

describe('levels', () => {
  it('are ordered from LOW to CRITICAL', () => {
    expect(riskLevels).toEqual(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']);
    expect(isAtLeast('HIGH', 'HIGH') && isAtLeast('CRITICAL', 'HIGH') && !isAtLeast('MEDIUM', 'HIGH')).toBe(
      true,
    );
    expect(highest(['LOW', 'HIGH', 'MEDIUM'])).toBe('HIGH');
    expect(highest([])).toBe('LOW');
    expect([flag('LOW'), flag('CRITICAL'), flag('HIGH')].sort(byGravity).map(({ level }) => level)).toEqual([
      'CRITICAL',
      'HIGH',
      'LOW',
    ]);
  });
});

describe('the risk of a call (5.4, 5.8)', () => {
  it('is LOW, 0 and without factors for an ordinary call of a known agent', () => {
    expect(assessRisk(question())).toEqual({ level: 'LOW', score: 0, factors: [] });
  });

  it.each([
    ['Restart the production database', 'touches_production MEDIUM'],
    ['restart prod-db-1', 'touches_production MEDIUM'],
    ['Deploy version 2.1', 'deploys MEDIUM'],
    ['deleteUser', 'deletes MEDIUM'],
    ['run rm -rf build', 'deletes MEDIUM'],
    ['Refund the customer', 'moves_money HIGH'],
    ['transfer $500 to the supplier', 'moves_money HIGH'],
    ['List the payments', 'moves_money MEDIUM'],
    ['Grant access to Ms Berg', 'changes_permissions HIGH'],
    ['Explain the permissions', 'changes_permissions MEDIUM'],
    ['Send an e-mail to the customer', 'sends_out MEDIUM'],
    ['Rotate all API keys', 'uses_credentials HIGH'],
    ['Explain the password rules', 'uses_credentials MEDIUM'],
  ])('%s: %s', (action, expected) => expect(factors({ action })).toContain(expected));

  it.each([
    'Summarise the product',
    'Format the report',
    'Explain the payload',
    'Describe undeleted rows',
    'Translate the alphabet',
  ])('%s touches nothing', (action) => expect(factors({ action })).toEqual([]));

  it('reads names and short values of the input, and no documents', () => {
    expect(factors({ input: { environment: 'production' } })).toEqual(['touches_production MEDIUM']);
    expect(factors({ input: { delete: true } })).toEqual(['deletes MEDIUM']);
    expect(factors({ input: { text: `production ${'x'.repeat(600)}` } })).toEqual([]);
  });

  it('holds deletion in production for HIGH', () => {
    const { level, factors: all } = assessRisk(
      question({ action: 'Delete old rows', input: { target: 'prod' } }),
    );
    expect(all[0]).toMatchObject({ code: 'deletes_in_production', level: 'HIGH' });
    expect(level).toBe('HIGH');
  });

  it.each([
    [24_999, null],
    [25_000, 'large_share_of_budget LOW'],
    [50_000, 'large_share_of_budget MEDIUM'],
    [99_999, 'large_share_of_budget MEDIUM'],
    [100_000, 'budget_exhausted HIGH'],
    [Number.NaN, 'budget_exhausted HIGH'],
  ])('%d of 100,000 tokens left: %s', (tokens, expected) => {
    expect(factors({ estimated: { tokens, cost: 0 } })).toEqual(expected === null ? [] : [expected]);
  });

  it('compares each line with its own figure, and none that is left out', () => {
    expect(
      factors({
        estimated: { tokens: 0, cost: 60 },
        budget: { remaining: { TOKEN_DAILY: 1, COST_MONTHLY: 100 } },
      }),
    ).toEqual(['large_share_of_budget MEDIUM']);
    expect(
      factors({ estimated: { tokens: 1, cost: 0 }, budget: { remaining: { TOKEN_DAILY: -5 } } }),
    ).toEqual(['budget_exhausted HIGH']);
    expect(factors({ estimated: { tokens: 1e9, cost: 1e9 }, budget: { remaining: {} } })).toEqual([]);
  });

  it.each([
    [{ calls: 4, rejected: 4, failed: 4, flagged: 4 }, ['little_history LOW']],
    [{ calls: 10, rejected: 1, failed: 4, flagged: 1 }, []],
    [{ calls: 10, rejected: 2, failed: 0, flagged: 0 }, ['often_rejected MEDIUM']],
    [{ calls: 10, rejected: 5, failed: 0, flagged: 0 }, ['often_rejected HIGH']],
    [{ calls: 10, rejected: 0, failed: 5, flagged: 0 }, ['often_failed MEDIUM']],
    [{ calls: 10, rejected: 0, failed: 0, flagged: 5 }, ['often_flagged HIGH']],
  ])('of a history of %o: %o', (history, expected) => expect(factors({ history })).toEqual(expected));

  it('takes the flags of the input, and leaves out what speaks of answers', () => {
    expect(
      factors({
        flags: [flag('HIGH', 'a'), flag('MEDIUM', 'b', 'COMPLETENESS'), flag('MEDIUM', 'c', 'CONSISTENCY')],
      }),
    ).toEqual(['a HIGH']);
  });

  it.each([
    [['LOW'], 0.1, 'LOW'],
    [['MEDIUM'], 0.3, 'MEDIUM'],
    [['HIGH'], 0.6, 'HIGH'],
    [['CRITICAL'], 0.9, 'CRITICAL'],
    [['LOW', 'LOW', 'LOW'], 0.271, 'MEDIUM'],
    [['MEDIUM', 'MEDIUM'], 0.51, 'MEDIUM'],
    [['MEDIUM', 'MEDIUM', 'MEDIUM'], 0.657, 'HIGH'],
    [['HIGH', 'HIGH', 'HIGH'], 0.936, 'CRITICAL'],
  ] as const)('%o make %d, %s', (levels, score, level) => {
    const flags = levels.map((each, at) => flag(each, `code_${at}`));
    expect(assessRisk(question({ flags }))).toMatchObject({ score, level });
  });

  it('counts a code once, at its gravest', () => {
    expect(
      assessRisk(question({ flags: [flag('LOW', 'a'), flag('HIGH', 'a'), flag('LOW', 'a')] })).score,
    ).toBe(0.6);
  });

  it('never falls when a flag is added, stays within 0 and 1, and is never below its gravest factor', () => {
    const flags = fc.array(
      fc
        .tuple(fc.constantFrom(...riskLevels), fc.stringMatching(/^[a-z]{1,3}$/))
        .map(([level, code]) => flag(level, code)),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(flags, flags, (some, more) => {
        const before = assessRisk(question({ flags: some }));
        const after = assessRisk(question({ flags: [...some, ...more] }));
        expect(after.score).toBeGreaterThanOrEqual(before.score);
        expect(after.score).toBeLessThanOrEqual(1);
        expect(isAtLeast(after.level, before.level)).toBe(true);
        expect(isAtLeast(after.level, highest(after.factors.map(({ level }) => level)))).toBe(true);
        expect(isAtLeast(after.level, levelOf(after.score))).toBe(true);
      }),
    );
  });
});
