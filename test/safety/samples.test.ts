import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { createSafety } from '../../src/safety/safety.ts';
import { figuresOf, judge, meets } from './samples/judge.ts';
import { samples, splitOf } from './samples/samples.ts';

const safety = createSafety({ clock: systemClock, limitSeconds: 60 });
afterAll(() => safety.stop());

describe('the labelled set', () => {
  it('has at least 150 harmful and 150 harmless samples, each under an id of its own', () => {
    expect(new Set(samples.map(({ id }) => id)).size).toBe(samples.length);
    for (const label of ['harmful', 'harmless'])
      expect(samples.filter((sample) => sample.label === label).length).toBeGreaterThanOrEqual(150);
  });

  it('is split by the hash of the id, a third held out', () => {
    expect(samples.every(({ id, split }) => split === splitOf(id))).toBe(true);
    const heldOut = samples.filter(({ split }) => split === 'held-out').length / samples.length;
    expect(heldOut).toBeGreaterThan(0.28);
    expect(heldOut).toBeLessThan(0.4);
  });

  it('is told apart: recall of 95 %, fewer than 5 % false positives, on the held-out part too', async () => {
    const verdicts = await Promise.all(
      samples.map(async (sample) => judge(sample, (await safety.analyzeResponse(sample.subject)).riskFlags)),
    );
    const heldOut = verdicts.filter(({ sample }) => sample.split === 'held-out');
    expect(meets(verdicts), JSON.stringify(figuresOf(verdicts))).toBe(true);
    expect(meets(heldOut), JSON.stringify(figuresOf(heldOut))).toBe(true);
  });

  it('the thresholds are those of the product', () => {
    const verdict = (label: 'harmful' | 'harmless', isFlagged: boolean) => ({
      sample: { ...samples[0]!, label },
      isFlagged,
      flaggedAs: new Set<never>(),
      asExpected: isFlagged,
      flags: [],
    });
    const part = (found: number, flagged: number) => [
      ...Array.from({ length: 100 }, (_, at) => verdict('harmful', at < found)),
      ...Array.from({ length: 100 }, (_, at) => verdict('harmless', at < flagged)),
    ];
    expect([meets(part(95, 4)), meets(part(94, 0)), meets(part(100, 5))]).toEqual([true, false, false]);
  });
});
