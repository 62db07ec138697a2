import { randomInt } from 'node:crypto';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { ApprovalDeps } from '../approvals/seams.ts';
import { hasEnded, isHalted, isLive } from '../sessions/rules.ts';
import { credentialOf } from './desk.ts';
import { judge, MOST_FAILURES, nextAttempt, reasonOf } from './failure.ts';
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
  const lost = runner && lostCause(runner, lease);
  if (lost) {
    await giveUp(deps.sessions, session, lost);
    return rest(prisma, lease);
  }
  try {
    if (runner === null) throw new Error(`this server has no runner ${JSON.stringify(session.runner)}`);
    const { wakeAt } = await timed(deps, controller, () =>
      runTurn(deps.sessions, runner, situation, lease, controller.signal),
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

/** What a turn is refused that an emergency stop overtook, before its abort. */
const isStopped = (error: unknown): boolean =>
  error instanceof DomainError && error.code === 'EMERGENCY_STOPPED';

/** Why a session must not be tried even once more. */
function lostCause(runner: Runner, { failures, interrupted }: Lease): string | null {
  if (interrupted && runner.replay === 'unsafe') {
    return 'a turn was cut off, and this runner says that its turns must not be run again';
  }
  return failures >= MOST_FAILURES ? `the turn failed or was lost with its worker ${failures} times` : null;
}

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
  const verdict = judge(error, lease.failures);
  log.warn(
    { err: error, sessionId: session.id, runner: session.runner, verdict, failures: lease.failures + 1 },
    'a turn failed',
  );
  if (verdict === 'give_up') {
    await giveUp(deps.sessions, current, reasonOf(error));
    return rest(prisma, lease);
  }
  const counted = verdict === 'try_again';
  const at = nextAttempt(now, lease.failures + 1, randomInt(1000) / 1000);
  await letGo(prisma, lease, { at, failed: counted, interrupted: false });
  return null;
}
