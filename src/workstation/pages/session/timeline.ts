// A session as one line of time: the log's events in their order, each with what it is about. Pure.
import type { SessionEventsQuery } from '../../generated/graphql.ts';
import { sessionsTexts as words } from '../../texts/sessions.ts';
import { worded } from '../../texts/words.ts';

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

const fields = (data: unknown): Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export function timelineOf(events: readonly LoggedEvent[], turns: readonly Turn[]): TimelineEntry[] {
  return events.map((event) => ({
    id: event.id,
    at: event.occurredAt,
    title: words.event[event.type] ?? worded(event.type),
    actor: event.actor.name,
    text: saidIn(event, turns),
    leadsTo: placeOf(event),
    data: event.data,
  }));
}

function saidIn({ type, data, occurredAt, subject }: LoggedEvent, turns: readonly Turn[]): string | null {
  const told = fields(data);
  switch (type) {
    case 'session_status_changed':
    case 'task_status_changed':
      return words.one.moved(textOf(told['from']), String(told['to']));
    case 'conversation_turn_appended': {
      const turn = turns.find(
        (each) => each.timestamp === occurredAt && each.agentName === told['agentName'],
      );
      return turn?.response ?? textOf(told['agentName']);
    }
    case 'intervention_requested':
      return subject?.__typename === 'Intervention' ? subject.message : null;
    case 'intervention_resolved':
      return subject?.__typename === 'Intervention' ? answerOf(subject.humanResponse) : null;
    case 'task_created':
      return subject?.__typename === 'Task' ? subject.instructions : null;
    case 'task_finished':
      return textOf(told['status']);
    default:
      return summaryOf(subject) ?? textOf(told['reason']);
  }
}

const answerOf = (answer: { responseType: string; content: string } | null | undefined): string | null =>
  answer ? `${worded(answer.responseType)}${answer.content === '' ? '' : `: ${answer.content}`}` : null;

const summaryOf = (subject: LoggedEvent['subject']): string | null =>
  subject && 'summary' in subject ? subject.summary : null;

function placeOf({ subject }: LoggedEvent): TimelineEntry['leadsTo'] {
  if (!subject) return null;
  if (subject.__typename === 'Intervention') return { page: 'intervention', id: subject.id };
  return 'summary' in subject ? { page: 'approval', id: subject.id } : null;
}
