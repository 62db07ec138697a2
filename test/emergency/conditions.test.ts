import { describe, expect, it } from 'vitest';
import { errorRateIsHigh, resourceExhausted } from '../../src/emergency/conditions.ts';
import { added, mayLift, severest, together } from '../../src/emergency/rules.ts';
import { systemActor } from '../../src/identity/viewer.ts';

const tasks = (letters: string) =>
  [...letters].map((letter) => (letter === 'F' ? ('FAILED' as const) : ('COMPLETED' as const)));

describe('behaviour 7.1: ERROR_RATE_HIGH', () => {
  it.each([
    ['', false],
    ['FFFFFFFFF', false],
    ['FFFFFCCCCC', true],
    ['CCCCCFFFFF', true],
    ['FFFFCCCCCC', false],
    ['FFFFFFFFFF', true],
    // The newest ten, whatever came before them.
    ['FFFFCCCCCCF', false],
  ])('of %s, newest first: %s', (letters, high) => {
    expect(errorRateIsHigh(tasks(letters))).toBe(high);
  });
});

describe('behaviour 7.1: RESOURCE_EXHAUSTION', () => {
  it.each([
    [95, true],
    [94.999, false],
    [100, true],
    [0.97, false],
    ['95', true],
    ['95%', true],
    [' 96.5 % ', true],
    ['94%', false],
    ['95 percent', false],
    ['', false],
    [null, false],
    [true, false],
    [[99], false],
    [{ value: 99 }, false],
  ])('a resource_usage of %j: %s', (usage, signal) => {
    expect(resourceExhausted({ resource_usage: usage }, 'ada', systemActor) !== null).toBe(signal);
  });

  it('is not read out of other metrics', () => {
    expect(resourceExhausted({ cpu: 99 }, 'ada', systemActor)).toBeNull();
    expect(resourceExhausted({}, 'ada', systemActor)).toBeNull();
  });
});

describe('behaviour 7.1: several at once', () => {
  const cause = (condition: 'MANUAL_STOP' | 'BUDGET_CRITICAL', severity: 'LOW' | 'HIGH', reason: string) => ({
    conditions: [condition],
    severity,
    reason,
    actor: systemActor,
  });

  it('are one stop of the highest severity, with each reason once', () => {
    const one = together([
      cause('MANUAL_STOP', 'LOW', 'a'),
      cause('BUDGET_CRITICAL', 'HIGH', 'b'),
      cause('MANUAL_STOP', 'LOW', 'a'),
    ]);
    expect(one).toEqual({
      ...cause('MANUAL_STOP', 'HIGH', 'a; b'),
      conditions: ['MANUAL_STOP', 'BUDGET_CRITICAL'],
    });
  });

  it('keep their reasons within the bound', () => {
    const long = together([
      cause('MANUAL_STOP', 'LOW', '😀'.repeat(20_000)),
      cause('MANUAL_STOP', 'LOW', 'b'),
    ]);
    expect([...long.reason]).toHaveLength(20_000);
  });

  it('add to a stop what is new to it, and never take away', () => {
    const stop = { triggeredConditions: ['MANUAL_STOP' as const], severity: 'HIGH' as const };
    expect(added(stop, cause('MANUAL_STOP', 'LOW', 'a'))).toBeNull();
    expect(added(stop, cause('BUDGET_CRITICAL', 'LOW', 'a'))).toEqual({
      triggeredConditions: ['MANUAL_STOP', 'BUDGET_CRITICAL'],
      severity: 'HIGH',
    });
    expect(severest(['LOW', 'CRITICAL', 'MEDIUM'])).toBe('CRITICAL');
  });
});

describe('behaviour 7.6: a stop', () => {
  it.each([
    [null, 0, false],
    [{ haltedAt: null, resolvedAt: null }, 1, false],
    [{ haltedAt: null, resolvedAt: null }, 0, true],
    [{ haltedAt: new Date(1), resolvedAt: null }, 1, true],
    [{ haltedAt: new Date(1), resolvedAt: new Date(2) }, 0, false],
  ])('%j with %d agents running may be lifted: %s', (stop, running, may) => {
    expect(mayLift(stop, running).ok).toBe(may);
  });
});
