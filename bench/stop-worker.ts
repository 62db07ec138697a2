import type { ApprovalDeps } from '../src/approvals/seams.ts';
import { openDatabase } from '../src/database/open.ts';
import { createStops, type Stops } from '../src/emergency/stops.ts';
import type { StopDeps } from '../src/emergency/deps.ts';
import { announceToWorkers, openQueue } from '../src/jobs/queue.ts';
import { createWorker, type Worker } from '../src/jobs/worker.ts';
import { systemClock as clock } from '../src/kernel/clock.ts';
import { createIds } from '../src/kernel/ids.ts';
import { createLog } from '../src/kernel/log.ts';
import { createRegistry } from '../src/runners/registry.ts';
import type { Runner } from '../src/runners/runner.ts';
import { createAgentTouches } from '../src/sessions/agents.ts';
import { createChangeSession } from '../src/sessions/change.ts';

// A worker whose agents run until they are aborted; as a process of its own where it is told of by IPC.

const log = createLog('warn');

/** Milliseconds on one clock for all processes of the machine. */
export const instant = (): number => performance.timeOrigin + performance.now();

export interface BenchWorker {
  deps: StopDeps;
  stops: Stops;
  drive: (sessionIds: string[]) => Promise<void>;
  /** When each turn was aborted, once all have been. */
  aborted: () => Promise<number[]>;
  close: () => Promise<void>;
}

export async function startWorker(url: string | null): Promise<BenchWorker> {
  const database = await openDatabase({ url, dataDirectory: 'memory://', clock, log });
  const ids = createIds(clock);
  let begun = 0;
  let expected = 0;
  let times: number[] = [];
  let done: PromiseWithResolvers<number[]> | null = null;
  const runner: Runner = {
    name: 'waiting',
    replay: 'safe',
    drive({ signal }) {
      begun += 1;
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          times.push(instant());
          if (times.length === expected) done?.resolve(times);
          reject(signal.reason as Error);
        }),
      );
    },
  };
  const queue = await openQueue({ database, log, supervise: false });
  const deps: StopDeps = { database, clock, ids, changes: { announce: () => {} }, committed: () => {} };
  const stops = createStops(deps);
  const changeSession = createChangeSession({
    database,
    clock,
    ids,
    stops,
    touches: createAgentTouches(clock, ids),
    enqueueDrives: queue.enqueueDrives,
    announce: (changes) => announceToWorkers(database.signals, changes),
  });
  const runners = createRegistry([runner]);
  // The runner of this line makes no calls: what the gate takes is not needed.
  const sessions = {
    prisma: database.prisma,
    changeSession,
    clock,
    ids,
    stops,
    runners,
  } as unknown as ApprovalDeps;
  const recoveries = {
    ...deps,
    prisma: database.prisma,
    log,
    enqueueDrives: queue.enqueueDrives,
    enqueueRecoveries: queue.enqueueRecoveries,
    wakeSweeps: () => {},
    onSettled: {},
  };
  const worker: Worker = createWorker({ database, clock, log, queue, sessions, recoveries, runners });
  await worker.start();
  return {
    deps,
    stops,
    async drive(sessionIds) {
      [begun, expected, times, done] = [0, sessionIds.length, [], Promise.withResolvers()];
      for (let at = 0; at < sessionIds.length; at += 50)
        await Promise.all(sessionIds.slice(at, at + 50).map((id) => worker.driver.drive(id)));
      while (begun < expected) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    aborted: () => done!.promise,
    async close() {
      await worker.stop(1_000);
      await queue.close();
      await database.close();
    },
  };
}

type Order = { drive: string[] } | 'close';

if (process.send) {
  const worker = await startWorker(process.argv[2]!);
  process.on('message', (order: Order) => {
    if (order === 'close') return void worker.close().then(() => process.exit(0));
    void worker.drive(order.drive).then(async () => {
      process.send!('driving');
      process.send!(await worker.aborted());
    });
  });
  process.send('ready');
}
