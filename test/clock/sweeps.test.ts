import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { earliestDue, readDue } from '../../src/clock/due.ts';
import { createSweeps, type Sweeps } from '../../src/clock/sweeps.ts';
import type { Leadership } from '../../src/database/leadership.ts';
import type { Database } from '../../src/database/open.ts';
import { requestIntervention, type RequestInput } from '../../src/interventions/request.ts';
import type { Terms } from '../../src/interventions/terms.ts';
import type { Viewer } from '../../src/identity/viewer.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { createIds } from '../../src/kernel/ids.ts';
import type { Change } from '../../src/sessions/aggregate.ts';
import { createAgentTouches } from '../../src/sessions/agents.ts';
import { createChangeSession } from '../../src/sessions/change.ts';
import type { SessionDeps } from '../../src/sessions/deps.ts';
import { createSession } from '../../src/sessions/start.ts';
import { testClock } from '../support/clock.ts';
import { onPostgres, silent, withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { testPrivacy, testVault } from '../support/vault.ts';

const START = new Date('2026-03-02T09:00:00.000Z');
const clock = testClock(START);
const ids = createIds(clock);
const database = withDatabase({ clock });
const alwaysLeads: Leadership = { isLeader: () => true, onChange: () => () => {} };
const sweeping: Sweeps[] = [];
let agent: Viewer;
let teamId: string;

beforeEach(async () => {
  clock.set(START);
  const { prisma } = database();
  await prisma.$executeRaw`TRUNCATE projects, users, idempotency_keys, unsealed_events CASCADE`;
  const projectId = ids.next('project');
  teamId = ids.next('team');
  await prisma.project.create({ data: { id: projectId, name: 'project', createdAt: START } });
  await prisma.team.create({
    data: { id: teamId, projectId, name: 'team', createdAt: START, queue: { create: {} } },
  });
  agent = {
    actor: { kind: 'AGENT', id: 'key_agent', name: 'agent', role: 'AGENT' },
    role: 'AGENT',
    projectId,
    credentialId: 'key_agent',
    expiresAt: null,
  };
});
afterEach(async () => {
  for (const each of sweeping.splice(0)) await each.stop();
});

/** One process: its verbs, and its sweep. `poll` is out of the way unless it is what is tested. */
function startProcess(on: Database = database(), { poll = 3_600_000, wakes = true } = {}) {
  const announced: Change[] = [];
  const stops = { look: async () => {}, confirmHalt: async () => {} };
  const changeSession = createChangeSession({
    stops,
    database: on,
    clock,
    ids,
    touches: createAgentTouches(clock, ids),
    ...testPrivacy(on, clock),
    enqueueDrives: async () => {},
    announce(changes) {
      announced.push(...changes);
      const due = earliestDue(changes);
      if (wakes && due !== null) sweeps.wake(due);
    },
  });
  const deps: SessionDeps = {
    prisma: on.prisma,
    changeSession,
    clock,
    ids,
    stops,
    vault: testVault(on, clock),
    runners: { fault: () => null },
  };
  const sweeps = createSweeps({
    database: { ...on, leadership: alwaysLeads },
    clock,
    log: silent,
    deps,
    poll,
  });
  sweeping.push(sweeps);
  sweeps.start();
  return { deps, sweeps, announced };
}

async function session({ deps }: { deps: SessionDeps }): Promise<string> {
  return (await createSession(deps, agent, { teamId, initialMessage: 'hello' })).reply.sessionId;
}

async function ask(
  on: { deps: SessionDeps },
  sessionId: string,
  more: Partial<RequestInput> = {},
  escalation?: Terms['escalation'],
) {
  const { reply } = await requestIntervention(on.deps, agent, {
    sessionId,
    agentName: 'agent',
    type: 'DECISION',
    message: 'Go on?',
    ...more,
  });
  if (escalation) {
    const terms = { v: 1, escalation } as never;
    await database().prisma.intervention.update({ where: { id: reply.interventionId }, data: { terms } });
  }
  return reply.interventionId;
}

const row = (id: string) => database().prisma.intervention.findUniqueOrThrow({ where: { id } });

/** What the clock has written of an intervention: type and second, by the clock that acted. */
async function timeline(id: string): Promise<[second: number, type: string][]> {
  const rows = await database().prisma.unsealedEvent.findMany({
    where: { subjectId: id, type: { not: 'intervention_requested' } },
    orderBy: { sequence: 'asc' },
  });
  return rows.map(({ occurredAt, type }) => [(occurredAt.getTime() - START.getTime()) / 1000, type]);
}

/** Moves on second by second where something is due, waiting each time until the sweep has done it. */
async function run(id: string, seconds: number): Promise<void> {
  const end = addSeconds(clock.now(), seconds);
  for (;;) {
    const { dueAt } = await row(id);
    if (dueAt === null || dueAt > end) break;
    await until('the sweep to sleep until then', async () => {
      clock.set(dueAt);
      return (await row(id)).dueAt?.getTime() !== dueAt.getTime();
    });
  }
  clock.set(end);
}

const twoLevels: Terms['escalation'] = {
  automatic: true,
  after: 300,
  levels: [
    { role: 'SUPERVISOR', timeout: 300 },
    { role: 'MANAGER', timeout: 600 },
  ],
};

const twoLevelsKept = [
  [180, 'timeout_occurred'],
  [300, 'escalation_triggered'],
  [600, 'timeout_occurred'],
  [600, 'escalation_triggered'],
  [1200, 'timeout_occurred'],
];

describe('behaviour 4.8: the table, through the sweep', () => {
  const cases = [
    {
      name: 'two levels',
      input: { timeout: 180 },
      escalation: twoLevels,
      expected: twoLevelsKept,
      end: { status: 'TIMEOUT', resolution: 'TIMEOUT' },
    },
    {
      name: 'auto-continue',
      input: { timeout: 120, autoContinue: true },
      escalation: twoLevels,
      expected: [
        [120, 'timeout_occurred'],
        [120, 'auto_continue_triggered'],
        [120, 'intervention_resolved'],
      ],
      end: { status: 'RESOLVED', resolution: 'AUTO_CONTINUE' },
    },
    {
      name: 'escalation off',
      input: { timeout: 240 },
      escalation: { ...twoLevels, automatic: false },
      expected: [[240, 'timeout_occurred']],
      end: { status: 'TIMEOUT', resolution: 'TIMEOUT' },
    },
  ];

  test.each(cases)(
    '$name: each at its second, woken by nothing but the deadline',
    async ({ input, escalation, expected, end }) => {
      const process = startProcess();
      const id = await ask(process, await session(process), input, escalation);
      await run(id, 3600);
      expect(await timeline(id)).toEqual(expected);
      expect(await row(id)).toMatchObject({ ...end, dueAt: null });
    },
  );

  test.each(cases)(
    '$name: a server that was away for an hour catches up in one go, with the same steps',
    async ({ input, escalation, expected, end }) => {
      const before = startProcess();
      const id = await ask(before, await session(before), input, escalation);
      await before.sweeps.stop();
      clock.advance(3600);
      const after = startProcess();
      await until('it to catch up', async () => (await row(id)).dueAt === null);
      expect((await timeline(id)).map(([, type]) => type)).toEqual(expected.map(([, type]) => type));
      expect(await row(id)).toMatchObject(end);
      // What is announced is announced behind the commit.
      await after.sweeps.stop();
      expect(after.announced.length).toBe(1);
    },
  );
});

describe('the sweep', () => {
  test('behaviour 4.12: a restart in the middle keeps the deadlines as they were', async () => {
    const before = startProcess();
    const id = await ask(before, await session(before), { timeout: 180 }, twoLevels);
    await run(id, 200);
    await before.sweeps.stop();
    const { dueAt } = await row(id);
    expect(dueAt).toEqual(addSeconds(START, 300));
    startProcess();
    await run(id, 3000);
    expect(await timeline(id)).toEqual(twoLevelsKept);
  });

  test('a deadline before the one it sleeps for wakes it at its own time', async () => {
    const process = startProcess();
    const [one, other] = [await session(process), await session(process)];
    await ask(process, one, { timeout: 900 });
    const early = await ask(process, other, { timeout: 60 });
    await run(early, 60);
    expect(await timeline(early)).toEqual([[60, 'timeout_occurred']]);
  });

  test('what another replica has set is found by the poll', async () => {
    startProcess(database(), { poll: 20 });
    const other = startProcess(database(), { wakes: false });
    await other.sweeps.stop();
    const id = await ask(other, await session(other), { timeout: 60 });
    clock.advance(60);
    await until('the poll to find it', async () => (await row(id)).windowEnded);
  });

  test('behaviour 4.12: two sweeps over the same rows act on each once', async () => {
    const parts = onPostgres ? [database(), await database().replica()] : [database(), database()];
    const asking = startProcess(parts[0]);
    await asking.sweeps.stop();
    const asked: string[] = [];
    for (let n = 0; n < 100; n++) asked.push(await ask(asking, await session(asking), { timeout: 60 }));
    clock.advance(60);
    const both = parts.map((part) => startProcess(part));
    await until(
      'all to be acted on',
      async () => (await database().prisma.intervention.count({ where: { windowEnded: false } })) === 0,
    );
    await Promise.all(both.map(({ sweeps }) => sweeps.stop()));
    for (const id of asked) expect(await timeline(id)).toEqual([[60, 'timeout_occurred']]);
    expect(both.flatMap(({ announced }) => announced)).toHaveLength(100);
  });

  test('all that is due in one session is done in one change, in the order in which it was due', async () => {
    const asking = startProcess();
    await asking.sweeps.stop();
    const id = await session(asking);
    const asked: string[] = [];
    for (let n = 0; n < 20; n++)
      asked.push(await ask(asking, id, { timeout: 100 - n }, { ...twoLevels, automatic: false }));
    clock.advance(100);
    const { announced, sweeps } = startProcess();
    await until('the session to end its wait', async () => {
      const { status } = await database().prisma.session.findUniqueOrThrow({ where: { id } });
      return status === 'TIMEOUT';
    });
    await sweeps.stop();
    expect(announced).toHaveLength(1);
    const told = await database().prisma.unsealedEvent.findMany({
      where: { type: 'timeout_occurred' },
      orderBy: { sequence: 'asc' },
    });
    expect(told.map(({ subjectId }) => subjectId)).toEqual(asked.toReversed());
    const queue = await database().prisma.interventionQueue.findUniqueOrThrow({ where: { teamId } });
    expect(queue.pending).toBe(0);
  });

  test('a row that cannot be acted on stops no other, in its own session either, and is tried again when it is mended', async () => {
    const asking = startProcess();
    await asking.sweeps.stop();
    const shared = await session(asking);
    const poison = await ask(asking, shared, { timeout: 60 });
    const sibling = await ask(asking, shared, { timeout: 61 });
    const others = [];
    for (let n = 0; n < 10; n++) others.push(await ask(asking, await session(asking), { timeout: 60 }));
    const { terms } = await row(poison);
    await database().prisma.intervention.update({ where: { id: poison }, data: { terms: {} } });
    clock.advance(61);
    startProcess(database(), { poll: 20 });
    for (const id of [sibling, ...others]) {
      await until('the others to be acted on', async () => (await row(id)).windowEnded);
    }
    expect(await timeline(poison)).toEqual([]);
    await database().prisma.intervention.update({ where: { id: poison }, data: { terms: terms as object } });
    clock.advance(5);
    await until('it to be acted on as well', async () => (await row(poison)).windowEnded);
    expect((await timeline(poison)).map(([, type]) => type)).toEqual(['timeout_occurred']);
  });

  test('a row that no verb moves is left aside, and the sweep sleeps', async () => {
    const asking = startProcess();
    await asking.sweeps.stop();
    const id = await ask(asking, await session(asking), { timeout: 60 });
    // No verb leaves such a row behind: settled, and still due.
    await database().prisma.intervention.update({ where: { id }, data: { status: 'CANCELLED' } });
    clock.advance(60);
    let reads = 0;
    const prisma = database().prisma.$extends({
      query: { $queryRaw: ({ args, query }) => ((reads += 1), query(args)) },
    }) as unknown as Database['prisma'];
    const { sweeps } = startProcess({ ...database(), prisma });
    await until('it to have looked', () => reads >= 3);
    await sweeps.stop();
    expect(reads).toBeLessThanOrEqual(5);
  });

  test('while nothing can be done at all, the sweep rests between two looks, and does everything afterwards', async () => {
    const asking = startProcess();
    await asking.sweeps.stop();
    for (let n = 0; n < 110; n++) await ask(asking, await session(asking), { timeout: 60 });
    clock.advance(60);
    let attempts = 0;
    let broken = true;
    const deps: SessionDeps = {
      ...asking.deps,
      changeSession(command) {
        if (!broken) return asking.deps.changeSession(command);
        attempts += 1;
        return Promise.reject(new Error('the disk is full'));
      },
    };
    const sweeps = createSweeps({
      database: { ...database(), leadership: alwaysLeads },
      clock,
      log: silent,
      deps,
      poll: 3_600_000,
    });
    sweeping.push(sweeps);
    sweeps.start();
    await until('it to have tried', () => attempts >= 110);
    await sweeps.stop();
    expect(attempts).toBeLessThanOrEqual(2 * 110);
    broken = false;
    clock.advance(5);
    sweeps.start();
    const open = () => database().prisma.intervention.count({ where: { windowEnded: false } });
    await until('all to be done', async () => (await open()) === 0);
  });

  test('behaviour 3.9: a session silent for 24 hours times out, one that waits for a person does not', async () => {
    const process = startProcess(database(), { poll: 20 });
    const [silentOne, waiting] = [await session(process), await session(process)];
    await ask(process, waiting, { timeout: 200_000 });
    clock.advance(86_399);
    const of = (id: string) => database().prisma.session.findUniqueOrThrow({ where: { id } });
    expect((await of(silentOne)).status).toBe('ACTIVE');
    clock.advance(1);
    await until('the silent one to time out', async () => (await of(silentOne)).status === 'TIMEOUT');
    await until('the waiting one to be looked at', async () => (await of(waiting)).staleAt! > clock.now());
    expect((await of(waiting)).status).toBe('WAITING_FOR_HUMAN');
  });

  test('behaviour 2.8: it removes idempotency keys that are past their time', async () => {
    const { prisma } = database();
    const key = {
      credentialId: 'key',
      mutation: 'm',
      key: 'k',
      fingerprint: '',
      reply: {},
      expiresAt: START,
    };
    await prisma.idempotencyKey.create({ data: key });
    startProcess();
    await expect.poll(() => prisma.idempotencyKey.count()).toBe(0);
  });

  test('reading what is due takes the partial indexes, however many rows there are', async () => {
    const { prisma } = database();
    const process = startProcess();
    const sessionId = await session(process);
    const id = await ask(process, sessionId);
    await prisma.$executeRawUnsafe(`INSERT INTO interventions SELECT (jsonb_populate_record(i, jsonb_build_object('id', 'copy_' || n,
      'due_at', CASE WHEN n % 10 = 0 THEN i.due_at + n * interval '1 second' END))).* FROM interventions i, generate_series(1, 6000) n WHERE id = '${id}'`);
    await prisma.$executeRawUnsafe(`INSERT INTO sessions SELECT (jsonb_populate_record(s, jsonb_build_object('id', 'copy_' || n,
      'stale_at', s.stale_at + n * interval '1 second'))).* FROM sessions s, generate_series(1, 6000) n WHERE id = '${sessionId}'`);
    await prisma.$executeRawUnsafe('ANALYZE interventions, sessions');
    let plan = '';
    const explaining = {
      async $queryRaw(texts: TemplateStringsArray, ...values: unknown[]) {
        const sql = texts.reduce((text, part, n) => `${text}$${n}${part}`);
        const rows = await prisma.$queryRawUnsafe<{ 'QUERY PLAN': string }[]>(`EXPLAIN ${sql}`, ...values);
        plan = rows.map((line) => line['QUERY PLAN']).join('\n');
        return [];
      },
    } as unknown as Database['prisma'];
    await readDue(explaining, addSeconds(START, 400), 1000, []);
    expect(plan).not.toContain('Seq Scan');
    expect(plan.match(/interventions_due_idx/g)).toHaveLength(2);
    expect(plan.match(/sessions_stale_idx/g)).toHaveLength(2);
  });
});
