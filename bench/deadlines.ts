import { earliestDue } from '../src/clock/due.ts';
import { createSweeps } from '../src/clock/sweeps.ts';
import { type Database, openDatabase } from '../src/database/open.ts';
import { createSealer } from '../src/events/sealer.ts';
import { addSeconds, systemClock as clock } from '../src/kernel/clock.ts';
import { createIds } from '../src/kernel/ids.ts';
import { createLog } from '../src/kernel/log.ts';
import { createPrivacy } from '../src/privacy/privacy.ts';
import { makeKey } from '../src/secrets/key-file.ts';
import { createKeyRing } from '../src/secrets/key-ring.ts';
import { createVault } from '../src/secrets/vault.ts';
import { createAgentTouches } from '../src/sessions/agents.ts';
import { createChangeSession } from '../src/sessions/change.ts';
import { percentiles, type Row } from './figures.ts';
import { type DatabaseKind, makeDatabase } from './server.ts';

const COUNT = 10_000;
const TEAMS = 100;
/** Seconds left for seeding. */
const AHEAD = 15;

const log = createLog('warn');
const ids = createIds(clock);

/**
 * 10,000 pending interventions whose first window ends at one instant: how late was the clock with each? In this
 * process, which sweeps and seals as the product does. One pending a session, then a hundred.
 */
export async function measureDeadlines(kind: DatabaseKind): Promise<Row[]> {
  return [await measure(kind, 1), await measure(kind, 100)];
}

async function measure(kind: DatabaseKind, perSession: number): Promise<Row> {
  const made = kind === 'postgres' ? await makeDatabase() : null;
  if (kind === 'postgres' && made === null) throw new Error('no PostgreSQL answers');
  const database = await openDatabase({ url: made?.url ?? null, dataDirectory: 'memory://', clock, log });
  const dueAt = addSeconds(clock.now(), AHEAD);
  await seed(database, perSession, dueAt);
  while (!database.leadership.isLeader()) await pause();
  const { late, allSealed } = await fire(database, dueAt);
  await database.close();
  await made?.drop();
  const at = percentiles(late);
  return {
    line: `${COUNT} deadlines at one instant, ${perSession} a session (all their events sealed after ${allSealed} ms)`,
    database: kind,
    figure: `last ${at(100)} ms late`,
    target: '≤ 1,000 ms',
    ratio: 1000 / at(100),
    p50: at(50),
    p99: at(99),
  };
}

/** Milliseconds that each was acted on after its time, and when the last event of it all stood in the log. */
async function fire(database: Database, dueAt: Date): Promise<{ late: number[]; allSealed: number }> {
  if (clock.now() >= dueAt) throw new Error('seeding took until the deadline');
  const { prisma } = database;
  const late: number[] = [];
  const sealer = createSealer({ database, log, sealed: () => {} });
  const stops = { look: async () => {}, confirmHalt: async () => {} };
  const keyRing = createKeyRing(makeKey().keys);
  const vault = createVault({ database, clock, ids, keyRing });
  const changeSession = createChangeSession({
    stops,
    database,
    clock,
    ids,
    touches: createAgentTouches(clock, ids),
    vault,
    privacy: createPrivacy({ ids, findSensitive: async () => [] }),
    enqueueDrives: async () => {},
    announce(changes) {
      for (const { updated = [] } of changes) for (const _ of updated) late.push(sinceDue());
      const due = earliestDue(changes);
      if (due !== null) sweeps.wake(due);
      sealer.wake();
    },
  });
  const sinceDue = () => clock.now().getTime() - dueAt.getTime();
  const deps = { prisma, changeSession, clock, ids, stops, vault, runners: { fault: () => null } };
  const sweeps = createSweeps({ database, clock, log, deps });
  sweeps.start();
  sealer.start();
  while (late.length < COUNT) await pause();
  while ((await prisma.unsealedEvent.count()) > 0) await pause();
  const allSealed = sinceDue();
  await sweeps.stop();
  await sealer.stop();
  return { late, allSealed };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Rows as `requestIntervention` leaves them. */
async function seed({ prisma }: Database, perSession: number, dueAt: Date): Promise<void> {
  const asked = clock.now();
  const { id: project } = await prisma.project.create({
    data: { id: ids.next('project'), name: 'bench', createdAt: asked },
  });
  const teams = Array.from({ length: TEAMS }, () => ids.next('team'));
  await prisma.team.createMany({
    data: teams.map((id) => ({ id, projectId: project, name: 'team', createdAt: asked })),
  });
  await prisma.interventionQueue.createMany({
    data: teams.map((teamId) => ({ teamId, pending: COUNT / TEAMS })),
  });
  const sessions = Array.from({ length: COUNT / perSession }, (_, n) => ({
    id: ids.next('session'),
    team: teams[n % TEAMS]!,
  }));
  const rows = Array.from({ length: COUNT }, (_, n) => {
    const { id: session, team } = sessions[n % sessions.length]!;
    return { id: ids.next('intervention'), session, team };
  });
  await prisma.$executeRaw`
    INSERT INTO sessions (id, project_id, team_id, runner, status, initial_message, context, stale_at, created_at, last_activity)
    SELECT id, ${project}, team, 'external', 'WAITING_FOR_HUMAN', 'hello', '{}', ${addSeconds(asked, 86_400)}, ${asked}, ${asked}
    FROM jsonb_to_recordset(${JSON.stringify(sessions)}::jsonb) AS s(id text, team text)`;
  const level = { role: 'SUPERVISOR', timeout: 600 };
  const terms = { v: 1, escalation: { automatic: true, after: 600, levels: [level] } };
  await prisma.$executeRaw`
    INSERT INTO interventions (id, project_id, team_id, session_id, agent_name, type, urgency, message, context, options,
      async_mode, auto_continue, timeout, terms, created_at, status, escalations, required_role, expires_at, due_at, delivery, open)
    SELECT id, ${project}, team, session, 'agent', 'DECISION', 'NORMAL', 'Go on?', '{}', '[]', false, false, 300,
      ${JSON.stringify(terms)}::jsonb, ${asked}, 'PENDING', '[]', 'OPERATOR', ${dueAt}, ${dueAt}, 'UNANSWERED', true
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS i(id text, session text, team text)`;
  await prisma.$executeRaw`ANALYZE`;
}
