import { describe, expect, test } from 'vitest';
import { ago, duration, pressure } from '../../src/workstation/parts/time.ts';
import { retryDelay } from '../../src/workstation/live/retry.ts';

describe('a duration', () => {
  test.each([
    [0, '0 s'],
    [-5_000, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [61_000, '1 min 1 s'],
    [599_000, '9 min 59 s'],
    [601_000, '10 min'],
    [3_600_000, '1 h'],
    [3_660_000, '1 h 1 min'],
    [86_400_000, '1 d'],
    [97_200_000, '1 d 3 h'],
  ])('of %d ms is %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });
});

describe('pressure', () => {
  test.each([
    [0, 'none'],
    [499_000, 'none'],
    [501_000, 'some'],
    [901_000, 'much'],
    [999_999, 'much'],
    [1_000_000, 'over'],
  ])('%d ms into a window of 1,000 s is %s', (now, found) => {
    expect(pressure(1_000_000, 0, now)).toBe(found);
  });
  test('is much in the last half minute, however short the window', () => {
    expect(pressure(60_000, 0, 31_000)).toBe('much');
  });
});

test('what was is told by how long ago it was', () => {
  expect([ago(0, 4_000), ago(0, 65_000)]).toEqual(['just now', '1 min 5 s ago']);
});

test('attempts come further and further apart, each drawn from the upper half, at most ten seconds', () => {
  expect([0, 1, 2, 30].map((attempt) => [retryDelay(attempt, 0), retryDelay(attempt, 1)])).toEqual([
    [200, 400],
    [400, 800],
    [800, 1_600],
    [5_000, 10_000],
  ]);
});
