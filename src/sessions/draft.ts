import type { ConversationTurn, Intervention, Session, Task } from '../generated/prisma/client.ts';
import type { AgentType } from '../generated/prisma/enums.ts';
import type { NewEvent } from '../events/append.ts';
import type { Aggregate, Change } from './aggregate.ts';
import { hasEnded, statusEvents } from './rules.ts';
import type { Actor } from '../identity/viewer.ts';

/** A decision in the making: what stands once it is taken. Rules return values; verbs put them here. */
export interface Draft {
  session: Session;
  interventions: Intervention[];
  readonly events: NewEvent[];
  readonly turns: ConversationTurn[];
  readonly tasks: Task[];
  readonly agents: { name: string; type?: AgentType }[];
  contextChanged: boolean;
  drive: boolean;
  queueBound?: number;
}

export function begin({ session, interventions }: Pick<Aggregate, 'session' | 'interventions'>): Draft {
  return {
    session,
    interventions: [...interventions],
    events: [],
    turns: [],
    tasks: [],
    agents: [],
    contextChanged: false,
    drive: false,
  };
}

/** Puts an intervention in its place by its id; also a new one, for the clocks of two replicas may differ. */
export function put(draft: Draft, intervention: Intervention): void {
  const at = draft.interventions.findIndex(({ id }) => id >= intervention.id);
  const known = draft.interventions[at]?.id === intervention.id;
  draft.interventions.splice(at === -1 ? draft.interventions.length : at, known ? 1 : 0, intervention);
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
    turns: draft.turns,
    tasks: draft.tasks,
    agents: draft.agents,
    events: [...draft.events, ...statusEvents(aggregate.session, draft.session, actor, now)],
    queueBound: draft.queueBound,
    drive: draft.drive,
  };
}
