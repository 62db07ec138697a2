import type { Log } from '../kernel/log.ts';
import { isLive } from '../sessions/rules.ts';
import { addSeconds } from '../kernel/clock.ts';
import { type DriveDeps, driveSession } from './drive.ts';
import { type Lease, LEASE_SECONDS, LeaseLost, renew, take, want } from './lease.ts';
import { findDue, findForgotten } from './overdue.ts';
import { TurnAborted } from './turn.ts';

/**
 * Turns that one process runs at a time; more wait in the queue. A turn mostly waits for what it asked elsewhere, so the
 * bound is there for memory; renewing as many leases is one statement.
 */
const MOST_TURNS = 1_000;
/**
 * Milliseconds between two renewals of the leases held. Each tells which sessions were halted meanwhile, whether or not a
 * signal came: within a second, with the time that the statement takes (behaviour 7.3).
 */
export const HEARTBEAT = 750;
/** Milliseconds between two looks for what is due by itself, or was left behind by a worker that died. */
const LOOK = 500;
/** One look in so many is also after sessions that are owed something though nothing stands to remind of it. */
const THOROUGH_EVERY = 60;

export interface Driver {
  start(): void;
  /**
   * Takes the session and drives it; where somebody has it, tells them that something came. Resolves once either is
   * on record, not when the turn ends; waits while too many turns are running. Rejects once the driver is stopping.
   */
  drive(sessionId: string): Promise<void>;
  /** The session is over: its turn, if it is running here, is aborted. */
  abort(sessionId: string): void;
  /** An emergency stop holds the project: its turns that are running here are aborted, and put back. */
  halt(projectId: string): void;
  /** Looks now for what is due, instead of at the next look. `thorough`: also for what was forgotten. */
  look(thorough?: boolean): Promise<void>;
  /** Turns running here. */
  running(): number;
  /** Aborts what runs, and puts it back for another worker. Resolves when nothing runs here any more, at the latest after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

interface Held {
  lease: Lease;
  /** Until when it is certain that nobody else has taken the session. */
  until: Date;
  controller: AbortController;
  done: Promise<void>;
}

export function createDriver(deps: DriveDeps): Driver {
  const {
    database: { prisma },
    clock,
    log,
  } = deps;
  const held = new Map<string, Held>();
  const waiting: { resolve: () => void; reject: (reason: Error) => void }[] = [];
  const timers: NodeJS.Timeout[] = [];
  let slots = MOST_TURNS;
  let stopping = false;
  let looks = 0;
  let looking: Promise<void> | null = null;

  async function slot(): Promise<void> {
    if (stopping) throw new TurnAborted('stopping');
    if (slots > 0) slots -= 1;
    else await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
  }
  function freeSlot(): void {
    const next = waiting.shift();
    if (next) next.resolve();
    else slots += 1;
  }

  function begin(lease: Lease): void {
    // Its lease had lapsed, and this very process has taken the session anew.
    held.get(lease.sessionId)?.controller.abort(new LeaseLost('the session was taken anew'));
    const controller = new AbortController();
    const done = driveSession(deps, lease, controller)
      .catch((error: unknown) => tell(log, lease, error))
      .finally(() => {
        if (held.get(lease.sessionId)?.lease === lease) held.delete(lease.sessionId);
        freeSlot();
      });
    held.set(lease.sessionId, { lease, controller, done, until: addSeconds(clock.now(), LEASE_SECONDS) });
  }

  async function drive(sessionId: string): Promise<void> {
    await slot();
    let begun = false;
    try {
      for (;;) {
        const lease = await take(prisma, sessionId, clock.now());
        if (lease !== null) {
          begun = true;
          begin(lease);
          // The stop may have come while it was being taken.
          if (stopping) held.get(sessionId)!.controller.abort(new TurnAborted('stopping'));
          return;
        }
        if (await want(prisma, sessionId, clock.now())) return;
        if (!(await isFree(deps, sessionId))) return;
      }
    } finally {
      if (!begun) freeSlot();
    }
  }

  async function beat(): Promise<void> {
    const mine = [...held.values()];
    if (mine.length === 0) return;
    const now = clock.now();
    const leases = mine.map(({ lease }) => lease);
    const renewed = await renew(prisma, leases, now).catch((error: unknown) => {
      // Nobody can say whether the project is stopped, nor who has the session: that counts as stopped.
      for (const { until, controller } of mine)
        if (until <= clock.now()) controller.abort(new LeaseLost('the lease could not be renewed'));
      throw error;
    });
    const kept = new Map(renewed.map(({ sessionId, status }) => [sessionId, status]));
    for (const each of mine) {
      const { lease, controller } = each;
      each.until = addSeconds(now, LEASE_SECONDS);
      const status = kept.get(lease.sessionId);
      if (held.get(lease.sessionId)?.lease !== lease) continue;
      if (status === undefined) controller.abort(new LeaseLost('another worker has taken the session'));
      else if (status === 'HALTED') controller.abort(new TurnAborted('halted'));
      else if (!isLive(status)) controller.abort(new TurnAborted('session_over'));
    }
  }

  async function look(thorough: boolean): Promise<void> {
    const due = thorough ? await findForgotten(prisma, clock.now()) : await findDue(prisma, clock.now());
    await Promise.all(due.filter((id) => !held.has(id)).map((id) => drive(id)));
  }

  const quietly = (what: string, work: () => Promise<void>): Promise<void> =>
    work().catch((error: unknown) => {
      if (!stopping) log.warn({ err: error }, `${what} failed; it is tried again`);
    });

  return {
    start() {
      let beating = false;
      timers.push(
        setInterval(() => {
          if (beating) return;
          beating = true;
          void quietly('renewing leases', beat).finally(() => (beating = false));
        }, HEARTBEAT),
        setInterval(() => {
          // A look may wait for a free slot: the next one is not started on top of it.
          looking ??= quietly('looking for due sessions', () => look(looks++ % THOROUGH_EVERY === 0)).finally(
            () => (looking = null),
          );
        }, LOOK),
      );
    },
    drive,
    abort: (sessionId) => held.get(sessionId)?.controller.abort(new TurnAborted('session_over')),
    halt(projectId) {
      for (const { lease, controller } of held.values())
        if (lease.projectId === projectId) controller.abort(new TurnAborted('halted'));
    },
    look: (thorough = false) => look(thorough),
    running: () => held.size,
    async stop(graceMs) {
      stopping = true;
      for (const timer of timers.splice(0)) clearInterval(timer);
      for (const { reject } of waiting.splice(0)) reject(new TurnAborted('stopping'));
      for (const { controller } of held.values()) controller.abort(new TurnAborted('stopping'));
      let timer: NodeJS.Timeout | undefined;
      const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
      await Promise.race([Promise.all([...held.values()].map(({ done }) => done)), grace]);
      clearTimeout(timer);
    },
  };
}

/** Neither taken nor wanted: let go in between (true: try again), resting after a failure, or there is none. */
async function isFree({ database: { prisma }, clock }: DriveDeps, id: string): Promise<boolean> {
  const drive = await prisma.sessionDrive.findUnique({ where: { sessionId: id } });
  if (drive === null) return (await prisma.session.count({ where: { id } })) > 0;
  const now = clock.now();
  return drive.failures === 0 || drive.dueAt === null || drive.dueAt <= now;
}

function tell(log: Log, { sessionId }: Lease, error: unknown): void {
  if (error instanceof LeaseLost)
    log.warn({ sessionId }, 'another worker has taken a session that was driven here');
  // Its lease lapses, and some worker takes it up again.
  else log.error({ err: error, sessionId }, 'driving a session broke off');
}
