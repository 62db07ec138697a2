import { describe, expect, it } from 'vitest';
import { clockMoves, isDue, nextDue, warningAt } from '../../src/approvals/deadlines.ts';
import { warned } from '../../src/approvals/advance.ts';
import { anApproval, at } from './item.ts';

describe('the clock', () => {
  it('warns at 80 % of the time, and ends it at the end (5.7)', () => {
    const approval = anApproval();
    expect(warningAt(approval)).toEqual(at(24));
    expect(clockMoves(approval, at(23))).toEqual([]);
    expect(clockMoves(approval, at(24))).toEqual([{ kind: 'warned', at: at(24) }]);
    const after = warned(approval);
    expect(after.dueAt).toEqual(at(30));
    expect(clockMoves(after, at(29))).toEqual([]);
    expect(clockMoves(after, at(30))).toEqual([{ kind: 'expired', at: at(30) }]);
  });

  it('that was away does both, in order', () => {
    expect(clockMoves(anApproval(), at(99)).map(({ kind }) => kind)).toEqual(['warned', 'expired']);
  });

  it('stands still while a stop holds it, and gives back what it was held for (7.7)', () => {
    const frozen = anApproval({ frozenAt: at(10), dueAt: null });
    expect(clockMoves(frozen, at(99))).toEqual([]);
    expect(isDue({ ...frozen, dueAt: at(24) }, at(99))).toBe(false);
    const thawed = { ...frozen, frozenAt: null, frozenMs: 20 * 60_000, expiresAt: at(50) };
    expect(nextDue(thawed)).toEqual(at(44));
  });

  it('leaves alone what has no end', () => {
    const approval = anApproval({ expiresAt: null, dueAt: null });
    expect(nextDue(approval)).toBeNull();
    expect(clockMoves(approval, at(9999))).toEqual([]);
  });
});
