import type { UserError } from '../kernel/errors.ts';
import { type Action, actions, can, type Role, roles } from './permissions.ts';
import type { Viewer } from './viewer.ts';

// What a team's configuration says of roles (behaviour 8.2): it may take from a role, for what is that team's, some of what
// people do about its items. It gives nothing: 2.3 and 2.4 stand, and are looked at as well.

/** What a team may take from a role. All else is a project's, is reading, or is what agents do. */
const narrowable = [
  'session.resume',
  'intervention.claim',
  'intervention.resolve',
  'intervention.escalate',
  'intervention.override',
  'approval.respond',
  'approval.grant',
  'notification.redeliver',
] as const satisfies readonly Action[];

/** `human_supervision.security.authorization`, as it was written. */
export interface TeamAuthorization {
  /** false: `roles` is not looked at. */
  rbac_enabled?: boolean | undefined;
  roles?: readonly TeamRole[] | undefined;
}

interface TeamRole {
  name: string;
  permissions: readonly string[];
}

const EVERYTHING = '*';

/** The role that a team's name means, or null: a name of its own, which nobody holds. */
const roleNamed = (name: string): Role | null => roles.find((role) => role === name.toUpperCase()) ?? null;

/** What a role that a team lists has not, there. Claiming is a part of resolving. */
function deniedTo(role: Role, authorization: TeamAuthorization | null): ReadonlySet<Action> {
  if (authorization === null || authorization.rbac_enabled === false) return new Set();
  const listed = authorization.roles?.find(({ name }) => roleNamed(name) === role);
  if (listed === undefined || listed.permissions.includes(EVERYTHING)) return new Set();
  const has = (action: Action): boolean =>
    listed.permissions.includes(action) ||
    (action === 'intervention.claim' && listed.permissions.includes('intervention.resolve'));
  return new Set(narrowable.filter((action) => !has(action)));
}

/** The viewer, for a decision about something of a team's. */
export const narrowed = (viewer: Viewer, authorization: TeamAuthorization | null): Viewer => ({
  ...viewer,
  denied: deniedTo(viewer.role, authorization),
});

/** Why this viewer, as `narrowed` has them, may not do this about the team's item (behaviour 2.7); null: they may. */
export function takenFrom(viewer: Viewer, action: (typeof narrowable)[number]): UserError | null {
  if (viewer.denied?.has(action) !== true) return null;
  const message = `the team's configuration does not let the role ${viewer.role} do this (${action})`;
  return { code: 'FORBIDDEN', message };
}

/** What is wrong with the permissions that a team lists for a role, each with its place in the list. */
export function roleFaults({ name, permissions }: TeamRole): { at: number; message: string }[] {
  const role = roleNamed(name);
  return permissions.flatMap((permission, at) => {
    const known = permission === EVERYTHING || (actions as string[]).includes(permission);
    if (!known) return [{ at, message: `must be a permission, such as ${narrowable[1]}` }];
    if (role === null || has(role, permission)) return [];
    return [
      { at, message: `must be one that ${role} has: a team's roles narrow, and widen nothing (2.3, 8.2)` },
    ];
  });
}

const has = (role: Role, permission: string): boolean =>
  permission === EVERYTHING ? role === 'ADMIN' : can({ role, projectId: null }, permission as Action);

/** What whoever lists a role may not have meant: what it does not come to, or takes without a word; null: nothing. */
export function roleWarning({ name, permissions }: TeamRole): string | null {
  const role = roleNamed(name);
  if (role === null) return `names a role that nobody holds: keys and tokens know ${roles.join(', ')}`;
  const its = narrowable.filter((action) => can({ role, projectId: null }, action));
  if (its.length === 0)
    return `narrows nothing: ${role} has none of the permissions that a team can take (8.2)`;
  const denied = deniedTo(role, { roles: [{ name, permissions }] });
  // A list that has something of a kind has thought of the rest of it.
  const unmentioned = its.filter(
    (action) => denied.has(action) && !permissions.some((listed) => kindOf(listed) === kindOf(action)),
  );
  if (unmentioned.length === 0) return null;
  return `takes ${unmentioned.join(', ')} from ${role} here: what its list does not name is taken (8.2)`;
}

const kindOf = (permission: string): string => permission.split('.', 1)[0]!;
