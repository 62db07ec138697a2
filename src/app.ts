import { createAnalysis } from './approvals/analysis.ts';
import { grantApproved } from './approvals/grant.ts';
import { createApprovalSweep } from './approvals/sweep.ts';
import { createLedger } from './budgets/ledger.ts';
import { openMissingBudgets } from './budgets/open-budgets.ts';
import { createBudgetSweep } from './budgets/sweep.ts';
import { earliestDue } from './clock/due.ts';
import { createSweeps, type Sweeps } from './clock/sweeps.ts';
import type { Config } from './config.ts';
import { IN_MEMORY } from './database/embedded.ts';
import { type Database, openDatabase } from './database/open.ts';
import { createUpkeep } from './database/upkeep.ts';
import { createStops } from './emergency/stops.ts';
import { createStopWatch } from './emergency/watch.ts';
import { createChanges } from './events/changes.ts';
import { createEventFeed } from './events/feed.ts';
import { createSealer } from './events/sealer.ts';
import { createTail } from './events/tail.ts';
import type { Context, House } from './graphql/context.ts';
import { defaultLimits } from './graphql/limits.ts';
import { schema } from './graphql/schema.ts';
import { keepAdminKey } from './identity/admin-key-file.ts';
import { createAuthenticator } from './identity/authenticate.ts';
import { bootstrapAdmin } from './identity/bootstrap-admin.ts';
import type { Viewer } from './identity/viewer.ts';
import { createInterventionMetrics } from './interventions/metrics.ts';
import { announceToWorkers, openQueue } from './jobs/queue.ts';
import { createWorker } from './jobs/worker.ts';
import type { Clock } from './kernel/clock.ts';
import { createIds } from './kernel/ids.ts';
import type { Log } from './kernel/log.ts';
import { actionDigest } from './permits/action-digest.ts';
import { sealedSigningKeys } from './permits/queries.ts';
import { KEYS_KEPT_FOR } from './permits/rules.ts';
import { signPermit } from './permits/sign.ts';
import { createSigningKeys } from './permits/signing-keys.ts';
import { onPlanSettled, onStepSettled } from './recovery/settled.ts';
import { createBreakers, createHttpRunner } from './runners/http/runner.ts';
import { createRegistry } from './runners/registry.ts';
import { createScriptedRunner } from './runners/scripted/runner.ts';
import { openKeyRing } from './secrets/open-key-ring.ts';
import { createSafety } from './safety/safety.ts';
import { createServer, defaultTimes } from './server/http.ts';
import { createMetrics } from './server/metrics.ts';
import { publishedKeys } from './server/published-keys.ts';
import { createAgentTouches } from './sessions/agents.ts';
import { createChangeSession } from './sessions/change.ts';

/** Milliseconds that running turns get to end, once the process stops. */
const STOP_TURNS_WITHIN = 5_000;

export interface App {
  /** Opens, migrates, serves. `madeKey` is the admin's key where this start made one: to be shown this once. */
  start(): Promise<{ port: number; url: string; madeKey: string | null }>;
  /** Finishes what is in flight, puts running work back, closes everything (behaviour 1.7). */
  stop(): Promise<void>;
}

export interface AppOptions {
  config: Config;
  clock: Clock;
  log: Log;
  /** Opened elsewhere, and left open by `stop`; without it the one that the configuration names is opened. */
  database?: Database;
}

