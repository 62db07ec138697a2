import { describe, expect, test } from 'vitest';
import {
  type Action,
  actions,
  authorize,
  can,
  highestRole,
  permissionsOf,
  type Role,
  roles,
  rolesOf,
  satisfies,
} from '../../src/identity/permissions.ts';
import { inScope, systemActor } from '../../src/identity/viewer.ts';

/** Written out by hand, column by column: AGENT VIEWER OPERATOR SUPERVISOR MANAGER ADMIN. */
const expected: Record<Action, string> = {
  'project.read': '111111',
  'analytics.read': '011111',
  'session.create': '101111',
  'session.report': '101111',
  'session.end': '101111',
  'task.write': '101111',
  'intervention.ask': '101111',
  'intervention.cancel': '101111',
  'approval.request': '101111',
  'budget.reserve': '101111',
  'emergency.stop': '101111',
  'session.resume': '001111',
  'intervention.claim': '001111',
  'intervention.resolve': '001111',
  'intervention.escalate': '001111',
  'approval.respond': '001111',
  'notification.read': '001111',
  'approval.grant': '001111',
  'data.read_sensitive': '100111',
  'intervention.override': '000111',
  'notification.redeliver': '000111',
  'budget.override': '000111',
  'budget.limits': '000011',
  'recovery.manage': '000011',
  'team.create': '000001',
  'supervision.update': '000001',
  'key.manage': '000001',
  'privacy.manage': '000001',
  'project.create': '000001',
};

describe('who may do what', () => {
  test('behaviour 2.3, 2.4: every role may do exactly what the table says, for every action', () => {
    const actual = Object.fromEntries(
      actions.map((action) => [
        action,
        roles.map((role) => Number(can({ role, projectId: null }, action))).join(''),
      ]),
    );
    expect(actual).toEqual(expected);
  });

  test('behaviour 2.5: an ADMIN bound to a project makes no projects, and may do all else that an ADMIN may', () => {
    const refused = actions.filter((action) => !can({ role: 'ADMIN', projectId: 'project_a' }, action));
    expect(refused).toEqual(['project.create']);
  });

  test('behaviour 2.7: who may not do it at all is told who may', () => {
    const told = (role: Role, action: Action, message: string) =>
      expect(() => authorize({ role, projectId: 'project_a' }, action)).toThrow(
        expect.objectContaining({ code: 'FORBIDDEN', message }),
      );
    const may = 'may not do this';
    told(
      'OPERATOR',
      'budget.limits',
      `The role OPERATOR ${may} (budget.limits): it takes MANAGER or a higher role.`,
    );
    told(
      'VIEWER',
      'task.write',
      `The role VIEWER ${may} (task.write): it takes AGENT, or OPERATOR or a higher role.`,
    );
    told('MANAGER', 'key.manage', `The role MANAGER ${may} (key.manage): it takes ADMIN.`);
    told(
      'MANAGER',
      'project.create',
      `The role MANAGER ${may} (project.create): it takes ADMIN, for every project.`,
    );
  });

  test('behaviour 2.7: who may not do it at all is refused with a top-level FORBIDDEN that names the role', () => {
    const refusal = expect.objectContaining({
      code: 'FORBIDDEN',
      message: expect.stringContaining('VIEWER'),
    });
    expect(() => authorize({ role: 'VIEWER', projectId: null }, 'key.manage')).toThrow(refusal);
    expect(() => authorize({ role: 'ADMIN', projectId: 'project_a' }, 'project.create')).toThrow(
      /every project/,
    );
    expect(() => authorize({ role: 'ADMIN', projectId: null }, 'project.create')).not.toThrow();
  });

  test('behaviour 2.3: roles are listed cumulatively, an AGENT stands alone', () => {
    expect(rolesOf('AGENT')).toEqual(['AGENT']);
    expect(rolesOf('VIEWER')).toEqual(['VIEWER']);
    expect(rolesOf('MANAGER')).toEqual(['VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER']);
  });

  test('behaviour 2.3: the permissions of an ADMIN begin with *, those of the others name what they may', () => {
    expect(permissionsOf('ADMIN')).toEqual(['*', ...actions]);
    expect(permissionsOf('ADMIN', 'project_a')).not.toContain('project.create');
    expect(permissionsOf('VIEWER')).toEqual(['project.read', 'analytics.read']);
    expect(permissionsOf('SUPERVISOR')).toContain('intervention.override');
    expect(permissionsOf('SUPERVISOR')).not.toContain('*');
  });

  test('behaviour 2.4: a higher role satisfies a lower one, an AGENT satisfies none', () => {
    const satisfied = (role: Role) => roles.filter((required) => satisfies(role, required));
    expect(satisfied('AGENT')).toEqual([]);
    expect(satisfied('VIEWER')).toEqual(['VIEWER']);
    expect(satisfied('OPERATOR')).toEqual(['AGENT', 'VIEWER', 'OPERATOR']);
    expect(satisfied('SUPERVISOR')).toEqual(['AGENT', 'VIEWER', 'OPERATOR', 'SUPERVISOR']);
    expect(satisfied('ADMIN')).toEqual([...roles]);
  });

  test('the highest role held is a human one wherever there is one', () => {
    expect(highestRole(['AGENT', 'VIEWER'])).toBe('VIEWER');
    expect(highestRole(['ADMIN', 'OPERATOR'])).toBe('ADMIN');
    expect(highestRole(['AGENT'])).toBe('AGENT');
    expect(highestRole([])).toBeNull();
  });

  test('behaviour 2.2: a bound viewer sees its own project alone, an unbound one everything', () => {
    const viewer = { actor: systemActor, role: 'VIEWER' as const, credentialId: 'key_a', expiresAt: null };
    expect(inScope({ ...viewer, projectId: 'project_a' }, 'project_a')).toBe(true);
    expect(inScope({ ...viewer, projectId: 'project_a' }, 'project_b')).toBe(false);
    expect(inScope({ ...viewer, projectId: 'project_a' }, null)).toBe(false);
    expect(inScope({ ...viewer, projectId: null }, 'project_b')).toBe(true);
  });
});
