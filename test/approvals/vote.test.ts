import { describe, expect, it } from 'vitest';
import type { VotedApproval } from '../../src/sessions/aggregate.ts';
import { type Ballot, type Circumstances, decideVote } from '../../src/approvals/vote.ts';
import { anApproval, at, ballot, edit, person, requester, vote } from './item.ts';

const free: Circumstances = { stopped: false, nobodyElse: false };

const decide = (
  approval: VotedApproval,
  cast: Ballot,
  by = person('ann'),
  circumstances: Partial<Circumstances> = {},
) => decideVote(approval, cast, by, { ...free, ...circumstances }, at(2));

const refusalOf = (...args: Parameters<typeof decide>): string => {
  const outcome = decide(...args);
  return outcome.kind === 'refused' ? outcome.errors[0]!.code : outcome.kind;
};

const castOf = (...args: Parameters<typeof decide>) => {
  const outcome = decide(...args);
  if (outcome.kind !== 'cast') throw new Error(JSON.stringify(outcome));
  return outcome;
};

const because = { reason: 'because' };

describe('a vote', () => {
  it.each([
    ['APPROVE', 'AGENT_CALL', 'APPROVED'],
    ['REJECT', 'AGENT_CALL', 'REJECTED'],
    ['APPROVE', 'RESPONSE', 'APPROVED'],
    ['REJECT', 'RESPONSE', 'REJECTED'],
    ['REQUEST_MODIFICATION', 'RESPONSE', 'REQUIRES_MODIFICATION'],
    ['APPROVE', 'BUDGET_OVERRIDE', 'APPROVED'],
    ['APPROVE', 'RECOVERY_PLAN', 'APPROVED'],
    ['REJECT', 'RECOVERY_STEP', 'REJECTED'],
  ] as const)('%s of %s settles it as %s (5.4)', (verdict, kind, status) => {
    expect(castOf(anApproval({ kind }), ballot({ verdict, ...because })).settles).toBe(status);
  });

  it.each([
    ['APPROVED', 'ALREADY_RESOLVED'],
    ['REJECTED', 'ALREADY_RESOLVED'],
    ['REQUIRES_MODIFICATION', 'ALREADY_RESOLVED'],
    ['CANCELLED', 'CANCELLED'],
    ['TIMED_OUT', 'EXPIRED'],
  ] as const)('on one that is %s is refused with %s (5.4)', (status, code) => {
    expect(refusalOf(anApproval({ status }), ballot())).toBe(code);
  });

  it.each(['REJECT', 'REQUEST_MODIFICATION'] as const)(
    'to %s needs a reason, and white space is none (5.5)',
    (verdict) => {
      const approval = anApproval({ kind: 'RESPONSE' });
      expect(refusalOf(approval, ballot({ verdict }))).toBe('REASON_REQUIRED');
      expect(refusalOf(approval, ballot({ verdict, reason: ' \n' }))).toBe('REASON_REQUIRED');
    },
  );

  it.each(['AGENT_CALL', 'BUDGET_OVERRIDE', 'RECOVERY_PLAN', 'RECOVERY_STEP'] as const)(
    'REQUEST_MODIFICATION is not for %s (5.5)',
    (kind) => {
      const cast = ballot({ verdict: 'REQUEST_MODIFICATION', ...because });
      expect(refusalOf(anApproval({ kind }), cast)).toBe('INVALID_INPUT');
    },
  );

  it.each([
    ['REJECT', 'AGENT_CALL'],
    ['APPROVE', 'RESPONSE'],
    ['APPROVE', 'BUDGET_OVERRIDE'],
  ] as const)('%s of %s takes no approvedInput', (verdict, kind) => {
    const cast = ballot({ verdict, edit: edit('d2'), ...because });
    expect(refusalOf(anApproval({ kind }), cast)).toBe('INVALID_INPUT');
  });

  it.each([
    ['APPROVE', 'AGENT_CALL'],
    ['APPROVE', 'RESPONSE'],
    ['REJECT', 'RESPONSE'],
    ['APPROVE', 'RECOVERY_STEP'],
  ] as const)('%s of %s takes no modifications', (verdict, kind) => {
    const cast = ballot({ verdict, modifications: { a: 1 }, ...because });
    expect(refusalOf(anApproval({ kind }), cast)).toBe('INVALID_INPUT');
  });

  it('may say how a recovery plan is changed', () => {
    const cast = castOf(anApproval({ kind: 'RECOVERY_PLAN' }), ballot({ modifications: { skip: [2] } }));
    expect(cast.settles).toBe('APPROVED');
  });

  it.each([
    ['OPERATOR', 'SUPERVISOR'],
    ['SUPERVISOR', 'MANAGER'],
    ['VIEWER', 'OPERATOR'],
    ['AGENT', 'AGENT'],
  ] as const)('%s does not decide where %s is required, not even to reject (5.4)', (role, requiredRole) => {
    for (const verdict of ['APPROVE', 'REJECT'] as const) {
      const cast = ballot({ verdict, ...because });
      expect(refusalOf(anApproval({ requiredRole }), cast, person('ann', role))).toBe('FORBIDDEN');
    }
  });
});

