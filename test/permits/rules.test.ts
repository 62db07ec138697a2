import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addSeconds } from '../../src/kernel/clock.ts';
import {
  changesNothing,
  decideRenewal,
  KEYS_KEPT_FOR,
  PERMIT_LIVES,
  PUBLISHED_BEFORE,
  type RenewalWish,
  SIGNS_FOR,
  signingAt,
  type SigningTimes,
} from '../../src/permits/rules.ts';

const start = new Date('2026-03-02T09:00:00.000Z');
const at = (seconds: number): Date => addSeconds(start, seconds);
const key = (id: string, from: number, until: number | null = null): SigningTimes => ({
  id,
  signsFrom: at(from),
  signsUntil: until === null ? null : at(until),
});
const none = { signsFrom: null, retires: null, withdraws: [] };

describe('what is to be changed about the signing keys', () => {
  const due = SIGNS_FOR - PUBLISHED_BEFORE;
  const over = SIGNS_FOR + PERMIT_LIVES + 3600;
  const table: [what: string, keys: SigningTimes[], wish: RenewalWish, now: number, outcome: object][] = [
    ['the first signs at once', [], 'due', 0, { ...none, signsFrom: at(0) }],
    ['a young one stays', [key('a', 0)], 'due', due - 1, none],
    [
      'an old one gets a successor',
      [key('a', 0)],
      'due',
      due,
      { ...none, signsFrom: at(SIGNS_FOR), retires: 'a' },
    ],
    [
      'a wish is enough',
      [key('a', 0)],
      'soon',
      1,
      { ...none, signsFrom: at(1 + PUBLISHED_BEFORE), retires: 'a' },
    ],
    ['one successor is enough', [key('a', 0, 600), key('b', 600)], 'soon', 599, none],
    [
      'a retired one stays for its permits',
      [key('a', 0, SIGNS_FOR), key('b', SIGNS_FOR)],
      'due',
      over - 1,
      none,
    ],
    [
      'and goes after them',
      [key('a', 0, SIGNS_FOR), key('b', SIGNS_FOR)],
      'due',
      over,
      { ...none, withdraws: ['a'] },
    ],
    [
      'at once takes every one away',
      [key('a', 0, 600), key('b', 600)],
      'at_once',
      300,
      { signsFrom: at(300), retires: null, withdraws: ['a', 'b'] },
    ],
  ];
  test.each(table)('%s', (_, keys, wish, now, outcome) => {
    expect(decideRenewal(keys, wish, at(now))).toEqual(outcome);
  });

  test('a key is published for longer than its answers are kept before it signs', () => {
    expect(PUBLISHED_BEFORE).toBeGreaterThan(KEYS_KEPT_FOR);
  });

  test('whatever is wished when: one key is the last, the signer is published before and after, for all its permits', () => {
    const step = fc.record({
      wait: fc.oneof(fc.nat(2 * PUBLISHED_BEFORE), fc.nat(2 * PERMIT_LIVES), fc.nat(2 * SIGNS_FOR)),
      wish: fc.constantFrom<RenewalWish>('due', 'soon'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let keys: SigningTimes[] = [];
        let now = 0;
        const signed: { id: string; expires: number }[] = [];
        const madeAt = new Map<string, number>();
        for (const [n, { wait, wish }] of steps.entries()) {
          now += wait;
          const { signsFrom, retires, withdraws } = decideRenewal(keys, wish, at(now));
          keys = keys.filter(({ id }) => !withdraws.includes(id));
          if (signsFrom !== null) {
            keys = keys.map((each) => (each.id === retires ? { ...each, signsUntil: signsFrom } : each));
            keys.push({ id: `${n}`, signsFrom, signsUntil: null });
            madeAt.set(`${n}`, now);
          }
          expect(keys.filter(({ signsUntil }) => signsUntil === null)).toHaveLength(1);
          expect(changesNothing(decideRenewal(keys, 'due', at(now)))).toBe(true);
          const signer = signingAt(keys, at(now))!;
          // There was nobody to publish the very first one to.
          if (signer.id !== '0')
            expect(now - madeAt.get(signer.id)!).toBeGreaterThanOrEqual(PUBLISHED_BEFORE);
          signed.push({ id: signer.id, expires: now + PERMIT_LIVES });
          for (const { id, expires } of signed)
            if (expires > now) expect(keys.map((each) => each.id)).toContain(id);
        }
      }),
    );
  });

  test('by a clock that is behind, the first key signs though it has not begun', () => {
    expect(signingAt([key('a', 5)], at(0))?.id).toBe('a');
    expect(signingAt([key('b', 600), key('a', 5, 600)], at(0))?.id).toBe('a');
    expect(signingAt([], at(0))).toBeNull();
  });
});
