import about from '../package.json' with { type: 'json' };
import { createAnalysis } from './approvals/analysis.ts';
import { grantApproved } from './approvals/grant.ts';
import { createApprovalSweep } from './approvals/sweep.ts';
import { createLedger } from './budgets/ledger.ts';
import { openMissingBudgets } from './budgets/open-budgets.ts';
import { createBudgetSweep } from './budgets/sweep.ts';
import { createAstrayWatch } from './clock/astray.ts';
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
import { createRetentionSweep } from './events/prune.ts';
import { createSealer } from './events/sealer.ts';
import { createTail } from './events/tail.ts';
import type { Context, House } from './graphql/context.ts';
import { defaultLimits } from './graphql/limits.ts';
import { schema } from './graphql/schema.ts';
import { keepAdminKey } from './identity/admin-key-file.ts';
import { createAuthenticator } from './identity/authenticate.ts';
import { bootstrapAdmin } from './identity/bootstrap-admin.ts';
import type { Viewer } from './identity/viewer.ts';
import { createJobMetrics, createTurnMetrics } from './jobs/metrics.ts';
import { announceToWorkers, openQueue } from './jobs/queue.ts';
import { createWorker } from './jobs/worker.ts';
import type { Clock } from './kernel/clock.ts';
import { createIds } from './kernel/ids.ts';
import type { Log } from './kernel/log.ts';
import { randomFraction } from './kernel/random.ts';
import { createBreakers as createChannelBreakers } from './notifications/breakers.ts';
import { createEmail } from './notifications/email.ts';
import { createMeters } from './meters.ts';
import { createPruning } from './notifications/prune.ts';
import { createReader, type Reader, readTo } from './notifications/reader.ts';
import { createSender } from './notifications/sender.ts';
import { createSlack } from './notifications/slack.ts';
import { createSms } from './notifications/sms.ts';
import { createWebhook } from './notifications/webhook.ts';
import { actionDigest } from './permits/action-digest.ts';
import { sealedSigningKeys } from './permits/queries.ts';
import { KEYS_KEPT_FOR } from './permits/rules.ts';
import { signPermit } from './permits/sign.ts';
import { createSigningKeys } from './permits/signing-keys.ts';
import { createPrivacy } from './privacy/privacy.ts';
import { onPlanSettled, onStepSettled } from './recovery/settled.ts';
import { createAiRunner } from './runners/ai/runner.ts';
import { createBreakers, createHttpRunner } from './runners/http/runner.ts';
import { createRegistry } from './runners/registry.ts';
import { createScriptedRunner } from './runners/scripted/runner.ts';
import { sealedDataKeys } from './secrets/data-keys.ts';
import { openKeyRing } from './secrets/open-key-ring.ts';
import { createVault } from './secrets/vault.ts';
import { createSafety } from './safety/safety.ts';
import { assertCanListen } from './server/free-port.ts';
import { createServer, defaultTimes } from './server/http.ts';
import { landingRoutes } from './server/landing-page.ts';
import { createMetrics } from './server/metrics.ts';
import { publishedKeys } from './server/published-keys.ts';
import { createSlackActions } from './server/slack-actions.ts';
import { openWorkstation } from './server/workstation.ts';
import { createAgentTouches } from './sessions/agents.ts';
import { createChangeSession } from './sessions/change.ts';
import { createBrowserSignIn } from './sign-in/browser.ts';
import { tellOfEnd } from './sign-in/end-sessions.ts';
import { addressOfLink, makeSignInLink } from './sign-in/make-link.ts';
import { createSignInSweep } from './sign-in/sweep.ts';
import { takeClick } from './slack/click.ts';
import { tell } from './slack/tell.ts';
import { createStandingSweep } from './standing/sweep.ts';
import { readRetention } from './supervision/retention.ts';
import { withholdPlain } from './supervision/withhold-plain.ts';
import { openTracing } from './tracing/open-tracing.ts';
import { traceChanges } from './tracing/traced-change.ts';

/** Milliseconds that running turns get to end, once the process stops. */
const STOP_TURNS_WITHIN = 5_000;

export interface App {
  /**
   * Opens, migrates, serves. `madeKey` is the admin's key where this start made one: to be shown this once. `signInLink`
   * signs in once at the workstation; null in production, where what is shown is kept in logs, and without a workstation.
   */
  start(): Promise<{ port: number; url: string; madeKey: string | null; signInLink: string | null }>;
  /** Finishes what is in flight, puts running work back, closes everything (behaviour 1.7). */
  stop(): Promise<void>;
}

