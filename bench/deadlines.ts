/*
 * Deadlines: 10,000 pending interventions whose first window ends at one instant, one a session, over 100 teams. Until
 * when had the clock acted on the last? `node bench/deadlines.ts [postgres URL of a server] [how many]`; without a
 * server, on the embedded database. The second run has 100 pending in each of 100 sessions.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { earliestDue } from '../src/clock/due.ts';
import { createSweeps } from '../src/clock/sweeps.ts';
import { type Database, openDatabase } from '../src/database/open.ts';
import { createSealer } from '../src/events/sealer.ts';
import { addSeconds, systemClock as clock } from '../src/kernel/clock.ts';
import { createIds } from '../src/kernel/ids.ts';
import { createLog } from '../src/kernel/log.ts';
import { createAgentTouches } from '../src/sessions/agents.ts';
import { createChangeSession } from '../src/sessions/change.ts';

const [server = '', count = '10000'] = process.argv.slice(2);
const log = createLog('warn');
const ids = createIds(clock);

await measure('one a session', 1);
await measure('100 a session', 100);
process.exit(0);

async function measure(what: string, perSession: number): Promise<void> {
  const { database, close } = await open();
  const late: number[] = [];
  const sealer = createSealer({ database, log, sealed: () => {} });
  const changeSession = createChangeSession({
    database,
    clock,
    ids,
    touches: createAgentTouches(clock, ids),
    enqueueDrives: async () => {},
    announce(changes) {
      const now = clock.now().getTime();
      for (const { updated = [] } of changes) for (const _ of updated) late.push(now - dueAt.getTime());
      const due = earliestDue(changes);
      if (due !== null) sweeps.wake(due);
      sealer.wake();
    },
  });
  const deps = { prisma: database.prisma, changeSession, clock, ids, runners: { fault: () => null } };
  const sweeps = createSweeps({ database, clock, log, deps });
  const dueAt = addSeconds(clock.now(), 8);
  await seed(database, Number(count), perSession, dueAt);
  const spare = dueAt.getTime() - clock.now().getTime();
  if (spare < 500) throw new Error(`seeding left ${spare} ms until the deadline`);
  while (!database.leadership.isLeader()) await new Promise((resolve) => setTimeout(resolve, 50));
  sweeps.start();
  sealer.start();
  const before = process.cpuUsage();
  while (late.length < Number(count)) await new Promise((resolve) => setTimeout(resolve, 20));
  const { user, system } = process.cpuUsage(before);
  late.sort((a, b) => a - b);
  const at = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))];
  console.log(
    `${count} deadlines at one instant, ${what} (${database.kind}): p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, last ${at(1)} ms late; ` +
      `CPU of this process ${Math.round((user + system) / 1000)} ms`,
  );
  while ((await database.prisma.unsealedEvent.count()) > 0)
    await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(`  all of their events sealed ${clock.now().getTime() - dueAt.getTime()} ms after the instant`);
  await sweeps.stop();
  await sealer.stop();
  await close();
}

/** Rows as `requestIntervention` leaves them. */
async function seed({ prisma }: Database, total: number, perSession: number, dueAt: Date): Promise<void> {
  const asked = clock.now();
  const project = await prisma.project.create({
    data: { id: ids.next('project'), name: 'bench', createdAt: asked },
  });
  const teams = Array.from({ length: 100 }, () => ({
    id: ids.next('team'),
    projectId: project.id,
    name: 'team',
    createdAt: asked,
  }));
  await prisma.team.createMany({ data: teams });
  await prisma.interventionQueue.createMany({
    data: teams.map(({ id }) => ({ teamId: id, pending: total / 100 })),
  });
  const sessions = Array.from({ length: total / perSession }, (_, n) => ({
    id: ids.next('session'),
    team: teams[n % 100]!.id,
  }));
  await prisma.$executeRaw`
    INSERT INTO sessions (id, project_id, team_id, runner, status, initial_message, context, stale_at, created_at, last_activity)
    SELECT id, ${project.id}, team, 'external', 'WAITING_FOR_HUMAN', 'hello', '{}', ${addSeconds(asked, 86_400)}, ${asked}, ${asked}
    FROM jsonb_to_recordset(${JSON.stringify(sessions)}::jsonb) AS s(id text, team text)`;
  const rows = Array.from({ length: total }, (_, n) => {
    const { id: session, team } = sessions[n % sessions.length]!;
    return { id: ids.next('intervention'), session, team };
  });
  const terms = {
    v: 1,
    escalation: { automatic: true, after: 600, levels: [{ role: 'SUPERVISOR', timeout: 600 }] },
  };
  await prisma.$executeRaw`
    INSERT INTO interventions (id, project_id, team_id, session_id, agent_name, type, urgency, message, context, options,
      async_mode, auto_continue, timeout, terms, created_at, status, escalations, required_role, expires_at, due_at, delivery, open)
    SELECT id, ${project.id}, team, session, 'agent', 'DECISION', 'NORMAL', 'Go on?', '{}', '[]', false, false, 300,
      ${JSON.stringify(terms)}::jsonb, ${asked}, 'PENDING', '[]', 'OPERATOR', ${dueAt}, ${dueAt}, 'UNANSWERED', true
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS i(id text, session text, team text)`;
  await prisma.$executeRaw`ANALYZE`;
}

async function open(): Promise<{ database: Database; close: () => Promise<void> }> {
  const options = { dataDirectory: 'memory://', clock, log };
  if (server === '') {
    const database = await openDatabase({ url: null, ...options });
    return { database, close: () => database.close() };
  }
  const name = `holdpoint_bench_${randomBytes(4).toString('hex')}`;
  const url = new URL(server);
  await onServer(`CREATE DATABASE ${name}`);
  url.pathname = name;
  const database = await openDatabase({ url: url.href, ...options });
  return {
    database,
    async close() {
      await database.close();
      await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client(server);
  await client.connect();
  await client.query(sql);
  await client.end();
}
