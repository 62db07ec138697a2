import type { Change } from '../sessions/aggregate.ts';
import type { ChangeSession } from '../sessions/change.ts';
import { type SpanContext, spanOfAsked, spanOfCreated, spanOfEvent, traceOf } from './ids.ts';
import type { Tracing } from './tracing.ts';

/**
 * The way to change a session, with a span for each change that was written and one for each event of it. Repeats that
 * got an earlier answer, and refusals that wrote nothing, are seen at their door alone.
 */
export function traceChanges(changeSession: ChangeSession, tracing: Tracing): ChangeSession {
  return async (command) => {
    const { startedAt, end } = tracing.timer();
    const settled = await changeSession(command);
    const { change } = settled;
    if (change !== null) record(tracing, change, { startedAt, endedAt: end() });
    return settled;
  };
}

function record(tracing: Tracing, change: Change, when: { startedAt: number; endedAt: number }): void {
  const { session, events, eventIds = [] } = change;
  const attributes = { 'holdpoint.session.id': session.id, 'holdpoint.project.id': session.projectId };
  const traceId = traceOf(session.id);
  const verb = tracing.done({ name: 'change session', kind: 'internal', attributes }, when, {
    traceId,
    parent: causeOf(change),
  });
  if (verb === null) return;
  events.forEach((event, at) => {
    const id = eventIds[at];
    if (id === undefined) return;
    const own: SpanContext = { traceId, spanId: spanOfEvent({ ...event, id }), sampled: true };
    tracing.write({
      ...own,
      name: event.type,
      kind: 'producer',
      parent: verb,
      links: [],
      // One that the clock has prescribed may be older than the change that writes it down.
      startedAt: Math.max(when.startedAt, event.occurredAt.getTime()),
      endedAt: when.endedAt,
      attributes: {
        ...attributes,
        'holdpoint.event.id': id,
        'holdpoint.event.type': event.type,
        'holdpoint.subject.id': event.subjectId,
      },
      error: null,
    });
  });
}

/** What a change goes on from: the asking of what it moves, else the beginning of its session; null: it is that. */
function causeOf({ session, events, updated = [], approvalsUpdated = [] }: Change): string | null {
  const moved = updated[0] ?? approvalsUpdated[0];
  if (moved !== undefined) return spanOfAsked(moved.id);
  if (events.some(({ type }) => type === 'session_created')) return null;
  return spanOfCreated(session.id);
}