export interface AppOptions {
  config: Config;
  clock: Clock;
  log: Log;
  /** Opened elsewhere, and left open by `stop`; without it the one that the configuration names is opened. */
  database?: Database;
  /** Tells whoever started the process what takes long. */
  say?: (line: string) => void;
  /** Where the workstation was built; null, or a folder that is not there: there is none. */
  workstation?: string | null;
  /** Its metrics also tell of the process, which is this product's alone. */
  ownsProcess?: boolean;
}

/** The whole product, put together; read from top to bottom. Nothing works before `start`. */
export function createApp({
  config,
  clock,
  log,
  database: given,
  say = () => {},
  workstation: built = null,
  ownsProcess = false,
}: AppOptions): App {
  const stops: (() => unknown)[] = [];

  async function start() {
    const beforeMigrations = async ({ isNew }: { isNew: boolean }) => {
      await assertCanListen(config.server);
      if (isNew)
        say(`Making the database in ${config.database.dataDirectory}: once, it takes some seconds …`);
    };
    const database = given ?? (await openDatabase({ ...config.database, clock, log, beforeMigrations }));
    if (given === undefined) stops.push(() => database.close());
    const { prisma } = database;
    const metrics = createMetrics({ process: ownsProcess });
    const traced = await openTracing({ config, clock, log, registry: metrics.registry });
    const tracing = traced?.tracing;
    if (traced !== null) stops.push(() => traced.stop());
    if (tracing !== undefined) database.tracing = tracing;
    const meters = createMeters({ metrics, database, clock, log });
    const ids = createIds(clock);
    // Before anything is written: with a wrong key nothing may be.
    const sealed = async () => [...(await sealedSigningKeys(prisma)), ...(await sealedDataKeys(prisma))];
    const keyRing = await openKeyRing({ config, database, log, sealed });
    const vault = createVault({ database, clock, ids, keyRing });
    await withholdPlain({ database, ids, vault });

    // The log: sealed by the leader, read to its end by every process.
    const tail = createTail({ database, log });
    await tail.start();
    stops.push(() => tail.stop());
    let reader: Reader | null = null;
    const sealer = createSealer({
      database,
      log,
      sealed(position, facts) {
        meters.sealed(facts);
        tail.advance(position);
        reader?.wake();
      },
    });
    sealer.start();
    stops.push(() => sealer.stop());
    const outside = (wake: () => void) => (tracing === undefined ? wake() : tracing.outside(wake));
    const committed = () => outside(() => sealer.wake());
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

    const queue = await openQueue({ database, log, supervise: config.processRoles.worker });
    stops.push(() => queue.close());
    createJobMetrics(metrics.registry, queue);
    const breakers = createBreakers();
    const runners = createRegistry([
      createScriptedRunner(),
      ...(config.ai === null ? [] : [createAiRunner(clock, config.ai)]),
      ...Object.entries(config.runners).map(([name, options]) =>
        createHttpRunner(clock, { name, ...options }, breakers, tracing),
      ),
    ]);

    const emergency = createStops({ database, clock, ids, changes, committed });
    const privacy = createPrivacy({ ids, findSensitive: safety.findSensitive });
    const change = createChangeSession({
      privacy,
      vault,
      database,
      clock,
      ids,
      touches: createAgentTouches(clock, ids),
      enqueueDrives: queue.enqueueDrives,
      stops: emergency,
      announce: (changed) =>
        outside(() => {
          changes.committed(changed);
          sealer.wake();
          announceToWorkers(database.signals, changed);
          meters.committed(changed);
          const due = earliestDue(changed);
          if (due !== null) sweeps?.wake(due);
        }),
    });
    const changeSession = meters.changeSession(
      tracing === undefined ? change : traceChanges(change, tracing),
    );

    await openMissingBudgets({ database, clock, ids });
    committed();
    const budgetDeps = { database, clock, ids, changes, committed, stops: emergency };
    let sweeps: Sweeps | null = null;
    let url = config.server.publicUrl ?? '';
    let sendNotifications = () => {};
    const house: House = {
      database,
      prisma,
      clock,
      ids,
      log,
      changeSession,
      authenticator,
      eventFeed: createEventFeed({ database, clock, tail }),
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
      wakeSweeps: (dueAt) => outside(() => sweeps?.wake(dueAt)),
      ledger: meters.ledger(createLedger(budgetDeps)),
      forget: authenticator.forget,
      runners,
      signingKeys,
      vault,
      privacy,
      safety: createAnalysis(safety),
      permits: {
        digestOf: actionDigest,
        sign: (permit) => signPermit({ clock, signingKeys, publicUrl: () => url }, permit),
      },
      publicUrl: () => url,
      supervisionEnvironment: config.supervision.environment,
    };
    // The clock's work goes with the lead, like sealing: whatever the processes' roles, exactly one does it.
    const more = [
      createApprovalSweep(house),
      createStandingSweep(house),
      createBudgetSweep(budgetDeps),
      createPruning({ prisma, clock }),
      createRetentionSweep({ database, clock, ids, log, keyRing, readRetention, readTo, committed }),
      createSignInSweep({
        prisma,
        clock,
        ended: (hash) => tellOfEnd({ database, forget: authenticator.forget }, hash),
      }),
    ];
    if (database.kind === 'embedded') more.push(createUpkeep({ query: database.query, clock }));
    sweeps = createSweeps({ database, clock, log, deps: house, more });
    sweeps.start();
    stops.push(() => sweeps?.stop());
    const astray = createAstrayWatch({ prisma, clock, log, registry: metrics.registry });
    const watch = createStopWatch({ database, clock, log, stops: emergency });
    watch.start();
    stops.push(() => watch.stop());
    const { environment } = config.supervision;
    const { mail, slack, twilio, allowPrivate } = config.notifications;
    const sender = createSender({
      database,
      clock,
      ids,
      log,
      environment,
      vault,
      channels: {
        EMAIL: mail && createEmail(mail),
        WEBHOOK: createWebhook({ clock, allowPrivate, tracing }),
        SLACK: createSlack({
          clock,
          app: slack && { ...slack, buttons: slack.signingSecret !== null },
          allowPrivate,
        }),
        SMS: twilio && createSms(twilio, clock),
      },
      breakers: createChannelBreakers(clock),
      tracing,
      publicUrl: () => url,
      chance: randomFraction,
      committed,
      count: meters.delivered,
    });
    reader = createReader({ database, clock, ids, log, environment, vault, planned: () => sender.wake() });
    reader.start();
    stops.push(() => reader?.stop());
    if (config.processRoles.worker) {
      // What it says leads to this server, whose address is known by then.
      sendNotifications = () => sender.start();
      stops.push(() => sender.stop());
      const worker = createWorker({
        database,
        clock,
        log,
        queue,
        sessions: house,
        recoveries: house,
        runners,
        tracing,
      });
      createTurnMetrics(metrics.registry, worker.driver);
      await worker.start();
      stops.push(() => worker.stop(STOP_TURNS_WITHIN));
    }

    const slackActions =
      slack?.signingSecret == null
        ? null
        : createSlackActions({
            clock,
            log,
            signingSecret: slack.signingSecret,
            take: (click, signature) => takeClick(house, click, signature),
            tell: (responseUrl, words) => tell({ clock, log, allowPrivate }, responseUrl, words),
          });
    stops.push(() => slackActions?.stop());
    const workstation = built === null ? null : await openWorkstation(built);
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
      version: about.version,
      metrics,
      tracing: tracing ?? null,
      authenticate: authenticator.authenticate,
      onRevoked: authenticator.onRevoked,
      browser: createBrowserSignIn({ database, clock, log, authenticator, oidc: config.oidc }),
      context: (viewer): Context => ({ viewer, house }),
      checks: {
        database: () => prisma.$queryRaw`SELECT 1`,
        queue: () => queue.assertReady(),
        waiting: () => astray.check(),
      },
      routes: config.processRoles.api
        ? {
            ...(workstation ?? landingRoutes)(() => url),
            ...(slackActions && { '/slack/actions': slackActions.handle }),
            '/.well-known/jwks.json': publishedKeys(() => signingKeys.publicKeys(), KEYS_KEPT_FOR),
          }
        : {},
    });
    const { port } = await server.listen();
    stops.push(() => server.stop());
    url ||= `http://${config.server.host}:${port}`;
    sendNotifications();
    const linked = config.processRoles.api && workstation !== null && !config.production;
    const link = linked ? await makeSignInLink({ database, clock }) : null;
    return { port, url, madeKey, signInLink: link === null ? null : addressOfLink(url, link) };
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
