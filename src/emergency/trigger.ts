import { setImmediate as sent } from 'node:timers/promises';
import { LONGEST, transact, type Tx } from '../database/transact.ts';
import { appendEvents, sealable, writeEvents } from '../events/append.ts';
import type { EmergencyStop } from '../generated/prisma/client.ts';
import type { Severity } from '../generated/prisma/enums.ts';
import { inScope, personOf, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Log } from '../kernel/log.ts';
import type { TakenOut, WordDeps } from '../privacy/privacy.ts';
import { announceStop, type Told } from './announce.ts';
import { causesOf } from './causes.ts';
import type { StopDeps } from './deps.ts';
import { type Halted, haltAll, liveOf, lockSessions } from './halt.ts';
import { markBudget } from './holds.ts';
import { added, type Cause, together } from './rules.ts';
import { type About, eventOf, frozenEvents, haltEvents, ofStop, triggered } from './stop-events.ts';

/**
 * Somebody stops a project. In a stopped one it answers with the stop in force, to which it adds (behaviour 7.1); doing
 * it twice does nothing more. Once it has answered, nothing of the project is granted or begun on any replica (7.2).
 */
export async function triggerEmergencyStop(
  deps: StopDeps & WordDeps & { log: Log },
  viewer: Viewer,
  { projectId, reason, severity }: { projectId: string; reason: string; severity: Severity },
): Promise<EmergencyStop> {
  const faults = new Faults();
  faults.text(['reason'], reason, MAX_MESSAGE, 1);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  if (!inScope(viewer, projectId)) throw noProject();
  const { actor } = viewer;
  const { words, kept } = await withoutSensitive(deps, viewer, projectId, { reason });
  const cause: Cause = { conditions: ['MANUAL_STOP'], ...words, severity, actor };
  const { stopId, told } = await stop(deps, projectId, [cause]);
  // It stopped nothing more than what was stopped already: its words stand nowhere.
  if (told === null) {
    const ids = kept.map(({ id }) => id);
    await deps.vault.drop(deps.database.prisma, ids).catch(() => {});
  }
  if (stopId === null) throw noProject();
  return deps.database.prisma.emergencyStop.findUniqueOrThrow({ where: { id: stopId } });
}

const noProject = () => refuse('NOT_FOUND', 'there is no such project', ['projectId']);

/** Milliseconds that a stop waits for its reason to be looked through; then all of the reason is sensitive. */
const LOOKED_THROUGH_WITHIN = 1_000;

/**
 * The words without what is sensitive (behaviour 8.8), which is kept before the stop, for a stop must not fail for it: where
 * it cannot be encrypted, it stays masked for good.
 */
async function withoutSensitive<Words extends JsonObject>(
  { database: { prisma }, privacy, vault, log }: StopDeps & WordDeps & { log: Log },
  { actor }: Viewer,
  projectId: string,
  said: Words,
): Promise<TakenOut<Words>> {
  const whose = { projectId, saidById: personOf(actor) };
  const { words, kept } = await privacy.takeOut(whose, said, LOOKED_THROUGH_WITHIN);
  if (kept.length === 0) return { words, kept };
  try {
    // No key is made for a project that there is not; the stop itself refuses it.
    const project = await prisma.project.findUnique({ where: { id: projectId }, select: { id: true } });
    if (project === null) return { words, kept: [] };
    await vault.keepAhead(kept);
    return { words, kept };
  } catch (error) {
    log.error({ err: error, projectId }, "what is sensitive of an emergency stop's reason could not be kept");
    return { words, kept: [] };
  }
}

/** Stops a project for a cause, and for whatever signals lie there; answers with the stop in force. Null: no such project. */
export const triggerStop = async (
  deps: StopDeps,
  { projectId, ...cause }: Cause & { projectId: string },
): Promise<string | null> => (await stop(deps, projectId, [cause])).stopId;

/** Stops a project for the signals that lie there, where they come to something, and takes them away either way. */
export const stopForSignals = async (deps: StopDeps, projectId: string): Promise<string | null> =>
  (await stop(deps, projectId, [])).stopId;

type Outcome = { stopId: string | null; told: Told | null };