describe('the quorum', () => {
  const two = anApproval({ requiredApprovals: 2 });

  it('is reached by different people (5.4)', () => {
    const first = castOf(two, ballot());
    expect(first.settles).toBeNull();
    expect(castOf(first.approval, ballot(), person('bob')).settles).toBe('APPROVED');
  });

  it('is not needed to reject: the first rejection rejects (5.4)', () => {
    const first = castOf(two, ballot());
    const cast = ballot({ verdict: 'REJECT', ...because });
    expect(castOf(first.approval, cast, person('bob')).settles).toBe('REJECTED');
  });

  it('gives the same person the first result, and refuses another vote of theirs (5.4)', () => {
    const { approval } = castOf(two, ballot());
    expect(decide(approval, ballot()).kind).toBe('repeated');
    // Another key of the same person is the same person.
    expect(decide(approval, ballot(), { ...person('ann'), credentialId: 'key_other' }).kind).toBe('repeated');
    expect(refusalOf(approval, ballot({ verdict: 'REJECT', ...because }))).toBe('ALREADY_DECIDED');
    expect(refusalOf(approval, ballot({ reason: 'now with a reason' }))).toBe('ALREADY_DECIDED');
  });

  it('tells who has voted so, also when it is settled; unless it was cancelled or timed out', () => {
    const { approval } = castOf(two, ballot());
    const other = ballot({ verdict: 'REJECT', ...because });
    expect(refusalOf({ ...approval, status: 'APPROVED' }, other)).toBe('ALREADY_DECIDED');
    expect(refusalOf({ ...approval, status: 'CANCELLED' }, other)).toBe('CANCELLED');
    expect(refusalOf({ ...approval, status: 'TIMED_OUT' }, other)).toBe('EXPIRED');
    expect(decide({ ...approval, status: 'TIMED_OUT' }, ballot()).kind).toBe('repeated');
  });
});

describe('what one asked for oneself', () => {
  const mine = anApproval({ requestedBy: { ...requester, kind: 'USER', id: 'ann', role: 'OPERATOR' } });

  it('is not for oneself to approve, whatever the role, while somebody else could (2.6)', () => {
    for (const role of ['OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'] as const)
      expect(refusalOf(mine, ballot(), person('ann', role))).toBe('SELF_APPROVAL');
    const edited = ballot({ edit: edit('d2') });
    expect(refusalOf(mine, edited, person('ann', 'ADMIN'))).toBe('SELF_APPROVAL');
  });

  it('is approved by an ADMIN where nobody else could, as an override (2.6)', () => {
    const cast = castOf(mine, ballot(), person('ann', 'ADMIN'), { nobodyElse: true });
    expect([cast.settles, cast.override]).toEqual(['APPROVED', true]);
    expect(refusalOf(mine, ballot(), person('ann', 'MANAGER'), { nobodyElse: true })).toBe('SELF_APPROVAL');
  });

  it('may be rejected by oneself', () => {
    const cast = castOf(mine, ballot({ verdict: 'REJECT', ...because }));
    expect([cast.settles, cast.override]).toEqual(['REJECTED', false]);
  });
});

