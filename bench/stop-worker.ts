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
import { createPrivacy } from '../src/privacy/privacy.ts';
import { makeKey } from '../src/secrets/key-file.ts';
import { createKeyRing } from '../src/secrets/key-ring.ts';
import { createVault } from '../src/secrets/vault.ts';

// A worker whose agents run until they are aborted; as a process of its own where it is told of by IPC.

const log = createLog('warn');

/** Milliseconds on one clock for all processes of the machine. */
export const instant = (): number => performance.timeOrigin + performance.now();

/** Turns that ran in this process since it was last told to drive. */
export interface Turns {
  begun: number;
  /** When each was aborted. */
  aborted: number[];
}

export interface BenchWorker {
  deps: StopDeps;
  stops: Stops;
  /** Resolves once each session has been taken, by this process or another one. Begins a new count. */
  drive: (sessionIds: string[]) => Promise<void>;
  turns: () => Promise<Turns>;
  close: () => Promise<void>;
}

export async function startWorker(url: string | null): Promise<BenchWorker> {
  const database = await openDatabase({ url, dataDirectory: 'memory://', clock, log });
  const ids = createIds(clock);
  let turns: Turns = { begun: 0, aborted: [] };
  const runner: Runner = {
    name: 'waiting',
    replay: 'safe',
    drive({ signal }) {
      turns.begun += 1;
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          turns.aborted.push(instant());
          reject(signal.reason as Error);
        }),
      );
    },
  };
  const queue = await openQueue({ database, log, supervise: false });
  const deps: StopDeps = { database, clock, ids, changes: { announce: () => {} }, committed: () => {} };
  const stops = createStops(deps);
  const vault = createVault({ database, clock, ids, keyRing: createKeyRing(makeKey().keys) });
  const privacy = createPrivacy({ ids, findSensitive: async () => [] });
  const changeSession = createChangeSession({
    database,
    clock,
    ids,
    stops,
    touches: createAgentTouches(clock, ids),
    privacy,
    vault,
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
    vault,
    runners,
  } as unknown as ApprovalDeps;
  const recoveries = {
    ...deps,
    prisma: database.prisma,
    privacy,
    vault,
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
      turns = { begun: 0, aborted: [] };
      for (let at = 0; at < sessionIds.length; at += 50)
        await Promise.all(sessionIds.slice(at, at + 50).map((id) => worker.driver.drive(id)));
    },
    turns: async () => turns,
    async close() {
      await worker.stop(1_000);
      await queue.close();
      await database.close();
    },
  };
}

export type Order = { drive: string[] } | 'turns' | 'close';

if (process.send) {
  const worker = await startWorker(process.argv[2]!);
  process.on('message', (order: Order) => {
    if (order === 'close') void worker.close().then(() => process.exit(0));
    else if (order === 'turns') void worker.turns().then((turns) => process.send!(turns));
    else void worker.drive(order.drive).then(() => process.send!('driven'));
  });
  process.send('ready');
}
