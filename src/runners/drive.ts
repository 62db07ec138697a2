import { randomInt } from 'node:crypto';
import type { PrismaClient, Session } from '../generated/prisma/client.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { ApprovalDeps } from '../approvals/seams.ts';
import { hasEnded, isHalted, isLive } from '../sessions/rules.ts';
import { readInForce } from '../supervision/in-force.ts';
import { spanOfCreated, traceOf } from '../tracing/ids.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { credentialOf } from './desk.ts';
import { judge, nextAttempt, type Patience, patienceOf, reasonOf } from './failure.ts';
import { fenced } from './fence.ts';
import { pickUp, giveUp, type Situation } from './hand-over.ts';
import { finish, type Lease, LeaseLost, letGo, rest } from './lease.ts';
import type { Registry } from './registry.ts';
import type { Runner } from './runner.ts';
import { runTurn, TurnAborted } from './turn.ts';

export interface DriveDeps {
  database: { prisma: PrismaClient };
  clock: Clock;
  log: Log;
  sessions: ApprovalDeps;
  runners: Pick<Registry, 'find'>;
  /** Left out: nothing is recorded. */
  tracing?: Tracing;
}

/** How long one turn may take, in seconds. */
const TURN_SECONDS = 15 * 60;

/** Drives a session that this worker has just taken, round after round, until there is nothing left to do for it. */
export async function driveSession(
  deps: DriveDeps,
  taken: Lease,
  controller: AbortController,
): Promise<void> {
  for (let lease: Lease | null = taken; lease !== null; ) {
    const changeSession = fenced(deps.sessions.changeSession, lease);
    lease = await round({ ...deps, sessions: { ...deps.sessions, changeSession } }, lease, controller);
  }
  await leave(deps, taken.sessionId);
}

/**
 * The session has been let go. Where it is halted, that confirms it (behaviour 7.3). Where it has ended, no step can be done
 * again; what is missed here goes by its date.
 */
async function leave({ database: { prisma }, clock, sessions }: DriveDeps, sessionId: string): Promise<void> {
  const select = { status: true, projectId: true } as const;
  const session = await prisma.session.findUnique({ where: { id: sessionId }, select });
  if (session?.status === 'HALTED') await sessions.stops.confirmHalt(session.projectId);
  if (session === null || !hasEnded(session.status)) return;
  await prisma.idempotencyKey.updateMany({
    where: { credentialId: credentialOf(sessionId) },
    data: { expiresAt: clock.now() },
  });
}

/** One round. Answers with the lease where something came meanwhile, with null once it has been let go. */
async function round(deps: DriveDeps, lease: Lease, controller: AbortController): Promise<Lease | null> {
  const { prisma } = deps.database;
  const stopped = controller.signal.reason as unknown;
  if (stopped instanceof TurnAborted && stopped.cause === 'stopping') {
    await letGo(prisma, lease, { at: deps.clock.now(), failed: false, interrupted: false });
    return null;
  }
  const situation = await pickUp(deps.sessions, lease.sessionId);
  const { session, news, calls } = situation;
  // A halted or revivable session keeps what it is owed; one that has ended is owed nothing.
  if (!isLive(session.status)) return rest(prisma, lease);
  const due = lease.dueAt !== null && lease.dueAt <= deps.clock.now();
  const moved = news.length + calls.length > 0;
  if (lease.turn > 0 && !moved && !due && lease.failures === 0) return rest(prisma, lease);
  const runner = deps.runners.find(session.runner);
  const lost = runner && (await lostCause(deps, runner, session, lease));
  if (lost) {
    await giveUp(deps.sessions, session, lost);
    return rest(prisma, lease);
  }
  try {
    if (runner === null) throw new Error(`this server has no runner ${JSON.stringify(session.runner)}`);
    const { wakeAt } = await timed(deps, controller, () =>
      traced(deps.tracing, situation, lease, () =>
        runTurn(shownTo(deps.sessions, situation), runner, situation, lease, controller.signal),
      ),
    );
    return await finish(prisma, lease, wakeAt ?? null);
  } catch (error) {
    return await failed(
      deps,
      lease,
      situation,
      runner,
      controller.signal.aborted ? controller.signal.reason : error,
    );
  }
}