describe('an edited input', () => {
  const two = anApproval({ requiredApprovals: 2 });

  it('is another thing to consent to: the votes begin anew, with that of its editor (5.4)', () => {
    const first = castOf(two, ballot());
    const edited = castOf(first.approval, ballot({ edit: edit('d2') }), person('bob'));
    expect(edited.approval).toMatchObject({ digest: 'd2', round: 2, approvedInput: { digest: 'd2' } });
    expect(edited.vote).toMatchObject({ digest: 'd2', round: 2, actorId: 'bob' });
    expect(edited.settles).toBeNull();
    // Ann's vote was for d1. She may vote again, and then it is approved.
    expect(castOf(edited.approval, ballot()).settles).toBe('APPROVED');
  });

  it('raises role and number, and never lowers them (5.4)', () => {
    const raised = castOf(
      anApproval(),
      ballot({ edit: edit('d2', 'SUPERVISOR', 3) }),
      person('ann', 'MANAGER'),
    );
    expect(raised.approval).toMatchObject({ requiredRole: 'SUPERVISOR', requiredApprovals: 3 });
    const high = anApproval({ requiredRole: 'SUPERVISOR', requiredApprovals: 2 });
    const back = castOf(high, ballot({ edit: edit('d2') }), person('ann', 'SUPERVISOR'));
    expect(back.approval).toMatchObject({ requiredRole: 'SUPERVISOR', requiredApprovals: 2 });
  });

  it('is refused where it asks for more than its editor is', () => {
    const outcome = decide(anApproval(), ballot({ edit: edit('d2', 'SUPERVISOR') }));
    expect(outcome).toMatchObject({ kind: 'refused', errors: [{ code: 'FORBIDDEN' }] });
    expect(JSON.stringify(outcome)).toContain('SUPERVISOR');
  });

  it('does not take the vote of somebody who says that they were shown another one (5.6)', () => {
    const edited = castOf(two, ballot({ edit: edit('d2') }), person('bob')).approval;
    expect(refusalOf(edited, ballot({ seen: 'd1' }))).toBe('INVALID_STATE');
    expect(castOf(edited, ballot({ seen: 'd2' })).settles).toBe('APPROVED');
    // To reject, it need not be looked at again.
    expect(castOf(edited, ballot({ verdict: 'REJECT', ...because, seen: 'd1' })).settles).toBe('REJECTED');
  });
});

describe('beneath a stop', () => {
  const frozen = anApproval({ frozenAt: at(1), kind: 'RESPONSE' });

  it('nothing is granted, nor asked to be done over; it can be rejected (7.2)', () => {
    expect(refusalOf(frozen, ballot())).toBe('EMERGENCY_STOPPED');
    expect(refusalOf(frozen, ballot({ verdict: 'REQUEST_MODIFICATION', ...because }))).toBe(
      'EMERGENCY_STOPPED',
    );
    expect(refusalOf(anApproval(), ballot(), person('ann'), { stopped: true })).toBe('EMERGENCY_STOPPED');
    expect(castOf(frozen, ballot({ verdict: 'REJECT', ...because })).settles).toBe('REJECTED');
  });

  it("recovery's own approvals are never held (7.4)", () => {
    for (const kind of ['RECOVERY_PLAN', 'RECOVERY_STEP'] as const)
      expect(castOf(anApproval({ kind }), ballot(), person('ann'), { stopped: true }).settles).toBe(
        'APPROVED',
      );
  });
});

describe('votes of another round or digest', () => {
  it('do not count', () => {
    const votes = [vote('bob', { round: 1, digest: 'd1' }), vote('cid', { round: 2, digest: 'd1' })];
    const approval = anApproval({ round: 2, digest: 'd2', requiredApprovals: 2, votes });
    expect(castOf(approval, ballot()).settles).toBeNull();
  });
});
