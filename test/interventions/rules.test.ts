import { describe, expect, it } from 'vitest';
import { roles } from '../../src/identity/permissions.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import { expired, mayAnswer, mayChoose, mayStillAnswer, targetLevel } from '../../src/interventions/rules.ts';
import { at, item, terms } from './item.ts';

const who = (role: Viewer['role'], id = 'user_me'): Viewer => ({
  actor: { kind: role === 'AGENT' ? 'AGENT' : 'USER', id, name: id, role },
  role,
  projectId: null,
  credentialId: 'key',
  expiresAt: null,
});
const code = (outcome: { ok: true } | { ok: false; error: { code: string } }): string =>
  outcome.ok ? 'ok' : outcome.error.code;

describe('behaviour 4.2, 4.4: whether it can still be answered', () => {
  it.each([
    ['PENDING', 'ok'],
    ['RESOLVED', 'ALREADY_RESOLVED'],
    ['CANCELLED', 'CANCELLED'],
    ['TIMEOUT', 'EXPIRED'],
  ] as const)('%s: %s', (status, expected) => expect(code(mayStillAnswer(item({ status })))).toBe(expected));
});

describe('behaviour 2.3, 2.4, 4.11: who may answer', () => {
  const order = ['VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'];
  it.each(
    roles.flatMap((role) =>
      (['OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'] as const).map((required) => [role, required] as const),
    ),
  )('%s where %s is required', (role, requiredRole) => {
    const able = role !== 'AGENT' && order.indexOf(role) >= order.indexOf(requiredRole);
    expect(mayAnswer(item({ requiredRole }), who(role)).ok).toBe(able);
  });

  it('an AGENT does not, even where AGENT is what is asked for', () => {
    expect(code(mayAnswer(item({ requiredRole: 'AGENT' }), who('AGENT')))).toBe('FORBIDDEN');
  });

  it.each([
    ['its claimer', who('OPERATOR'), { ok: true, value: { override: false } }],
    [
      'someone with intervention.override',
      who('SUPERVISOR', 'user_else'),
      { ok: true, value: { override: true } },
    ],
    [
      'anybody else, told whose it is',
      who('OPERATOR', 'user_else'),
      { ok: false, error: { code: 'FORBIDDEN', message: 'claimed by Ada' } },
    ],
  ])('behaviour 4.6, 2.7: of a claimed one: %s', (_, viewer, expected) => {
    expect(mayAnswer(item({ claimedBy: { ...who('OPERATOR').actor, name: 'Ada' } }), viewer)).toEqual(
      expected,
    );
  });

  it('behaviour 4.6: a claim does not outlive the wait', () => {
    expect(expired(item({ claimedBy: who('OPERATOR').actor }), at(0)).claimedBy).toBeNull();
  });
});

describe('behaviour 4.5: which option may be chosen', () => {
  const option = {
    id: 'a',
    label: 'A',
    description: '',
    value: 'a',
    category: 'SELECTION',
    metadata: {},
    recommended: false,
  };
  const asked = item({
    options: [
      { ...option, disabled: false, disabledReason: null },
      { ...option, id: 'off', disabled: true, disabledReason: 'too dear' },
    ],
  });
  it.each([
    ['a', 'OPERATOR', 'ok'],
    ['gone', 'ADMIN', 'OPTION_NOT_FOUND'],
    ['__proto__', 'ADMIN', 'OPTION_NOT_FOUND'],
    ['off', 'OPERATOR', 'OPTION_DISABLED'],
    ['off', 'SUPERVISOR', 'ok'],
  ] as const)('%s by %s: %s', (id, role, expected) =>
    expect(code(mayChoose(asked, id, who(role), ['optionId']))).toBe(expected),
  );

  it('says why it is disabled, and that it took an override', () => {
    expect(mayChoose(asked, 'off', who('OPERATOR'), ['optionId'])).toMatchObject({
      error: { message: 'too dear', path: ['optionId'] },
    });
    expect(mayChoose(asked, 'off', who('ADMIN'), ['optionId'])).toMatchObject({ value: { override: true } });
  });
});

describe('behaviour 4.11: the level that an escalation goes to', () => {
  const three = terms(['SUPERVISOR', 'MANAGER', 'ADMIN'].map((role) => ({ role, timeout: 60 })) as never);
  it.each([
    [0, null, 1],
    [0, 3, 3],
    [1, null, 2],
    [1, 1, 'INVALID_INPUT'],
    [2, 1, 'INVALID_INPUT'],
    [0, 0, 'INVALID_INPUT'],
    [0, -1, 'INVALID_INPUT'],
    [0, 1.5, 'INVALID_INPUT'],
    [0, 4, 'ESCALATION_EXHAUSTED'],
    [3, null, 'ESCALATION_EXHAUSTED'],
    [3, 3, 'INVALID_INPUT'],
    [0, 2 ** 53, 'ESCALATION_EXHAUSTED'],
  ])('from %s to %s: %s', (escalationLevel, wanted, expected) => {
    const outcome = targetLevel(item({ escalationLevel, terms: three }), wanted, ['escalation', 'level']);
    expect(outcome.ok ? outcome.value : outcome.error.code).toBe(expected);
  });
});