/** What a runner was shown unmasked it may say again, in a prompt, a call or its state: it is masked there too (behaviour 8.8). */
function shownTo(deps: ApprovalDeps, { revealed }: Situation): ApprovalDeps {
  if (revealed.length === 0) return deps;
  return { ...deps, changeSession: (command) => deps.changeSession({ ...command, revealed }) };
}

/** A turn goes on from what its session is owed: the first of it, and linked with the rest; else from the session's beginning. */
function traced<T>(
  tracing: Tracing | undefined,
  { session, causes: [first, ...links] }: Situation,
  lease: Lease,
  work: () => Promise<T>,
): Promise<T> {
  if (tracing === undefined) return work();
  const attributes = {
    'holdpoint.session.id': session.id,
    'holdpoint.project.id': session.projectId,
    'holdpoint.runner': session.runner,
    'holdpoint.turn.number': lease.turn,
    'holdpoint.turn.attempt': lease.failures + 1,
  };
  return tracing.goOn(
    { name: 'turn', kind: 'consumer', attributes },
    { traceId: traceOf(session.id), parent: first ?? spanOfCreated(session.id), links },
    work,
  );
}

/** What a turn is refused that an emergency stop overtook, before its abort. */
const isStopped = (error: unknown): boolean =>
  error instanceof DomainError && error.code === 'EMERGENCY_STOPPED';

/** Why a session must not be tried even once more. */
async function lostCause(
  deps: DriveDeps,
  runner: Runner,
  session: Pick<Session, 'teamId'>,
  { failures, interrupted }: Lease,
): Promise<string | null> {
  if (interrupted && runner.replay === 'unsafe') {
    return 'a turn was cut off, and this runner says that its turns must not be run again';
  }
  // Most turns have not failed: what their team says of failures need not be read.
  if (failures === 0 || failures < (await patience(deps, session)).mostFailures) return null;
  return `the turn failed or was lost with its worker ${failures} ${failures === 1 ? 'time' : 'times'}`;
}

const patience = async (
  { database: { prisma } }: DriveDeps,
  { teamId }: Pick<Session, 'teamId'>,
): Promise<Patience> => patienceOf(await readInForce(prisma, teamId));

async function timed<T>(
  { clock }: DriveDeps,
  controller: AbortController,
  work: () => Promise<T>,
): Promise<T> {
  const cancel = clock.at(addSeconds(clock.now(), TURN_SECONDS), () =>
    controller.abort(new TurnAborted('too_long')),
  );
  try {
    return await work();
  } finally {
    cancel();
  }
}

async function failed(
  deps: DriveDeps,
  lease: Lease,
  { session }: Situation,
  runner: Runner | null,
  error: unknown,
): Promise<Lease | null> {
  const {
    database: { prisma },
    clock,
    log,
  } = deps;
  if (error instanceof LeaseLost) throw error;
  const now = clock.now();
  const aborted = error instanceof TurnAborted ? error.cause : null;
  if (aborted === 'stopping') {
    await letGo(prisma, lease, { at: now, failed: false, interrupted: runner?.replay === 'unsafe' });
    return null;
  }
  const current = await prisma.session.findUniqueOrThrow({ where: { id: session.id } });
  // Cut off by an emergency stop, which may be lifted again already: to be run again once its session goes on.
  if (aborted === 'halted' || isHalted(current) || isStopped(error)) {
    if (hasEnded(current.status)) return rest(prisma, lease);
    await letGo(prisma, lease, { at: now, failed: false, interrupted: runner?.replay === 'unsafe' });
    return null;
  }
  if (aborted === 'session_over' || !isLive(current.status)) return rest(prisma, lease);
  const patient = await patience(deps, session);
  const verdict = judge(error, lease.failures, patient);
  log.warn(
    { err: error, sessionId: session.id, runner: session.runner, verdict, failures: lease.failures + 1 },
    'a turn failed',
  );
  if (verdict === 'give_up') {
    await giveUp(deps.sessions, current, reasonOf(error));
    return rest(prisma, lease);
  }
  const counted = verdict === 'try_again';
  const at = nextAttempt(now, lease.failures + 1, randomInt(1000) / 1000, patient);
  await letGo(prisma, lease, { at, failed: counted, interrupted: false });
  return null;
}