async function stop(deps: StopDeps, projectId: string, given: readonly Cause[]): Promise<Outcome> {
  const outcome = await transact(
    deps.database,
    'stop a project',
    (tx) => attempt(tx, deps, projectId, given),
    LONGEST,
  );
  if (outcome.told !== null) announceStop(deps, outcome.told);
  return outcome;
}

/** The one transaction (behaviour 7.2). Locks: the project, its sessions, what is open in them, reservations, the budget. */
async function attempt(tx: Tx, deps: StopDeps, projectId: string, given: readonly Cause[]): Promise<Outcome> {
  const [project] = await tx.$queryRaw<{ stopId: string | null; liftedAt: Date | null }[]>`
    SELECT stop_id AS "stopId", lifted_at AS "liftedAt" FROM projects WHERE id = ${projectId} FOR NO KEY UPDATE`;
  if (project === undefined) return { stopId: null, told: null };
  const causes = [...given, ...(await causesOf(tx, { projectId, liftedAt: project.liftedAt }))];
  if (causes.length === 0) return { stopId: project.stopId, told: null };
  const cause = together(causes);
  const about: About = { projectId, actor: cause.actor, now: deps.clock.now() };
  return project.stopId === null
    ? begin(tx, deps, about, cause)
    : { stopId: project.stopId, told: await widen(tx, deps, about, project.stopId, cause) };
}

async function begin(tx: Tx, deps: StopDeps, about: About, cause: Cause): Promise<Outcome> {
  const { projectId, now } = about;
  const stopId = deps.ids.next('stop');
  await tx.project.update({ where: { id: projectId }, data: { stopId } });
  await tx.emergencyStop.create({
    data: {
      id: stopId,
      projectId,
      triggeredConditions: [...cause.conditions],
      stopReason: cause.reason,
      severity: cause.severity,
      triggeredBy: cause.actor,
      createdAt: now,
    },
  });
  const locked = await lockSessions(tx, projectId);
  const sessions = liveOf(locked);
  const reason = `emergency stop: ${cause.reason}`;
  const halting = haltAll(tx, { stopId, projectId, locked, reason, actor: cause.actor, now });
  // The digests of a thousand events are made while the database halts what they tell of: agents run until both are done.
  const [halted, halts] = await Promise.all([
    halting,
    sent().then(() => sealable(deps.ids, haltEvents(about, stopId, sessions))),
  ]);
  if (halted.running === 0) await tx.emergencyStop.update({ where: { id: stopId }, data: { haltedAt: now } });
  const { cancelled } = halted;
  const released = await markBudget(tx, deps.ids, about, { stopped: true, cancelled, thawed: [] });
  const written = await writeEvents(tx, [
    ...sealable(deps.ids, [triggered(about, stopId, cause, { ...halted, sessions })]),
    ...halts,
    ...sealable(deps.ids, frozenEvents(about, stopId, halted)),
  ]);
  const eventIds = [...released, ...written];
  return {
    stopId,
    told: { ...toldOf(halted), sessions, projectId, stopId, budget: true, halts: true, eventIds },
  };
}

const toldOf = ({ interventions, approvals, cancelled }: Halted) => ({
  interventions,
  approvals: [...approvals, ...cancelled],
});

/** A condition that comes while the project is stopped stands on the stop in force; its first reason stays. */
async function widen(
  tx: Tx,
  deps: StopDeps,
  about: About,
  stopId: string,
  cause: Cause,
): Promise<Told | null> {
  const data = added(await tx.emergencyStop.findUniqueOrThrow({ where: { id: stopId } }), cause);
  if (data === null) return null;
  await tx.emergencyStop.update({ where: { id: stopId }, data });
  const { triggeredConditions: conditions, severity } = data;
  const event = eventOf(about, 'emergency_stop_widened', ofStop(stopId), {
    conditions,
    severity,
    reason: cause.reason,
  });
  const eventIds = await appendEvents(tx, deps.ids, [event]);
  const nothing = { sessions: [], interventions: [], approvals: [], budget: false, halts: false };
  return { ...nothing, projectId: about.projectId, stopId, eventIds };
}
