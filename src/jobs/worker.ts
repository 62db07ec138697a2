import type { Database } from '../database/open.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { HALT } from '../emergency/announce.ts';
import type { RecoveryDeps } from '../recovery/deps.ts';
import { proceed } from '../recovery/proceed.ts';
import { createRecoveryWatch } from '../recovery/watch.ts';
import { createDriver, type Driver } from '../runners/driver.ts';
import type { Registry } from '../runners/registry.ts';
import type { ApprovalDeps } from '../approvals/seams.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type JobHandlers, type JobName, jobs, parsePayload } from './catalog.ts';
import { ABORT, type Queue, WAKE } from './queue.ts';

/** Jobs taken in one statement. */
const BATCH = 50;
/** Seconds between two looks at a queue that nobody has spoken of: the guarantee behind the wake-ups. */
const POLL_SECONDS = 1;

export interface WorkerDeps {
  database: Pick<Database, 'prisma' | 'signals' | 'leadership'>;
  clock: Clock;
  log: Log;
  queue: Queue;
  sessions: ApprovalDeps;
  recoveries: Omit<RecoveryDeps, 'database'>;
  runners: Pick<Registry, 'find'>;
  /** Left out: nothing is recorded. */
  tracing?: Tracing;
}

export interface Worker {
  start(): Promise<void>;
  /** Takes no more work, aborts the turns that run and puts them back. Resolves within `graceMs` and a little. */
  stop(graceMs: number): Promise<void>;
  readonly driver: Driver;
}

/** What a process with the role `worker` does beside the API: it drives sessions, and runs what recoveries' people approved. */
export function createWorker(deps: WorkerDeps): Worker {
  const {
    database: { signals },
    queue: { boss },
    log,
  } = deps;
  const driver = createDriver(deps);
  const recoveries = { ...deps.recoveries, database: deps.database };
  const watch = createRecoveryWatch(recoveries);
  const handlers: JobHandlers = {
    drive: ({ sessionId }) => driver.drive(sessionId),
    recover: ({ recoveryId }) => proceed(recoveries, recoveryId),
  };
  const undo: (() => void)[] = [];

  async function work(name: JobName): Promise<void> {
    const id = await boss.work(
      name,
      {
        batchSize: BATCH,
        pollingIntervalSeconds: POLL_SECONDS,
        burstWhenBatchFull: true,
        perJobResults: true,
      },
      (batch) => Promise.all(batch.map((job) => run(name, job))),
    );
    const wake = () => boss.notifyWorker(id);
    undo.push(
      signals.on(WAKE, (queue) => queue === name && wake()),
      signals.onReconnect(wake),
    );
  }

  async function run(name: JobName, { id, data }: { id: string; data: unknown }) {
    try {
      await (handlers[name] as (payload: unknown) => Promise<void>)(parsePayload(name, data));
      return { id, status: 'completed' as const };
    } catch (error) {
      log.warn({ err: error, job: name, data }, 'a job failed');
      return { id, status: 'failed' as const, output: { message: (error as Error).message } };
    }
  }

  return {
    driver,
    async start() {
      undo.push(
        signals.on(ABORT, (sessionId) => driver.abort(sessionId)),
        signals.on(HALT, (projectId) => driver.halt(projectId)),
      );
      driver.start();
      watch.start();
      for (const name of Object.keys(jobs) as JobName[]) await work(name);
    },
    async stop(graceMs) {
      for (const release of undo.splice(0)) release();
      const idle = Promise.all(
        (Object.keys(jobs) as JobName[]).map((name) => boss.offWork(name, { wait: true })),
      );
      await driver.stop(graceMs);
      await watch.stop();
      await idle;
      // Whoever else there is need not wait for its next look to find what was put back.
      signals.send(WAKE, 'drive');
    },
  };
}
