import { expireApproval, expireApprovalsInSession } from '../approvals/expire.ts';
import { isUnavailable } from '../database/faults.ts';
import type { Leadership } from '../database/leadership.ts';
import type { Signals } from '../database/signals.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { expireInSession, expireIntervention } from '../interventions/expire.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { expireStaleSession } from '../sessions/expire-stale.ts';
import { createAside } from './aside.ts';
import { type Due, forgetKeys, readDue } from './due.ts';
import { runSweeps, type Sweep } from './sweep.ts';

// What the clock does, and how it comes to it: deadlines are columns, the sweep sleeps until the next of them is due
// and hands what is due to the verbs. They decide at the version they read, so that a person who is faster, or a second
// sweep on another replica, leaves nothing to do; nothing here has to be exact but the waking.
//
//   asleep ──next deadline · wake() · poll · leading anew──▶ read what is due ──▶ verbs, all at once ──▶ read again … ──▶ asleep

/** Rows of each kind read at a time. People's commands share the lane with them, and wait for no more than these. */
const WIDTH = 1000;
/** The guarantee behind the wake-ups, in milliseconds: finds what other replicas have set. */
const POLL = 500;
/** Seconds between two removals of idempotency keys. */
const FORGET_EVERY = 60;
/** So many failing one after the other are not each at fault: the sweep rests until the next look. */
const FAILURES_IN_A_ROW = 50;
/** A row that comes back so often within one run is one that the verbs do not move. */
const COMES_BACK = 3;

export interface Sweeps {
  start(): void;
  /** Resolves once nothing is being acted on. */
  stop(): Promise<void>;
  /** A deadline was committed here. Cheap; a hint. */
  wake(dueAt: Date): void;
}

interface Deps {
  database: { prisma: PrismaClient; leadership: Leadership; signals: Pick<Signals, 'onReconnect'> };
  clock: Clock;
  log: Log;
  deps: SessionDeps;
  /** What other rooms have the clock do. */
  more?: readonly Sweep[];
  /** Milliseconds between two looks, 500 when left out. */
  poll?: number;
}

/** Keeps the deadlines (behaviour 3.9, 4.8, 4.12), in the one process that leads. */
export function createSweeps({ database, clock, log, deps, more = [], poll = POLL }: Deps): Sweeps {
  const { prisma, leadership } = database;
  const aside = createAside(clock);
  const undo: (() => void)[] = [];
  let asked = false;
  let running: Promise<void> | null = null;
  let stopped = true;
  let armedFor: Date | null = null;
  let disarm = () => {};
  let forgetAt = clock.now();

  async function run(): Promise<void> {
    let seen: ReadonlyMap<string, number> = new Map();
    while (asked && !stopped) {
      asked = false;
      try {
        const { due, next } = await readDue(prisma, clock.now(), WIDTH, aside.ids());
        if (next !== null) arm(next);
        if (due.length > 0) {
          seen = countAgain(due, seen);
          await act(due);
          asked = true;
        } else if (clock.now() >= forgetAt) {
          if (await forgetKeys(prisma, clock.now())) asked = true;
          else forgetAt = addSeconds(clock.now(), FORGET_EVERY);
        }
        if (await runSweeps(more, { now: () => clock.now(), arm, log })) asked = true;
      } catch (error) {
        asked = false;
        log.warn({ err: error }, 'a sweep failed; the next one tries again');
      }
    }
  }

  /** All at once, so that they share statements; then what failed, alone, so that it fails alone. */
  async function act(due: readonly Due[]): Promise<void> {
    const failed = await settle(bySession(due));
    if (failed.length > 0) await settleAlone(failed.flatMap((unit) => unit.alone));
  }

  /** How often in a row each of these has come back; those that nothing moves are left aside. */
  function countAgain(due: readonly Due[], seen: ReadonlyMap<string, number>): Map<string, number> {
    const times = new Map(due.map(({ id }) => [id, (seen.get(id) ?? 0) + 1]));
    for (const [id, count] of times) {
      if (count < COMES_BACK) continue;
      aside.put(id);
      log.error({ id }, 'a deadline is due that nothing acts on; it is left aside for a while');
    }
    return times;
  }

  async function settle(units: readonly Unit[]): Promise<Unit[]> {
    const results = await Promise.allSettled(units.map(({ act }) => act(deps)));
    return units.filter((_, at) => {
      const result = results[at]!;
      if (result.status === 'fulfilled') return false;
      if (isUnavailable(result.reason)) throw result.reason;
      return true;
    });
  }

  async function settleAlone(units: readonly Alone[]): Promise<void> {
    let inARow = 0;
    for (const { id, act } of units) {
      if (stopped) return;
      try {
        await act(deps);
        inARow = 0;
      } catch (error) {
        inARow += 1;
        if (isUnavailable(error) || inARow > FAILURES_IN_A_ROW) throw error;
        aside.put(id);
        log.error({ err: error, id }, 'a deadline cannot be kept; it is left aside for a while');
      }
    }
  }

  function arm(at: Date): void {
    if (armedFor !== null && armedFor <= at && armedFor > clock.now()) return;
    disarm();
    armedFor = at;
    disarm = clock.at(at, () => {
      armedFor = null;
      sweep();
    });
  }

  function sweep(): void {
    if (stopped || !leadership.isLeader()) return;
    asked = true;
    running ??= run().finally(() => {
      running = null;
      if (asked) sweep();
    });
  }

  return {
    start() {
      stopped = false;
      undo.push(leadership.onChange(sweep), database.signals.onReconnect(sweep));
      const timer = setInterval(sweep, poll);
      timer.unref();
      undo.push(() => clearInterval(timer));
      sweep();
    },
    async stop() {
      stopped = true;
      disarm();
      armedFor = null;
      for (const release of undo.splice(0)) release();
      await running;
    },
    wake(dueAt) {
      if (!stopped && leadership.isLeader()) arm(dueAt);
    },
  };
}

interface Alone {
  id: string;
  act: Act;
}

type Act = (deps: SessionDeps) => Promise<void>;

interface Unit {
  act: Act;
  /** What it consists of, each for itself. */
  alone: Alone[];
}

/** One act a session and kind: a session is what a change is a change of. */
function bySession(due: readonly Due[]): Unit[] {
  const units = new Map<string, Unit>();
  for (const { kind, id, sessionId } of due) {
    const act = actOn(kind, id);
    if (kind === 'session') {
      units.set(`${kind} ${id}`, { act, alone: [{ id, act }] });
      continue;
    }
    const unit = units.get(`${kind} in ${sessionId}`) ?? { act: actInSession(kind, sessionId), alone: [] };
    unit.alone.push({ id, act });
    units.set(`${kind} in ${sessionId}`, unit);
  }
  return [...units.values()];
}

function actOn(kind: Due['kind'], id: string): Act {
  switch (kind) {
    case 'session':
      return (deps) => expireStaleSession(deps, id);
    case 'intervention':
      return (deps) => expireIntervention(deps, id);
    case 'approval':
      return (deps) => expireApproval(deps, id);
  }
}

const actInSession =
  (kind: 'intervention' | 'approval', sessionId: string): Act =>
  (deps) =>
    kind === 'intervention' ? expireInSession(deps, sessionId) : expireApprovalsInSession(deps, sessionId);
