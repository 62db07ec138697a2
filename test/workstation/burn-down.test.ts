import { expect, test } from 'vitest';
import { about, amount, share, unitsOf } from '../../src/workstation/parts/decimal.ts';
import { forecastOf, pointsOf, spentIn, thinned } from '../../src/workstation/pages/budget/burn-down.ts';
import { changedLimits, limitsOf } from '../../src/workstation/pages/budget/limits.ts';

const HOUR = 3_600_000;
const event = (hour: number, cost: (string | null)[], tokens: (number | null)[] = []) => ({
  id: `event ${hour}`,
  occurredAt: new Date(hour * HOUR).toISOString(),
  data: { reservations: [], cost, tokens },
});

test('amounts are exact, whatever a float would make of them', () => {
  expect(unitsOf('0.1000') + unitsOf('0.2')).toBe(unitsOf('0.3'));
  expect(unitsOf('999999999999999999.9999')).toBe(9_999_999_999_999_999_999_999n);
  expect(() => unitsOf('1e3')).toThrow('no decimal');
  expect(amount(unitsOf('1234567.5'), 'dollars')).toBe('$1,234,567.50');
  expect(amount(unitsOf('0.0125'), 'dollars')).toBe('$0.0125');
  expect(amount(unitsOf('-3.25'), 'dollars')).toBe('−$3.25');
  expect(amount(unitsOf('9007199254740993.0000'), 'tokens')).toBe('9,007,199,254,740,993');
  expect(about(unitsOf('22409.3556'), 'tokens')).toBe('22,409');
  expect(about(unitsOf('3.4999'), 'dollars')).toBe('$3.49');
  expect(share(1n, 4n)).toBe(0.25);
  expect(share(5n, 4n)).toBe(1);
  expect(share(0n, 0n)).toBe(0);
});

test('an event tells of several moves, of which some have no figure', () => {
  const several = event(1, ['0.1000', null, '0.2000'], [10, null, 20]);
  expect(spentIn(several, 'dollars')).toBe(unitsOf('0.3'));
  expect(spentIn(several, 'tokens')).toBe(unitsOf('30'));
  expect(spentIn({ ...several, data: {} }, 'dollars')).toBe(0n);
});

test('the curve begins whole where the log has all of it, and is counted back where it has not', () => {
  const events = [event(1, ['5.0000']), event(3, ['1.0000']), event(4, ['2.0000'])];
  const line = { measure: 'dollars' as const, whole: unitsOf('10'), used: unitsOf('3'), start: 2 * HOUR };
  const lefts = (complete: boolean, used = line.used) =>
    pointsOf(events, { ...line, used, complete }).map(({ left }) => amount(left, 'dollars'));
  expect(lefts(true)).toEqual(['$10.00', '$9.00', '$7.00']);
  expect(lefts(false, unitsOf('8'))).toEqual(['$4.00', '$2.00']);
});

test('a forecast goes on at the average pace, and says nothing too early', () => {
  const whole = unitsOf('10');
  const at = (now: number) => ({ start: 0, end: 24 * HOUR, now: now * HOUR });
  expect(forecastOf(whole, unitsOf('1'), at(0.1))).toEqual({ kind: 'none' });
  expect(forecastOf(whole, 0n, at(12))).toEqual({ kind: 'none' });
  expect(forecastOf(whole, unitsOf('3'), at(12))).toEqual({ kind: 'lasts', left: unitsOf('4') });
  expect(forecastOf(whole, unitsOf('8'), at(12))).toEqual({ kind: 'runs-out', at: 15 * HOUR });
  expect(forecastOf(whole, unitsOf('11'), at(12))).toEqual({ kind: 'over' });
});

test('a long curve is thinned, its ends kept', () => {
  const points = Array.from({ length: 1_000 }, (_, at) => ({ at, spent: 0n, used: 0n, left: 0n }));
  const drawn = thinned(points, 100);
  expect(drawn).toHaveLength(100);
  expect([drawn[0]!.at, drawn.at(-1)!.at]).toEqual([0, 999]);
});

test('of limits only those are set that are written otherwise', () => {
  const before = limitsOf([
    { limitType: 'TOKEN_DAILY', limit: '100000.0000' },
    { limitType: 'TOKEN_MONTHLY', limit: '2000000.0000' },
    { limitType: 'COST_DAILY', limit: '100.5000' },
    { limitType: 'COST_MONTHLY', limit: '2000.0000' },
  ]);
  expect(before).toEqual({
    dailyTokens: '100000',
    monthlyTokens: '2000000',
    dailyCost: '100.5',
    monthlyCost: '2000',
  });
  expect(changedLimits(before, before)).toEqual({ changed: {}, faults: {} });
  expect(changedLimits(before, { ...before, dailyCost: '0.1', dailyTokens: ' 5 ' })).toEqual({
    changed: { dailyCost: '0.1', dailyTokens: 5 },
    faults: {},
  });
  const faultsOf = (after: Partial<typeof before>) => changedLimits(before, { ...before, ...after }).faults;
  expect(faultsOf({ monthlyTokens: '1.5' })).toEqual({ monthlyTokens: 'whole' });
  expect(faultsOf({ dailyTokens: '2147483648' })).toEqual({ dailyTokens: 'whole' });
  expect(faultsOf({ dailyTokens: '2147483647' })).toEqual({});
  for (const text of ['-1', '', 'ten', '1.00001', '1000000000000.0001'])
    expect(faultsOf({ dailyCost: text })).toEqual({ dailyCost: 'dollars' });
  expect(faultsOf({ monthlyCost: '1000000000000' })).toEqual({});
});
