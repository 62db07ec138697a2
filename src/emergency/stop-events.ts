import type { NewEvent } from '../events/append.ts';
import type { EventType } from '../events/catalog.ts';
import type { Actor } from '../identity/viewer.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Cause } from './rules.ts';
import type { Halted, Item, Locked } from './halt.ts';

export interface About {
  projectId: string;
  actor: Actor;
  now: Date;
}

/** An event of something in the project. */
export const eventOf = (
  { projectId, actor, now }: About,
  type: EventType,
  { id, sessionId, teamId }: Item,
  data: JsonObject,
): NewEvent => ({ type, projectId, teamId, sessionId, subjectId: id, actor, data, occurredAt: now });

export const ofSession = ({ id, teamId }: { id: string; teamId: string }): Item => ({
  id,
  sessionId: id,
  teamId,
});

export const ofStop = (id: string): Item => ({ id, sessionId: null, teamId: null });

/** One for each session that the stop halts. */
export const haltEvents = (about: About, stopId: string, sessions: readonly Locked[]): NewEvent[] =>
  sessions.map((session) =>
    eventOf(about, 'session_status_changed', ofSession(session), {
      from: session.status,
      to: 'HALTED',
      stopId,
    }),
  );

/** The stop itself. */
export function triggered(
  about: About,
  stopId: string,
  { conditions, severity, reason }: Cause,
  { sessions, tasks, interventions, approvals }: Halted & { sessions: readonly Locked[] },
): NewEvent {
  return eventOf(about, 'emergency_stop_triggered', ofStop(stopId), {
    conditions: [...conditions],
    severity,
    reason,
    sessions: sessions.length,
    tasks: tasks.length,
    interventions: interventions.length,
    approvals: approvals.length,
  });
}

/** Everything else that it halted, froze or cancelled; what was released of the budget tells of itself. */
export function frozenEvents(about: About, stopId: string, halted: Halted): NewEvent[] {
  const { tasks, interventions, approvals, cancelled } = halted;
  return [
    ...tasks.map((task) =>
      eventOf(about, 'task_status_changed', task, { from: task.from, to: task.to, stopId }),
    ),
    ...interventions.map((item) => eventOf(about, 'intervention_frozen', item, { stopId })),
    ...approvals.map((item) => eventOf(about, 'approval_frozen', item, { stopId })),
    ...cancelled.map((item) =>
      eventOf(about, 'approval_resolved', item, { status: 'CANCELLED', reason: 'emergency stop', stopId }),
    ),
    ...(halted.running === 0
      ? [eventOf(about, 'emergency_stop_halted', ofStop(stopId), { at: 'once' })]
      : []),
  ];
}
