import { RequestError } from '../kernel/errors.ts';

/** AGENT stands apart; of the others each includes those before it (behaviour 2.3, 2.4). */
export const roles = ['AGENT', 'VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'] as const;
export type Role = (typeof roles)[number];
type HumanRole = Exclude<Role, 'AGENT'>;

/** The order of authority among people, lowest first. */
const humanRoles: readonly HumanRole[] = ['VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'];

interface Rule {
  /** The lowest human role that may. */
  from: HumanRole;
  /** Whether an AGENT may too. */
  agent?: true;
  /** Only a viewer of every project may: it reaches beyond any one (behaviour 2.5). */
  global?: true;
}

/** Who may do what: the one table that every door and verb asks. */
const table = {
  'project.read': { from: 'VIEWER', agent: true },
  'analytics.read': { from: 'VIEWER' },
  'session.create': { from: 'OPERATOR', agent: true },
  'session.report': { from: 'OPERATOR', agent: true },
  'session.end': { from: 'OPERATOR', agent: true },
  'task.write': { from: 'OPERATOR', agent: true },
  'intervention.ask': { from: 'OPERATOR', agent: true },
  'intervention.cancel': { from: 'OPERATOR', agent: true },
  'approval.request': { from: 'OPERATOR', agent: true },
  'budget.reserve': { from: 'OPERATOR', agent: true },
  'emergency.stop': { from: 'OPERATOR', agent: true },
  'session.resume': { from: 'OPERATOR' },
  'intervention.claim': { from: 'OPERATOR' },
  'intervention.resolve': { from: 'OPERATOR' },
  'intervention.escalate': { from: 'OPERATOR' },
  'approval.respond': { from: 'OPERATOR' },
  'notification.read': { from: 'OPERATOR' },
  'approval.grant': { from: 'OPERATOR' },
  'data.read_sensitive': { from: 'SUPERVISOR', agent: true },
  'intervention.override': { from: 'SUPERVISOR' },
  'notification.redeliver': { from: 'SUPERVISOR' },
  'budget.override': { from: 'SUPERVISOR' },
  'budget.limits': { from: 'MANAGER' },
  'recovery.manage': { from: 'MANAGER' },
  'team.create': { from: 'ADMIN' },
  'supervision.update': { from: 'ADMIN' },
  'key.manage': { from: 'ADMIN' },
  'privacy.manage': { from: 'ADMIN' },
  'project.create': { from: 'ADMIN', global: true },
} as const satisfies Record<string, Rule>;

export type Action = keyof typeof table;
export const actions = Object.keys(table) as Action[];

/**
 * What an AGENT must never do, whatever the table above or a configuration grants: answering what agents ask, lifting
 * what stopped them, or learning who answers without looking (behaviour 2.4). Denial is looked at first, so it wins.
 */
const neverAnAgent: ReadonlySet<Action> = new Set<Action>([
  'session.resume',
  'intervention.claim',
  'intervention.resolve',
  'intervention.escalate',
  'intervention.override',
  'approval.respond',
  'approval.grant',
  'budget.override',
  'budget.limits',
  'recovery.manage',
  'analytics.read',
  'key.manage',
  'privacy.manage',
]);

/** As much of a viewer as a permission depends on. `projectId` null: every project. */
export interface Authority {
  role: Role;
  projectId: string | null;
  /** What the role may not do here, though the table lets it: see team-roles.ts. */
  denied?: ReadonlySet<Action>;
}

/** Whether this role, in this scope, may do this at all. Says nothing of the item: see `inScope` for that. */
export function can(viewer: Authority, action: Action): boolean {
  const rule: Rule = table[action];
  if (viewer.denied?.has(action)) return false;
  if (viewer.role === 'AGENT') return !neverAnAgent.has(action) && rule.agent === true;
  if (rule.global === true && viewer.projectId !== null) return false;
  return rank(viewer.role) >= rank(rule.from);
}

/** Throws the top-level FORBIDDEN of behaviour 2.7 where the role may not do this at all. */
export function authorize(viewer: Authority, action: Action): void {
  if (can(viewer, action)) return;
  const bound = can({ role: viewer.role, projectId: null }, action);
  throw new RequestError(
    'FORBIDDEN',
    bound
      ? `${action} needs a credential for every project; this one is bound to a project.`
      : `The role ${viewer.role} may not do this (${action}): it takes ${whoMay(action)}.`,
  );
}

function whoMay(action: Action): string {
  const rule: Rule = table[action];
  const people = rule.from === humanRoles.at(-1) ? rule.from : `${rule.from} or a higher role`;
  return `${rule.agent === true ? `AGENT, or ${people}` : people}${rule.global === true ? ', for every project' : ''}`;
}

/** What `Viewer.permissions` lists: every action the role may do; an ADMIN's begin with `*`. */
export function permissionsOf(role: Role, projectId: string | null = null): string[] {
  const granted = actions.filter((action) => can({ role, projectId }, action));
  return role === 'ADMIN' ? ['*', ...granted] : granted;
}

/** The role and those that it includes, lowest first; an AGENT's is its own alone. */
export function rolesOf(role: Role): Role[] {
  return role === 'AGENT' ? ['AGENT'] : humanRoles.slice(0, rank(role) + 1);
}

/**
 * Whether a person of this role may answer where `required` is asked for. An AGENT never answers (behaviour 2.4),
 * not even where AGENT is what is asked for; everyone from OPERATOR on may do what an AGENT may.
 */
export function satisfies(role: Role, required: Role): boolean {
  if (role === 'AGENT') return false;
  return rank(role) >= rank(required === 'AGENT' ? 'OPERATOR' : required);
}

/** The highest of these roles; AGENT only where there is no human role among them. Null for none. */
export function highestRole(held: readonly Role[]): Role | null {
  const human = humanRoles.findLast((role) => held.includes(role));
  return human ?? (held.includes('AGENT') ? 'AGENT' : null);
}

const rank = (role: HumanRole): number => humanRoles.indexOf(role);
