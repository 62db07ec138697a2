import { type BudgetState, reviveBudget } from '../budgets/state.ts';
import type { MoneyMove } from '../budgets/moves.ts';
import type {
  Approval,
  ApprovalVote,
  ConversationTurn,
  Intervention,
  Prisma,
  Session,
  Task,
} from '../generated/prisma/client.ts';
import type { AgentType, Severity, StopCondition } from '../generated/prisma/enums.ts';
import { narrowed, type TeamAuthorization } from '../identity/team-roles.ts';
import type { Actor, Viewer } from '../identity/viewer.ts';
import type { NewEvent } from '../events/append.ts';
import type { UserError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { PrivacySettings } from '../privacy/conceal.ts';
import type { Configuration } from '../supervision/configuration-schema.ts';
import type { StandingMove } from '../standing/use.ts';
import { inForce } from '../supervision/in-force.ts';
import { approvalColumns, interventionColumns, sessionColumns, taskColumns, voteColumns } from './columns.ts';

/** An approval with its votes, of every round. */
export type VotedApproval = Approval & { readonly votes: readonly ApprovalVote[] };

/** A session with what a decision about it has to know. */
export interface Aggregate {
  readonly session: Session;
  /** Open ones, and those that the command names or asked to have delivered; oldest first. */
  readonly interventions: readonly Intervention[];
  /** Those that the command names, and those that the approvals here are about. */
  readonly tasks: readonly Task[];
  /** The one that the command names with its call, and the session's open ones where the command asked for them. */
  readonly approvals: readonly VotedApproval[];
  /** The project's budget, where the command asked for it. */
  readonly budget: BudgetState | null;
  /** The emergency stop in force in the project, or null. */
  readonly stopId: string | null;
  /** How many interventions of the team are pending (behaviour 4.1). */
  readonly queuePending: number;
  /** What its team says of sensitive data; null: nothing. */
  readonly privacy: PrivacySettings | null;
  /** Its team's supervision configuration, null where it has none; undefined where no command asked for it. */
  readonly configuration?: Configuration | null;
  /** What its team's configuration says of roles, null where it says nothing; undefined where no command asked for it. */
  readonly authorization?: TeamAuthorization | null;
}

/** The viewer as the session's team has them: whoever decides on a person's act must have read what the team says. */
export function inTeam(viewer: Viewer, { authorization, session }: Aggregate): Viewer {
  if (authorization === undefined)
    throw new Error(`what the team ${session.teamId} says of roles was not read`);
  return narrowed(viewer, authorization);
}

/** The configuration that an item is made under: whoever did not ask for it must not take it for none. */
export function configurationOf({ configuration, session }: Aggregate): Configuration | null {
  if (configuration === undefined)
    throw new Error(`the configuration of the team ${session.teamId} was not read`);
  return inForce(configuration);
}

/** What is to be written, all of it or nothing. Only what changed is named. */
export interface Change {
  session: Session;
  /** The session's context was changed as well. */
  contextChanged?: boolean;
  asked?: Intervention[];
  updated?: Intervention[];
  turns?: ConversationTurn[];
  tasks?: Task[];
  approvalsAsked?: Approval[];
  approvalsUpdated?: Approval[];
  votes?: ApprovalVote[];
  /** What is held of the project's budget, settled or given back, in the same transaction. */
  money?: MoneyMove[];
  /** What is counted on standing approvals, in the same transaction: the change is lost where one carries it no more. */
  standing?: StandingMove[];
  /** What gives reason to look whether the project must be stopped (behaviour 7.1). */
  signals?: StopSignal[];
  /** What it did to the budget left such a signal too; known once the change has been written. */
  signalled?: boolean;
  /** Begins a session, or brings one back: refused with EMERGENCY_STOPPED where a stop is in force, whatever was read. */
  starts?: boolean;
  /** Who acted, for Agent.lastActivity. */
  agents?: { name: string; type?: AgentType }[];
  events: NewEvent[];
  /** The ids that the events were given; known once the change has been written. */
  eventIds?: string[];
  /** The most that may be pending in the team after an ask. */
  queueBound?: number;
  /** The session's runner has something to do: a job goes into the queue with the change. */
  drive?: boolean;
}

/** A condition that a change has met, or may have: see emergency/. */
export interface StopSignal {
  condition: StopCondition;
  severity: Severity;
  reason: string;
  actor: Actor;
}

/** How many more (or fewer) of the team's interventions are pending once the change stands. */
export function pendingDelta({ interventions }: Aggregate, { asked = [], updated = [] }: Change): number {
  const wasPending = new Set(interventions.filter(({ status }) => status === 'PENDING').map(({ id }) => id));
  const settled = updated.filter(({ id, status }) => status !== 'PENDING' && wasPending.has(id));
  return asked.length - settled.length;
}

/** What a pure rule answers: a value, or why not. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; error: UserError };

export const allow = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const deny = (code: UserError['code'], message: string, path?: string[]): Outcome<never> => ({
  ok: false,
  error: { code, message, ...(path && { path }) },
});

/**
 * A command's decision. A refusal may come with a change: what the clock had made due before the command arrived is
 * written whether or not the command itself is granted.
 */
export type Decision<Reply extends Json> =
  | { change?: Change; reply: Reply }
  | { change?: Change; refusal: readonly UserError[] };

/** Instants in rows that came as JSON. */
const instants = {
  session: dateFields(sessionColumns),
  intervention: dateFields(interventionColumns),
  task: dateFields(taskColumns),
  approval: dateFields(approvalColumns),
  vote: dateFields(voteColumns),
};

function dateFields(columns: Record<string, string>): string[] {
  return Object.keys(columns).filter((field) => columns[field] === 'timestamptz');
}

/** Rows built by `json_build_object` carry their instants as text. */
export function reviveRow<Row>(kind: keyof typeof instants, row: Record<string, unknown>): Row {
  for (const field of instants[kind]) {
    if (row[field] !== null) row[field] = new Date(row[field] as string);
  }
  return row as Row;
}

export interface LoadedSession {
  session: Record<string, unknown>;
  queuePending: number;
  stopId: string | null;
  budget: Record<string, unknown> | null;
  approvals: (Record<string, unknown> & { votes: Record<string, unknown>[] })[];
  openInterventions: Record<string, unknown>[];
  namedInterventions: Record<string, unknown>[];
  undelivered: Record<string, unknown>[];
  tasks: Record<string, unknown>[];
  privacy: PrivacySettings | null;
  configuration?: Configuration | null;
  authorization?: TeamAuthorization | null;
}

export function toAggregate({
  session,
  queuePending,
  stopId,
  budget,
  approvals,
  openInterventions,
  namedInterventions,
  undelivered,
  tasks,
  privacy,
  configuration,
  authorization,
}: LoadedSession): Aggregate {
  const interventions = new Map<string, Intervention>();
  for (const json of [...openInterventions, ...namedInterventions, ...undelivered]) {
    interventions.set(json.id as string, reviveRow<Intervention>('intervention', json));
  }
  return {
    session: reviveRow<Session>('session', session),
    interventions: [...interventions.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    tasks: tasks.map((json) => reviveRow<Task>('task', json)),
    approvals: approvals.map(({ votes, ...json }) => ({
      ...reviveRow<Approval>('approval', json),
      votes: votes.map((vote) => reviveRow<ApprovalVote>('vote', vote)),
    })),
    budget: budget && reviveBudget(budget),
    stopId,
    queuePending,
    privacy,
    ...(configuration === undefined ? {} : { configuration }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

export const asJson = (value: unknown): Prisma.JsonValue => value as Prisma.JsonValue;
