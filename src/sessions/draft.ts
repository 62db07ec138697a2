import type { MoneyMove } from '../budgets/moves.ts';
import type {
  Approval,
  ApprovalVote,
  ConversationTurn,
  Intervention,
  Session,
  Task,
} from '../generated/prisma/client.ts';
import type { AgentType } from '../generated/prisma/enums.ts';
import type { NewEvent } from '../events/append.ts';
import type { StandingMove } from '../standing/use.ts';
import type { Aggregate, Change, StopSignal, VotedApproval } from './aggregate.ts';
import { hasEnded, statusEvents } from './rules.ts';
import type { Actor } from '../identity/viewer.ts';

/** A decision in the making: what stands once it is taken. Rules return values; verbs put them here. */
export interface Draft {
  session: Session;
  interventions: Intervention[];
  approvals: VotedApproval[];
  readonly votes: ApprovalVote[];
  readonly money: MoneyMove[];
  readonly standing: StandingMove[];
  readonly signals: StopSignal[];
  readonly events: NewEvent[];
  readonly turns: ConversationTurn[];
  readonly tasks: Task[];
  readonly agents: { name: string; type?: AgentType }[];
  contextChanged: boolean;
  drive: boolean;
  /** The session comes back: not in a project that is stopped, whatever was read. */
  starts: boolean;
  queueBound?: number;
}

export function begin({
  session,
  interventions,
  approvals,
}: Pick<Aggregate, 'session' | 'interventions' | 'approvals'>): Draft {
  return {
    session,
    interventions: [...interventions],
    approvals: [...approvals],
    votes: [],
    money: [],
    standing: [],
    signals: [],
    events: [],
    turns: [],
    tasks: [],
    agents: [],
    contextChanged: false,
    drive: false,
    starts: false,
  };
}

/** Puts an intervention in its place by its id; also a new one, for the clocks of two replicas may differ. */
export function put(draft: Draft, intervention: Intervention): void {
  const at = draft.interventions.findIndex(({ id }) => id >= intervention.id);
  const known = draft.interventions[at]?.id === intervention.id;
  draft.interventions.splice(at === -1 ? draft.interventions.length : at, known ? 1 : 0, intervention);
}

/** Puts an approval in the place of the one with its id, or behind all others. */
export function putApproval(draft: Draft, approval: VotedApproval): void {
  const at = draft.approvals.findIndex(({ id }) => id === approval.id);
  draft.approvals.splice(at === -1 ? draft.approvals.length : at, at === -1 ? 0 : 1, approval);
}

/** What differs from `aggregate`, ready to be written; `actor` is whom the session's own move is put down to. */
export function toChange(aggregate: Aggregate, draft: Draft, actor: Actor, now: Date): Change {
  const before = new Map(aggregate.interventions.map((intervention) => [intervention.id, intervention]));
  // A session that has ended reckons with nothing any more, not even with what timed out and could have been revived.
  const over = hasEnded(draft.session.status);
  const interventions = draft.interventions.map((item) =>
    over && item.open ? { ...item, open: false } : item,
  );
  return {
    session: draft.session,
    contextChanged: draft.contextChanged,
    asked: interventions.filter(({ id }) => !before.has(id)),
    updated: interventions.filter(
      (intervention) => before.has(intervention.id) && before.get(intervention.id) !== intervention,
    ),
    ...approvalsChanged(aggregate, draft, over),
    votes: draft.votes,
    money: draft.money,
    standing: draft.standing,
    signals: draft.signals,
    starts: draft.starts,
    turns: draft.turns,
    tasks: draft.tasks,
    agents: draft.agents,
    events: [...draft.events, ...statusEvents(aggregate.session, draft.session, actor, now)],
    queueBound: draft.queueBound,
    drive: draft.drive,
  };
}

function approvalsChanged(
  aggregate: Aggregate,
  draft: Draft,
  over: boolean,
): Pick<Change, 'approvalsAsked' | 'approvalsUpdated'> {
  const before = new Map(aggregate.approvals.map((approval) => [approval.id, approval]));
  const approvals = draft.approvals.map((item) => (over && item.open ? { ...item, open: false } : item));
  const plain = (chosen: VotedApproval[]): Approval[] =>
    chosen.map((voted) => {
      const { votes: _votes, ...approval } = voted;
      return approval;
    });
  return {
    approvalsAsked: plain(approvals.filter(({ id }) => !before.has(id))),
    approvalsUpdated: plain(
      approvals.filter((approval) => before.has(approval.id) && before.get(approval.id) !== approval),
    ),
  };
}
