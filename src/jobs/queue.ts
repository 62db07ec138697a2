import { fromPrisma, PgBoss } from 'pg-boss';
import type { Database } from '../database/open.ts';
import type { Signals } from '../database/signals.ts';
import type { Log } from '../kernel/log.ts';
import type { Change } from '../sessions/aggregate.ts';
import type { RawTx } from '../database/transact.ts';
import { isExternal, isHalted, isLive } from '../sessions/rules.ts';
import { type JobName, type JobPayload, jobs, parsePayload } from './catalog.ts';
import { prioritiesOf } from './priority.ts';

/** Woken workers look at the queue of this payload's name. */
export const WAKE = 'jobs';
/** Turns of this payload's session are aborted. */
export const ABORT = 'abort-turn';
/** Milliseconds until the queue counts as not answering. */
const PATIENCE = 2_000;

export interface Queue {
  readonly boss: PgBoss;
  /** Writes jobs in the caller's transaction: they are there if and only if it commits. */
  enqueue<Name extends JobName>(tx: RawTx, name: Name, payloads: readonly JobPayload<Name>[]): Promise<void>;
  /** A worker has something to do for these recoveries. */
  enqueueRecoveries: (tx: RawTx, recoveryIds: string[]) => Promise<void>;
  /** The jobs of changes that drive a runner, those of teams that go first before others; what `createChangeSession` asks for. */
  enqueueDrives: (tx: RawTx, sessionIds: string[]) => Promise<void>;
  /** Rejects when the queue's tables do not answer within 2 s: then this process is not ready. */
  assertReady(): Promise<void>;
  /** To be called once workers have stopped, and before the database is closed. */
  close(): Promise<void>;
}

interface Options {
  database: Pick<Database, 'boss'>;
  log: Log;
  /** Whether this process also looks after the queue: failing what has run too long, deleting what is old. */
  supervise: boolean;
}

/**
 * The job queue, in the same database, its own schema made or migrated. The database may go away and come back:
 * everything here is tried again, and told in the log meanwhile.
 */
export async function openQueue({ database, log, supervise }: Options): Promise<Queue> {
  const boss = new PgBoss({
    ...database.boss(),
    supervise,
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
    schedule: false,
    // Our own wake-up comes after the commit: NOTIFY within the insert would make all committers wait for one another.
    useListenNotify: false,
  });
  boss.on('error', (error) => log.warn({ err: error }, 'the job queue met an error; it tries again'));
  boss.on('warning', (warning) => log.warn({ warning }, 'the job queue warns'));
  await boss.start();
  for (const [name, { timeoutSeconds, retries, retrySeconds }] of Object.entries(jobs)) {
    const options = {
      expireInSeconds: timeoutSeconds,
      retryLimit: retries,
      retryDelay: retrySeconds,
      retryBackoff: true,
      retryDelayMax: 60,
      // Done jobs say nothing that the event log does not say better.
      deleteAfterSeconds: 600,
    };
    await boss.createQueue(name, options);
    await boss.updateQueue(name, options);
    // Has the queue's definition read now: within a transaction of the embedded database, that would wait for itself.
    await boss.insert(name, []);
  }
  return assemble(boss);
}

function assemble(boss: PgBoss): Queue {
  async function insert<Name extends JobName>(
    tx: RawTx,
    name: Name,
    jobsOf: readonly { payload: JobPayload<Name>; priority?: number | undefined }[],
  ) {
    if (jobsOf.length === 0) return;
    const data = jobsOf.map(({ payload, priority = 0 }) => ({
      data: parsePayload(name, payload) as object,
      priority,
    }));
    await boss.insert(name, data, { db: fromPrisma(tx) });
  }
  return {
    boss,
    enqueue: (tx, name, payloads) =>
      insert(
        tx,
        name,
        payloads.map((payload) => ({ payload })),
      ),
    async enqueueDrives(tx, sessionIds) {
      if (sessionIds.length === 0) return;
      const priorities = await prioritiesOf(tx, sessionIds);
      await insert(
        tx,
        'drive',
        sessionIds.map((sessionId) => ({ payload: { sessionId }, priority: priorities.get(sessionId) })),
      );
    },
    enqueueRecoveries: (tx, recoveryIds) =>
      insert(
        tx,
        'recover',
        recoveryIds.map((recoveryId) => ({ payload: { recoveryId } })),
      ),
    async assertReady() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`the job queue did not answer within ${PATIENCE} ms`)),
          PATIENCE,
        );
      });
      try {
        if (!(await Promise.race([boss.isInstalled(), late])))
          throw new Error('the job queue is not installed');
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => boss.stop({ graceful: true, timeout: 5_000 }),
  };
}

/** To be called after a commit that wrote drives beside a session's own change. */
export const announceToDrive = (signals: Pick<Signals, 'send'>): void => signals.send(WAKE, 'drive');

/**
 * To be called after a commit with what was changed, by every process. Never throws. Workers, here and in the replicas,
 * are woken where there is a job, and abort the turns of sessions that are over. A stop aborts all of its project itself.
 */
export function announceToWorkers(signals: Signals, changes: readonly Change[]): void {
  for (const { drive, session } of changes) {
    if (drive) signals.send(WAKE, 'drive');
    if (!isExternal(session) && !isLive(session.status) && !isHalted(session))
      signals.send(ABORT, session.id);
  }
}
