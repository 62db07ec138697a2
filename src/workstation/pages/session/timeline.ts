// A session as one line of time: the log's events in their order, each with what it is about. Pure.
import type { SessionEventsQuery } from '../../generated/graphql.ts';
import { fieldsOf, saidIn, sentenceOf } from '../../parts/told-event.ts';

export type LoggedEvent = SessionEventsQuery['events']['nodes'][number];

export interface Turn {
  agentName: string;
  input: string;
  response: string;
  timestamp: string;
}

export interface TimelineEntry {
  id: string;
  at: string;
  title: string;
  actor: string;
  /** Somebody else's words, untrusted. */
  text: string | null;
  leadsTo: { page: 'intervention' | 'approval'; id: string } | null;
  data: unknown;
}

export function timelineOf(events: readonly LoggedEvent[], turns: readonly Turn[]): TimelineEntry[] {
  return events.map((event) => ({
    id: event.id,
    at: event.occurredAt,
    title: sentenceOf(event.type),
    actor: event.actor.name,
    text: textIn(event, turns),
    leadsTo: placeOf(event),
    data: event.data,
  }));
}

/** Of a turn, what the agent said. */
function textIn(event: LoggedEvent, turns: readonly Turn[]): string | null {
  if (event.type !== 'conversation_turn_appended') return saidIn(event);
  const agentName = fieldsOf(event.data)['agentName'];
  const turn = turns.find((each) => each.timestamp === event.occurredAt && each.agentName === agentName);
  return turn?.response ?? saidIn(event);
}

function placeOf({ subject }: LoggedEvent): TimelineEntry['leadsTo'] {
  if (!subject) return null;
  if (subject.__typename === 'Intervention') return { page: 'intervention', id: subject.id };
  return 'summary' in subject ? { page: 'approval', id: subject.id } : null;
}
