// What an event of the log says in words: its sentence, what was said in it, and what it was about. Pure.
import { sessionsTexts as words, worded } from '../texts.ts';

/** As much of an event's subject as a query asks for. */
interface Subject {
  __typename: string;
  message?: string;
  humanResponse?: { responseType: string; content: string } | null;
  summary?: string;
  instructions?: string;
  initialMessage?: string;
  name?: string;
  agentName?: string;
  stopReason?: string;
}

export interface ToldEvent {
  type: string;
  data: unknown;
  subject?: Subject | null;
}

export const sentenceOf = (type: string): string => words.event[type] ?? worded(type);

export const fieldsOf = (data: unknown): Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};

export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Somebody else's words, untrusted. */
export function saidIn({ type, data, subject }: ToldEvent): string | null {
  const told = fieldsOf(data);
  switch (type) {
    case 'session_status_changed':
    case 'task_status_changed':
      return words.one.moved(textOf(told['from']), String(told['to']));
    case 'conversation_turn_appended':
      return textOf(told['agentName']);
    case 'intervention_requested':
      return subject?.message ?? null;
    case 'intervention_resolved':
      return subject?.humanResponse ? answerOf(subject.humanResponse) : null;
    case 'task_created':
      return subject?.instructions ?? null;
    case 'task_finished':
      return typeof told['status'] === 'string' ? worded(told['status']) : null;
    default:
      return subject?.summary ?? textOf(told['reason']);
  }
}

const answerOf = ({ responseType, content }: { responseType: string; content: string }): string =>
  `${worded(responseType)}${content === '' ? '' : `: ${content}`}`;

/** What its subject is called, or asked, or was begun with. */
export const aboutIn = ({ subject }: ToldEvent): string | null =>
  subject?.message ??
  subject?.summary ??
  subject?.instructions ??
  subject?.initialMessage ??
  subject?.stopReason ??
  subject?.name ??
  subject?.agentName ??
  null;

/** Both, once each, in one line. */
export function lineOf(event: ToldEvent): string | null {
  const parts = new Set([aboutIn(event), saidIn(event)].filter((part) => part !== null && part !== ''));
  return parts.size === 0 ? null : [...parts].join(' · ').replaceAll(/\s+/g, ' ');
}