/** The whole product, put together; read from top to bottom. Nothing works before `start`. */
export function createApp({ config, clock, log, database: given }: AppOptions): App {
  const stops: (() => unknown)[] = [];

  async function start() {
    const database = given ?? (await openDatabase({ ...config.database, clock, log }));
    if (given === undefined) stops.push(() => database.close());
    const { prisma } = database;
    const ids = createIds(clock);
    // Before anything is written: with a wrong key nothing may be.
    const sealed = () => sealedSigningKeys(prisma);
    const keyRing = await openKeyRing({ config, database, log, sealed });

    // The log: sealed by the leader, read to its end by every process.
    const tail = createTail({ database, log });
    await tail.start();
    stops.push(() => tail.stop());
    const sealer = createSealer({ database, log, sealed: (position) => tail.advance(position) });
    sealer.start();
    stops.push(() => sealer.stop());
    const committed = () => sealer.wake();
    const changes = createChanges(tail, log);
    // Embedded, nobody else can have changed anything, and the log need not be read for it.
    if (database.kind === 'postgres') changes.start();
    stops.push(() => changes.stop());

    const { madeKey } = await bootstrapAdmin({ database, clock, ids, log }, config.admin.apiKey);
    const { dataDirectory } = config.database;
    const onDisk = database.kind === 'embedded' && dataDirectory !== IN_MEMORY;
    if (madeKey !== null && onDisk) await keepAdminKey(dataDirectory, madeKey);
    committed();
    const authenticator = createAuthenticator({ database, clock, ids, log, oidc: config.oidc, committed });
    stops.push(() => authenticator.close());

    const signingKeys = createSigningKeys({ database, clock, ids, log, keyRing, committed });
    await signingKeys.start();
    stops.push(() => signingKeys.stop());

    const safety = createSafety({ clock });
    await safety.start();
    stops.push(() => safety.stop());

    const metrics = createMetrics();
    const count = createInterventionMetrics(metrics.registry, prisma);
    const queue = await openQueue({ database, log, supervise: config.processRoles.worker });
    stops.push(() => queue.close());
    const breakers = createBreakers();
    const runners = createRegistry([
      createScriptedRunner(),
      ...Object.entries(config.runners).map(([name, options]) =>
        createHttpRunner(clock, { name, ...options }, breakers),
      ),
    ]);

    const emergency = createStops({ database, clock, ids, changes, committed });
    const changeSession = createChangeSession({
      database,
      clock,
      ids,
      touches: createAgentTouches(clock, ids),
      enqueueDrives: queue.enqueueDrives,
      stops: emergency,
      announce(changed) {
        changes.committed(changed);
        sealer.wake();
        announceToWorkers(database.signals, changed);
        count(changed);
        const due = earliestDue(changed);
        if (due !== null) sweeps?.wake(due);
      },
    });

    await openMissingBudgets({ database, clock, ids });
    committed();
    const budgetDeps = { database, clock, ids, changes, committed, stops: emergency };
    let sweeps: Sweeps | null = null;
    let url = config.server.publicUrl ?? '';
    const house: House = {
      database,
      prisma,
      clock,
      ids,
      log,
      changeSession,
      authenticator,
      eventFeed: createEventFeed({ prisma, tail }),
      changes,
      committed,
      stops: emergency,
      enqueueDrives: queue.enqueueDrives,
      enqueueRecoveries: queue.enqueueRecoveries,
      onSettled: {
        BUDGET_OVERRIDE: grantApproved({ ids, changes }),
        RECOVERY_PLAN: (tx, settlement) => onPlanSettled(tx, house, settlement),
        RECOVERY_STEP: (tx, settlement) => onStepSettled(tx, house, settlement),
      },
      wakeSweeps: (dueAt) => sweeps?.wake(dueAt),
      ledger: createLedger(budgetDeps),
      forget: authenticator.forget,
      runners,
      signingKeys,
      safety: createAnalysis(safety),
      permits: {
        digestOf: actionDigest,
        sign: (permit) => signPermit({ clock, signingKeys, publicUrl: () => url }, permit),
      },
      publicUrl: () => url,
    };
    // The clock's work goes with the lead, like sealing: whatever the processes' roles, exactly one does it.
    const more = [createApprovalSweep(house), createBudgetSweep(budgetDeps)];
    if (database.kind === 'embedded') more.push(createUpkeep({ query: database.query, clock }));
    sweeps = createSweeps({ database, clock, log, deps: house, more });
    sweeps.start();
    stops.push(() => sweeps?.stop());
    const watch = createStopWatch({ database, clock, log, stops: emergency });
    watch.start();
    stops.push(() => watch.stop());
    if (config.processRoles.worker) {
      const worker = createWorker({
        database,
        clock,
        log,
        queue,
        sessions: house,
        recoveries: house,
        runners,
      });
      await worker.start();
      stops.push(() => worker.stop(STOP_TURNS_WITHIN));
    }

    const server = createServer<Viewer>({
      settings: {
        ...config.server,
        hosts: [],
        production: config.production,
        api: config.processRoles.api,
        metricsToken: config.metrics.token,
        limits: defaultLimits,
        ...defaultTimes,
      },
      clock,
      log,
      schema,
      metrics,
      authenticate: authenticator.authenticate,
      onRevoked: authenticator.onRevoked,
      context: (viewer): Context => ({ viewer, house }),
      checks: { database: () => prisma.$queryRaw`SELECT 1`, queue: () => queue.assertReady() },
      routes: config.processRoles.api
        ? { '/.well-known/jwks.json': publishedKeys(() => signingKeys.publicKeys(), KEYS_KEPT_FOR) }
        : {},
    });
    const { port } = await server.listen();
    stops.push(() => server.stop());
    url ||= `http://${config.server.host}:${port}`;
    return { port, url, madeKey };
  }

  return {
    async start() {
      try {
        return await start();
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };

  /** In the reverse order of the start: doors first, the database last. */
  async function stop(): Promise<void> {
    for (const close of stops.splice(0).reverse()) await close();
  }
}
