import type { Tx } from '../database/transact.ts';
import { appendEvents, type NewEvent } from '../events/append.ts';
import type { Actor } from '../identity/viewer.ts';
import { DomainError } from '../kernel/errors.ts';
import { announceToDrive } from '../jobs/queue.ts';
import { announceStop, type Told } from './announce.ts';
import { countRunning } from './confirm.ts';
import type { LiftDeps } from './deps.ts';
import { markBudget } from './holds.ts';
import { mayLift } from './rules.ts';
import { type About, eventOf, ofSession, ofStop } from './stop-events.ts';
import { ABANDONED, thawAll, type Thawed } from './thaw.ts';

export interface Lifting {
  stopId: string;
  actor: Actor;
  /** Of what was halted, what is not to go on: CANCELLED. What was not halted by this stop is left as it is. */
  abandon: { sessionIds: readonly string[]; taskIds: readonly string[] };
  now: Date;
}

/** What was lifted, for `afterLift`. */
export interface Lifted {
  told: Told;
  driven: number;
  /** The earliest deadline that runs again. */
  dueAt: Date | null;
}

/**
 * Lifts a stop in the caller's transaction, whole or not at all (behaviour 7.7): nothing else does. Sessions and tasks
 * return to the state before, what was frozen gets back exactly the time for which it was, and of what is abandoned all is
 * CANCELLED and its holds are released. INVALID_STATE where the stop is not in force, or running agents have yet to
 * confirm. Once the caller has committed, it calls `afterLift`. Locks as a stop does: call it before locking
 * anything else.
 */
export async function liftStop(
  tx: Tx,
  deps: LiftDeps,
  { stopId, actor, abandon, now }: Lifting,
): Promise<Lifted> {
  const [project] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM projects WHERE stop_id = ${stopId} FOR NO KEY UPDATE`;
  const stop = project === undefined ? null : await tx.emergencyStop.findUnique({ where: { id: stopId } });
  const able = mayLift(stop, stop === null ? 0 : await countRunning(tx, stopId, now));
  if (!able.ok) throw new DomainError([able.error]);
  const projectId = project!.id;
  await tx.project.update({ where: { id: projectId }, data: { stopId: null, liftedAt: now } });
  const haltedAt = stop!.haltedAt ?? now;
  await tx.emergencyStop.update({ where: { id: stopId }, data: { resolvedAt: now, haltedAt } });
  const thawed = await thawAll(tx, { stopId, projectId, abandon, now });
  const about: About = { projectId, actor, now };
  const cancelled = thawed.cancelledApprovals;
  const released = await markBudget(tx, deps.ids, about, {
    stopped: false,
    cancelled,
    thawed: thawed.approvals,
  });
  const confirmed =
    stop!.haltedAt === null ? [eventOf(about, 'emergency_stop_halted', ofStop(stopId), { at: 'lift' })] : [];
  const events = [...confirmed, ...liftEvents(about, stopId, thawed)];
  const eventIds = [...released, ...(await appendEvents(tx, deps.ids, events))];
  if (thawed.owed.length > 0) await deps.enqueueDrives(tx, thawed.owed);
  return {
    told: toldOf(projectId, stopId, thawed, eventIds),
    driven: thawed.owed.length,
    dueAt: earliest(thawed),
  };
}

/** To be called once a lift has been committed. */
export function afterLift(deps: LiftDeps, { told, driven, dueAt }: Lifted): void {
  announceStop(deps, told);
  if (driven > 0) announceToDrive(deps.database.signals);
  if (dueAt !== null) deps.wakeSweeps(dueAt);
}

const toldOf = (projectId: string, stopId: string, thawed: Thawed, eventIds: readonly string[]): Told => ({
  projectId,
  stopId,
  budget: true,
  halts: false,
  sessions: thawed.sessions,
  interventions: [...thawed.interventions, ...thawed.cancelledInterventions, ...thawed.undelivered],
  approvals: [...thawed.approvals, ...thawed.cancelledApprovals],
  eventIds,
});

function earliest({ interventions, approvals }: Thawed): Date | null {
  const due = [...interventions, ...approvals].flatMap(({ dueAt }) =>
    dueAt === null ? [] : [Date.parse(dueAt)],
  );
  return due.length === 0 ? null : new Date(due.reduce((one, other) => Math.min(one, other)));
}

function liftEvents(about: About, stopId: string, thawed: Thawed): NewEvent[] {
  const abandoned = thawed.sessions.filter(({ to }) => to === 'CANCELLED').length;
  return [
    eventOf(about, 'emergency_stop_resolved', ofStop(stopId), {
      sessions: thawed.sessions.length - abandoned,
      abandonedSessions: abandoned,
    }),
    ...thawed.sessions.map((session) =>
      eventOf(about, 'session_status_changed', ofSession(session), {
        from: 'HALTED',
        to: session.to,
        stopId,
      }),
    ),
    ...thawed.tasks.map((task) =>
      eventOf(about, 'task_status_changed', task, { from: 'HALTED', to: task.to, stopId }),
    ),
    ...thawed.interventions.map(({ heldMs, ...item }) =>
      eventOf(about, 'intervention_thawed', item, { heldMs, stopId }),
    ),
    ...thawed.approvals.map(({ heldMs, ...item }) =>
      eventOf(about, 'approval_thawed', item, { heldMs, stopId }),
    ),
    ...thawed.cancelledInterventions.map((item) =>
      eventOf(about, 'intervention_cancelled', item, { reason: ABANDONED }),
    ),
    ...thawed.undelivered.map(({ agentName, ...item }) =>
      eventOf(about, 'intervention_delivery_failed', item, { agentName, reason: ABANDONED }),
    ),
    ...thawed.cancelledApprovals.map((item) =>
      eventOf(about, 'approval_resolved', item, { status: 'CANCELLED', reason: ABANDONED, stopId }),
    ),
  ];
}
