import type { Leadership } from '../database/leadership.ts';
import type { Signals } from '../database/signals.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { findConfirmed } from './confirm.ts';
import type { Stops } from './stops.ts';

/** Milliseconds between two looks. */
const POLL = 500;
/** Projects looked at in one go. */
const MOST = 100;

/**
 * What is left to do for stops when a process has died in between: signals that were committed and not looked at, and
 * halts that nobody is left to confirm. In the one process that leads.
 */
export interface StopWatch {
  start(): void;
  /** Resolves once nothing is being looked at. */
  stop(): Promise<void>;
  /** Looks now. */
  look(): Promise<void>;
}

interface Deps {
  database: { prisma: PrismaClient; leadership: Leadership; signals: Pick<Signals, 'onReconnect'> };
  clock: Clock;
  log: Log;
  stops: Stops;
  /** Milliseconds between two looks, 500 when left out. */
  poll?: number;
}

export function createStopWatch({ database, clock, log, stops, poll = POLL }: Deps): StopWatch {
  const { prisma, leadership, signals } = database;
  const undo: (() => void)[] = [];
  let running: Promise<void> | null = null;

  async function each(projects: readonly string[], act: (projectId: string) => Promise<void>): Promise<void> {
    for (const projectId of projects) {
      await act(projectId).catch((error: unknown) =>
        log.error(
          { err: error, projectId },
          'a project could not be looked at for an emergency stop; it is tried again',
        ),
      );
    }
  }

  async function look(): Promise<void> {
    const left = await prisma.stopSignal.groupBy({
      by: ['projectId'],
      orderBy: { projectId: 'asc' },
      take: MOST,
    });
    await each(
      left.map(({ projectId }) => projectId),
      (projectId) => stops.look(projectId),
    );
    await each(await findConfirmed(prisma, clock.now()), (projectId) => stops.confirmHalt(projectId));
  }

  function lookWhereLeading(): void {
    if (!leadership.isLeader()) return;
    running ??= look()
      .catch((error: unknown) =>
        log.warn({ err: error }, 'looking for emergency stops failed; the next look tries again'),
      )
      .finally(() => {
        running = null;
      });
  }

  return {
    start() {
      undo.push(leadership.onChange(lookWhereLeading), signals.onReconnect(lookWhereLeading));
      const timer = setInterval(lookWhereLeading, poll);
      timer.unref();
      undo.push(() => clearInterval(timer));
      lookWhereLeading();
    },
    async stop() {
      for (const release of undo.splice(0)) release();
      await running;
    },
    look,
  };
}
