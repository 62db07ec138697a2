import { describe, expect, it } from 'vitest';
import type { Role } from '../../src/identity/permissions.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import {
  mayGrant,
  mayRevoke,
  type Source,
  type Standing,
  statusOf,
  type WeighedCall,
  weigh,
} from '../../src/standing/rules.ts';

const now = new Date('2026-11-25T12:00:00Z');
const later = new Date(now.getTime() + 1);

const standing = (more: Partial<Standing> = {}): Standing => ({
  agentName: 'ada',
  action: 'send',
  condition: 'input.to == "all"',
  maximumRisk: 'MEDIUM',
  maximumUses: 2,
  maximumCost: 10_000n,
  uses: 0,
  cost: 0n,
  expiresAt: later,
  ending: null,
  grantedById: 'user_1',
  ...more,
});
const call = (more: Partial<WeighedCall> = {}): WeighedCall => ({
  agentName: 'ada',
  action: 'send',
  input: { to: 'all' },
  riskLevel: 'LOW',
  requiredApprovals: 1,
  cost: 1n,
  requestedById: 'key_1',
  ...more,
});
const viewer = (role: Role, id = 'user_1'): Viewer => ({
  actor: { kind: 'USER', id, name: id, role },
  role,
  projectId: null,
  credentialId: 'key_2',
  expiresAt: null,
});

describe('what a standing approval lets through (5.9)', () => {
  it.each<[string, Partial<Standing>, Partial<WeighedCall>, string | null]>([
    ['a call within all of it', {}, {}, null],
    ['a call of the highest risk that it covers', {}, { riskLevel: 'MEDIUM' }, null],
    ['the last use', { uses: 1 }, {}, null],
    ['the last cent', { cost: 9_000n }, { cost: 1_000n }, null],
    ['any input, without a condition', { condition: null }, { input: 7 }, null],
    ['none past its uses', { uses: 2 }, {}, 'EXHAUSTED'],
    ['none at its expiry', { expiresAt: now }, {}, 'EXPIRED'],
    ['none once revoked', { ending: 'REVOKED' }, {}, 'REVOKED'],
    ['no other agent', {}, { agentName: 'Ada' }, 'another action'],
    ['no other action', {}, { action: 'send ' }, 'another action'],
    ['no risk above the one granted', { maximumRisk: 'LOW' }, { riskLevel: 'MEDIUM' }, 'too high a risk'],
    ['never HIGH', { maximumRisk: 'HIGH' }, { riskLevel: 'HIGH' }, 'too high a risk'],
    ['never CRITICAL', { maximumRisk: 'CRITICAL' }, { riskLevel: 'CRITICAL' }, 'too high a risk'],
    ['nothing by a row that says HIGH', { maximumRisk: 'HIGH' }, {}, 'too high a risk'],
    ['nothing that several must approve', {}, { requiredApprovals: 2 }, 'several must approve'],
    ['nothing that who granted it asks for', {}, { requestedById: 'user_1' }, 'asked by who granted it'],
    ['not a ten-thousandth of a dollar too much', { cost: 9_000n }, { cost: 1_001n }, 'too dear'],
    ['no other input', {}, { input: { to: 'some' } }, 'another input'],
    ['no input without what is asked about', {}, { input: {} }, 'another input'],
  ])('%s', (_, of, asked, refused) => expect(weigh(standing(of), call(asked), now)).toBe(refused));

  it('is what its end, its expiry and its uses say, in that order', () => {
    expect(statusOf(standing(), now)).toBe('ACTIVE');
    expect(statusOf(standing({ uses: 2 }), now)).toBe('EXHAUSTED');
    expect(statusOf(standing({ uses: 2 }), later)).toBe('EXPIRED');
    expect(statusOf(standing({ ending: 'REVOKED' }), later)).toBe('REVOKED');
  });
});

describe('who may grant one, and of what (5.9)', () => {
  const source = (more: Partial<Source> = {}): Source => ({
    kind: 'AGENT_CALL',
    status: 'PENDING',
    riskLevel: 'LOW',
    requiredRole: 'OPERATOR',
    requiredApprovals: 1,
    ...more,
  });
  const as = { own: false, stopped: false, quorum: 1 };
  it.each<[string, Partial<Source>, Role, Partial<typeof as>, string | null]>([
    ['a pending call', {}, 'OPERATOR', {}, null],
    ['an approved one', { status: 'APPROVED', riskLevel: 'MEDIUM' }, 'OPERATOR', {}, null],
    ['an answer', { kind: 'RESPONSE' }, 'ADMIN', {}, 'NOT_FOUND'],
    ['a rejected call', { status: 'REJECTED' }, 'ADMIN', {}, 'INVALID_STATE'],
    ['a call out of time', { status: 'TIMED_OUT' }, 'ADMIN', {}, 'EXPIRED'],
    ['a cancelled call', { status: 'CANCELLED' }, 'ADMIN', {}, 'CANCELLED'],
    ['beneath a stop', {}, 'ADMIN', { stopped: true }, 'EMERGENCY_STOPPED'],
    ['without the role', {}, 'VIEWER', {}, 'FORBIDDEN'],
    [
      'without the role that an edit raised it to',
      { requiredRole: 'SUPERVISOR' },
      'OPERATOR',
      {},
      'FORBIDDEN',
    ],
    ['an agent', {}, 'AGENT', {}, 'FORBIDDEN'],
    ['one’s own call', {}, 'ADMIN', { own: true }, 'SELF_APPROVAL'],
    ['HIGH risk', { riskLevel: 'HIGH', requiredRole: 'SUPERVISOR' }, 'ADMIN', {}, 'POLICY_VIOLATION'],
    ['CRITICAL risk', { riskLevel: 'CRITICAL', requiredRole: 'SUPERVISOR' }, 'ADMIN', {}, 'POLICY_VIOLATION'],
    ['a call that several must approve', { requiredApprovals: 2 }, 'ADMIN', {}, 'POLICY_VIOLATION'],
    ['a risk that several must approve by now', {}, 'ADMIN', { quorum: 2 }, 'POLICY_VIOLATION'],
  ])('%s', (_, of, role, circumstances, code) => {
    const outcome = mayGrant(source(of), viewer(role), { ...as, ...circumstances });
    expect(outcome.ok ? null : outcome.error.code).toBe(code);
  });

  it.each<[string, Partial<Standing>, Role, string, string]>([
    ['who granted it', {}, 'OPERATOR', 'user_1', 'revoke'],
    ['a SUPERVISOR', {}, 'SUPERVISOR', 'user_2', 'revoke'],
    ['another OPERATOR', {}, 'OPERATOR', 'user_2', 'FORBIDDEN'],
    ['one that is used up', { uses: 2 }, 'OPERATOR', 'user_1', 'revoke'],
    ['one that is revoked', { ending: 'REVOKED' }, 'OPERATOR', 'user_1', 'unchanged'],
    ['one that the clock ended', { ending: 'EXPIRED' }, 'OPERATOR', 'user_1', 'EXPIRED'],
    ['one out of time that the clock has yet to end', { expiresAt: now }, 'OPERATOR', 'user_1', 'EXPIRED'],
  ])('revoking: %s', (_, of, role, id, expected) => {
    const outcome = mayRevoke(standing(of), viewer(role, id), now);
    expect(outcome.ok ? outcome.value : outcome.error.code).toBe(expected);
  });
});
