import { describe, expect, it } from 'vitest';
import type { Found } from '../../src/recovery/assess.ts';
import { assessmentOf } from '../../src/recovery/assessment.ts';
import { judge, nothingForeseen } from '../../src/recovery/cause.ts';
import type { DayCost, Evidence, FlaggedAnswer } from '../../src/recovery/halted.ts';
import { NOW, session, task } from './item.ts';

const dollars = (amount: number) => BigInt(amount) * 10_000n;
const day = (more: Partial<DayCost> = {}): DayCost => ({
  used: dollars(160),
  reserved: 0n,
  limit: dollars(100),
  overridden: 0n,
  end: new Date(NOW.getTime() + 1),
  ...more,
});
const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  dayCost: null,
  failedTasks: [],
  finishedTasks: 0,
  flagged: [],
  usage: null,
  ...more,
});
const flagged = (approvalId: string, more: Partial<FlaggedAnswer> = {}): FlaggedAnswer => ({
  approvalId,
  sessionId: 's1',
  taskId: 't1',
  status: 'PENDING',
  summary: '',
  ...more,
});
const cleared = (...args: Parameters<typeof judge>) => judge(...args).cleared;

describe('whether a cause is over (7.5)', () => {
  it.each([
    ['past 150 %', day({ used: dollars(150) + 1n }), false],
    ['at 150 % to the unit', day({ used: dollars(150) }), true],
    ['past it with what is held', day({ used: dollars(149), reserved: dollars(2) }), false],
    ['within it by an override', day({ overridden: dollars(10) }), true],
    ['of a day that is over', day({ end: NOW }), true],
    ['without a budget', null, true],
  ])('BUDGET_CRITICAL %s', (_, dayCost, expected) => {
    expect(cleared('BUDGET_CRITICAL', evidence({ dayCost }), nothingForeseen, NOW)).toBe(expected);
  });

  it('BUDGET_CRITICAL is held against the limit that the plan sets', () => {
    const of = (dailyCost: number) =>
      judge(
        'BUDGET_CRITICAL',
        evidence({ dayCost: day() }),
        { ...nothingForeseen, dailyCost: dollars(dailyCost) },
        NOW,
      );
    expect(of(107).cleared).toBe(true);
    expect(of(106)).toMatchObject({
      cleared: false,
      finding: expect.stringContaining('cancel this recovery'),
    });
  });

  it('SECURITY_THREAT is not while an answer flagged CRITICAL could be used', () => {
    const answers = [
      flagged('a1'),
      flagged('a2', { status: 'REJECTED' }),
      flagged('a3', { taskId: 't3', sessionId: 's3' }),
    ];
    const of = (more: object) =>
      judge('SECURITY_THREAT', evidence({ flagged: answers }), { ...nothingForeseen, ...more }, NOW);
    expect(of({}).finding).toContain('reject a1, a3');
    expect(of({ abandonedTasks: new Set(['t1']) }).finding).toContain('reject a3');
    expect(of({ abandonedTasks: new Set(['t1']), abandonedSessions: new Set(['s3']) }).cleared).toBe(true);
  });

  it('what cannot be measured while nothing runs is shown, for people to judge', () => {
    const failed = { id: 't', agentName: 'ada', finishedAt: '', error: null };
    const known = evidence({
      failedTasks: [failed, failed],
      finishedTasks: 3,
      usage: { value: 97, at: NOW.toISOString(), agentName: 'ada' },
    });
    expect(judge('ERROR_RATE_HIGH', known, nothingForeseen, NOW)).toMatchObject({
      cleared: true,
      finding: expect.stringContaining('2 of the last 3'),
    });
    expect(judge('RESOURCE_EXHAUSTION', known, nothingForeseen, NOW)).toMatchObject({
      cleared: true,
      finding: expect.stringContaining('97 %'),
    });
    expect(cleared('MANUAL_STOP', known, nothingForeseen, NOW)).toBe(true);
  });
});

describe('the assessment (7.5)', () => {
  it('is read in a minute whatever was halted: lists are cut, and counted', () => {
    const many = Array.from({ length: 5_000 }, (_, n) => n);
    const found: Found = {
      stop: {
        id: 'a stop',
        conditions: ['MANUAL_STOP'],
        reason: 'x'.repeat(20_000),
        severity: 'HIGH',
        triggeredBy: { kind: 'USER', id: 'u', name: 'u', role: 'OPERATOR' },
        createdAt: NOW.toISOString(),
        haltedAt: null,
      },
      sessions: many.map((n) => session(`s${n}`)),
      tasks: many.map((n) => task(`t${n}`, { started: true })),
      frozenInterventions: 5_000,
      frozenApprovals: { AGENT_CALL: 5_000 },
      cancelledCalls: many.map((n) => ({ id: `a${n}`, summary: '' })),
      budget: null,
      evidence: evidence({ flagged: many.map((n) => flagged(`a${n}`)) }),
    };
    const assessment = assessmentOf(found, NOW);
    expect(JSON.stringify(assessment).length).toBeLessThan(16_000);
    expect(assessment).toMatchObject({
      halted: {
        sessions: { count: 5_000, byState: { ACTIVE: 5_000 } },
        tasks: { count: 5_000, outcomeUnknown: { count: 5_000 } },
        cancelledCalls: { count: 5_000 },
      },
      flaggedAnswers: { count: 5_000 },
    });
  });
});
