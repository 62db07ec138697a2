import { pino } from 'pino';
import type { Database } from '../../src/database/open.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import { announceToWorkers, openQueue, type Queue } from '../../src/jobs/queue.ts';
import { createWorker, type Worker } from '../../src/jobs/worker.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { createIds } from '../../src/kernel/ids.ts';
import type { JsonObject } from '../../src/kernel/json.ts';
import type { Log } from '../../src/kernel/log.ts';
import { createRegistry } from '../../src/runners/registry.ts';
import type { Runner } from '../../src/runners/runner.ts';
import { createAgentTouches } from '../../src/sessions/agents.ts';
import { createChangeSession } from '../../src/sessions/change.ts';
import type { ApprovalDeps } from '../../src/approvals/seams.ts';
import { createStops } from '../../src/emergency/stops.ts';
import { createSession } from '../../src/sessions/start.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import { controls } from '../support/controls.ts';
import { type House, seedTeam } from '../support/house.ts';
import { testPrivacy } from '../support/vault.ts';

/** One process' worth of the product without its API: the verbs, the queue and a worker, with the runners given. */
export interface RunnerHouse {
  deps: ApprovalDeps;
  emergency: House['emergency'];
  projectId: string;
  queue: Queue;
  worker: Worker;
  person: Viewer;
  teamId: string;
  start(runner: string, context?: JsonObject): Promise<string>;
  close(): Promise<void>;
}

interface Options {
  database: Database;
  clock: Clock;
  runners: readonly Runner[];
  log?: Log;
  /** A house on the same database that has the team already. */
  beside?: RunnerHouse;
}

export async function openHouse({
  database,
  clock,
  runners,
  log = pino({ level: 'silent' }),
  beside,
}: Options): Promise<RunnerHouse> {
  const ids = createIds(clock);
  const registry = createRegistry(runners);
  const queue = await openQueue({ database, log, supervise: false });
  const emergency: House['emergency'] = {
    database,
    clock,
    ids,
    changes: { announce: () => {} },
    committed: () => {},
    enqueueDrives: queue.enqueueDrives,
    wakeSweeps: () => {},
    ...testPrivacy(database, clock),
    log,
  };
  const stops = createStops(emergency);
  const changeSession = createChangeSession({
    database,
    clock,
    ids,
    touches: createAgentTouches(clock, ids),
    privacy: emergency.privacy,
    vault: emergency.vault,
    enqueueDrives: queue.enqueueDrives,
    stops,
    announce: (changes) => announceToWorkers(database.signals, changes),
  });
  const deps: ApprovalDeps = {
    database,
    prisma: database.prisma,
    changeSession,
    clock,
    ids,
    stops,
    vault: emergency.vault,
    privacy: emergency.privacy,
    runners: registry,
    ...controls,
    changes: { announce: () => {} },
    committed: () => {},
  };
  const recoveries = {
    ...emergency,
    prisma: database.prisma,
    log,
    enqueueRecoveries: queue.enqueueRecoveries,
    onSettled: {},
  };
  const worker = createWorker({ database, clock, log, queue, sessions: deps, recoveries, runners: registry });
  const { projectId, teamId, person } = beside ?? (await seeded(deps));
  let closing: Promise<void> | null = null;
  return {
    deps,
    emergency,
    projectId,
    queue,
    worker,
    person,
    teamId,
    async start(runner, context = {}) {
      const { reply } = await createSession(deps, person, { teamId, initialMessage: 'Go', runner, context });
      return reply.sessionId;
    },
    close: () =>
      (closing ??= (async () => {
        await worker.stop(5_000);
        await queue.close();
      })()),
  };
}

/** Gives the house's team a configuration with one trigger, of type decision. */
export async function supervise({ deps, person, teamId }: RunnerHouse, condition: string): Promise<void> {
  const configuration = {
    human_supervision: { intervention_types: { decision: { triggers: [{ condition }] } } },
  };
  await updateSupervision(
    { ...deps, supervisionEnvironment: noEnvironment },
    person,
    teamId,
    JSON.stringify(configuration),
  );
}

async function seeded(deps: ApprovalDeps): Promise<Pick<RunnerHouse, 'projectId' | 'teamId' | 'person'>> {
  const { projectId, teamId, admin } = await seedTeam({ deps });
  return { projectId, teamId, person: admin };
}
