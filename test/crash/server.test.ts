import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { verifyLog } from '../../src/events/verify.ts';
import { openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { ADMIN_KEY, type ApiClient, ENCRYPTION_KEYS } from '../support/app.ts';
import { silent } from '../support/database.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { databaseUrl, onServer } from '../support/template.ts';
import { until } from '../support/until.ts';
import { makeProject } from '../support/world.ts';

// A process takes seconds to start where others keep the machine busy.
vi.setConfig({ testTimeout: 60_000 });

const servers: ServerProcess[] = [];
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()));
  for (const each of undo.splice(0).reverse()) await each();
});

function start(env: Record<string, string>): ServerProcess {
  const server = spawnServer(env);
  servers.push(server);
  return server;
}

/** A folder with a migrated database and nobody in it: a copy takes a tenth of the time of a new one. */
let empty: string;
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'holdpoint-crash-'));
  if (inject('template').kind !== 'embedded') return;
  await (await openDatabase({ url: null, dataDirectory: empty, clock: systemClock, log: silent })).close();
});
afterAll(() => rm(empty, { recursive: true, force: true }));

/** A place for a server's data, of this run's kind: a folder, or a database on the server. */
async function place(): Promise<{
  env: Record<string, string>;
  open: () => ReturnType<typeof openDatabase>;
}> {
  const template = inject('template');
  const options = { clock: systemClock, log: silent };
  if (template.kind === 'embedded') {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'holdpoint-crash-'));
    await cp(empty, dataDirectory, { recursive: true });
    undo.push(() => rm(dataDirectory, { recursive: true, force: true }));
    return {
      env: { DATA_DIR: dataDirectory },
      open: () => openDatabase({ url: null, dataDirectory, ...options }),
    };
  }
  const name = `holdpoint_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await onServer(template.server, `CREATE DATABASE ${name} TEMPLATE ${template.database}`);
  undo.push(() => onServer(template.server, `DROP DATABASE ${name} WITH (FORCE)`));
  const url = databaseUrl(template.server, name);
  return {
    env: { DATABASE_URL: url, ENCRYPTION_KEYS },
    open: () => openDatabase({ url, dataDirectory: 'memory://', ...options }),
  };
}

const kind = () => inject('template').kind;

describe('kill -9', () => {
  test('behaviour 1.8: what was acknowledged in a storm is there after it, nothing twice, counts and log right', {
    timeout: 60_000,
  }, async () => {
    const { env, open } = await place();
    const acknowledged = { asked: new Set<string>(), answered: new Map<string, string>() };
    let project: Awaited<ReturnType<typeof makeProject>> | null = null;
    for (let round = 0; round < 2; round++) {
      const server = start({ ...env, ADMIN_API_KEY: ADMIN_KEY });
      const api = await server.ready();
      const here = await makeProject(api, ADMIN_KEY, `round ${round}`);
      project = here;
      let cycles = 0;
      const worker = async (n: number) => {
        const sessionId = await here.session();
        for (let cycle = 0; ; cycle++) {
          const id = await here.ask({ sessionId });
          acknowledged.asked.add(id);
          if (cycle % 3 === 2) continue;
          const reasoning = `${n}.${cycle}`;
          await api.ok(
            here.keys.OPERATOR,
            'mutation($id: ID!, $reasoning: String) { resolveIntervention(id: $id, resolution: {resolutionType: APPROVE, reasoning: $reasoning}) { success errors { code } } }',
            { id, reasoning },
          );
          acknowledged.answered.set(id, reasoning);
          cycles++;
        }
      };
      const storm = Promise.allSettled(Array.from({ length: 8 }, (_, n) => worker(n)));
      await until('answers under way', () => cycles > 30);
      await server.kill();
      await storm;
    }
    const server = start({ ...env, ADMIN_API_KEY: ADMIN_KEY });
    const api = await server.ready();
    for (const [id, reasoning] of acknowledged.answered) {
      const { intervention } = await api.ok(
        ADMIN_KEY,
        'query($id: ID!) { intervention(id: $id) { status resolution humanResponse { reasoning } } }',
        { id },
      );
      expect(intervention).toEqual({
        status: 'RESOLVED',
        resolution: 'APPROVED',
        humanResponse: { reasoning },
      });
    }
    // And it goes on: a new decision is made where the old ones were.
    const again = { ...(await makeProject(api, ADMIN_KEY, 'again')) };
    expect((await again.approve(await again.ask())).sessionResumed).toBe(true);
    expect(project).not.toBeNull();
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });

    const database = await open();
    undo.push(() => database.close());
    const { prisma } = database;
    const found = await prisma.intervention.findMany({ select: { id: true, teamId: true, status: true } });
    const ids = new Set(found.map(({ id }) => id));
    expect([...acknowledged.asked].filter((id) => !ids.has(id))).toEqual([]);
    for (const { teamId, pending } of await prisma.interventionQueue.findMany())
      expect(pending).toBe(
        found.filter((item) => item.teamId === teamId && item.status === 'PENDING').length,
      );
    const resolved = await prisma.$queryRaw<{ id: string }[]>`
      SELECT subject_id AS id FROM (
        SELECT subject_id, type FROM events UNION ALL SELECT subject_id, type FROM unsealed_events) every
      WHERE type = 'intervention_resolved'`;
    expect(resolved.map(({ id }) => id).sort()).toEqual(
      found
        .filter(({ status }) => status === 'RESOLVED')
        .map(({ id }) => id)
        .sort(),
    );
    expect(await verifyLog(prisma)).toMatchObject({ fault: null, unsealed: 0 });
  });
});

describe('starting', () => {
  test('behaviour 1.1, 1.10: the first start alone prints an admin key; ADMIN_API_KEY takes its place', async () => {
    const { env } = await place();
    const first = start(env);
    const api = await first.ready();
    await until('the key is printed', () => first.madeKey() !== null);
    const key = first.madeKey()!;
    const admin = await api.ok(key, '{ viewer { actor { id } roles } }');
    expect(admin.viewer.roles).toContain('ADMIN');
    expect(await first.kill('SIGTERM')).toEqual({ code: 0, signal: null });

    const second = start(env);
    expect(await (await second.ready()).ok(key, '{ viewer { actor { id } roles } }')).toEqual(admin);
    expect(await second.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(second.madeKey()).toBeNull();

    const third = start({ ...env, ADMIN_API_KEY: ADMIN_KEY });
    const configured = await third.ready();
    expect(await configured.ok(ADMIN_KEY, '{ viewer { actor { id } roles } }')).toEqual(admin);
    const refused = await configured.graphql(key, '{ viewer { actor { id } } }');
    expect(refused.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(third.output()).not.toContain(ADMIN_KEY);
  });

  test('behaviour 1.4: a bad environment is told in one message, all of it, and nothing starts', async () => {
    const server = start({
      PORT: '99999',
      LOG_LEVEL: 'loud',
      ADMIN_API_KEY: 'short',
      DATA_DIR: '/nonexistent',
      HOLDPOINT_X: '1',
    });
    expect((await server.exited).code).toBe(1);
    for (const name of ['PORT', 'LOG_LEVEL', 'ADMIN_API_KEY']) expect(server.output()).toContain(name);
    expect(server.output()).not.toMatch(/short\b|    at /);
    expect(server.output()).not.toContain('ready');
  });

  test('a port that is taken, a folder that cannot be and a database that is not there are told by their variables, without a stack', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    undo.push(() => new Promise((resolve) => taken.close(resolve)));
    const { port } = taken.address() as AddressInfo;
    // Found out before anything is made: the folder stays without a database.
    const folder = await mkdtemp(join(tmpdir(), 'holdpoint-crash-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const one = start({ DATA_DIR: folder, PORT: String(port) });
    const none = start({ DATA_DIR: join(process.execPath, 'data') });
    const other = start({ DATABASE_URL: 'postgres://nobody:hunter2@127.0.0.1:1/none', ENCRYPTION_KEYS });
    expect((await one.exited).code).toBe(1);
    expect(one.output()).toContain(`PORT ${port} on 127.0.0.1 is taken by another process`);
    expect(await readdir(folder)).not.toContain('database');
    expect((await none.exited).code).toBe(1);
    expect(none.output()).toContain('DATA_DIR: ENOTDIR');
    expect((await other.exited).code).toBe(1);
    expect(other.output()).toContain('DATABASE_URL: connect ECONNREFUSED');
    for (const { output } of [one, none, other]) expect(output()).not.toMatch(/hunter2|^ {4}at /m);
  });

  test('the first start says at once that it makes the database, and a later one does not', async (context) => {
    if (kind() !== 'embedded') return context.skip();
    const folder = await mkdtemp(join(tmpdir(), 'holdpoint-crash-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const first = start({ DATA_DIR: folder });
    await until('the line', () => first.output().includes(`Making the database in ${folder}: once`));
    expect(first.output()).not.toContain('ready');
    await first.kill();
    const later = start((await place()).env);
    await later.ready();
    expect(later.output()).not.toContain('Making');
  });

  test("behaviour 1.6: a second process on a data folder refuses and names the first one's pid", async (context) => {
    if (kind() !== 'embedded') return context.skip();
    const { env } = await place();
    const first = start({ ...env, ADMIN_API_KEY: ADMIN_KEY });
    const api = await first.ready();
    const second = start(env);
    expect((await second.exited).code).toBe(1);
    expect(second.output()).toContain(String(first.pid));
    expect(second.output()).not.toMatch(/^ {4}at /m);
    await api.ok(ADMIN_KEY, '{ viewer { actor { id } } }');
  });
});

describe('stopping', () => {
  test('behaviour 1.7: SIGTERM lets requests in flight finish, closes sockets with 1001 and exits 0 within 10 s', async () => {
    const { env, open } = await place();
    const server = start({ ...env, ADMIN_API_KEY: ADMIN_KEY });
    const api: ApiClient = await server.ready();
    const project = await makeProject(api, ADMIN_KEY, 'stop');
    const socket = await api.socket(project.keys.VIEWER);
    socket.subscribe('s', 'subscription { interventionUpdates { id } }');
    await socket.settled();
    const sessions = await Promise.all(Array.from({ length: 20 }, () => project.session()));
    const done: string[] = [];
    const failures: unknown[] = [];
    const storm = Promise.all(
      sessions.map(async (sessionId) => {
        try {
          for (;;) done.push(await project.ask({ sessionId, timeout: 3600 }));
        } catch (error) {
          failures.push(error);
        }
      }),
    );
    await until('asks under way', () => done.length > 20);
    const began = performance.now();
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(10_000);
    await storm;
    expect(await socket.closed).toMatchObject({ code: 1001 });
    // Refused connections, a queue that is full, or a clear word: never half an answer.
    for (const error of failures)
      expect(String(error)).toMatch(/fetch failed|QUEUE_FULL|SERVICE_UNAVAILABLE/);
    const database = await open();
    undo.push(() => database.close());
    expect(await database.prisma.intervention.count({ where: { id: { in: done } } })).toBe(done.length);
  });
});

describe('two server processes on one database', () => {
  test('behaviour 4.2: of 50 answers at once through both, one wins; behaviour 9.3: both tell their subscribers', async (context) => {
    if (kind() !== 'postgres') return context.skip();
    const { env } = await place();
    const [one, two] = [
      start({ ...env, ADMIN_API_KEY: ADMIN_KEY }),
      start({ ...env, ADMIN_API_KEY: ADMIN_KEY }),
    ];
    const apis = await Promise.all([one.ready(), two.ready()]);
    const project = await makeProject(apis[0], ADMIN_KEY, 'two');
    const socket = await apis[1].socket(project.keys.VIEWER);
    socket.subscribe('s', 'subscription { interventionUpdates { id status } }');
    await socket.settled();
    for (let round = 0; round < 5; round++) {
      const id = await project.ask();
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          apis[n % 2]!.graphql(
            project.keys.OPERATOR,
            'mutation($id: ID!, $reasoning: String) { resolveIntervention(id: $id, resolution: {resolutionType: APPROVE, reasoning: $reasoning}) { success errors { code } intervention { humanResponse { reasoning } } } }',
            { id, reasoning: `${n}` },
          ),
        ),
      );
      const results = answers.map(({ data }) => data.resolveIntervention);
      const won = results.filter(({ success }) => success);
      expect(won).toHaveLength(1);
      for (const { success, errors, intervention } of results) {
        if (!success) expect(errors).toEqual([{ code: 'ALREADY_RESOLVED' }]);
        expect(intervention).toEqual(won[0].intervention);
      }
      await socket.until(() =>
        socket
          .of('s')
          .some(
            ({ payload }) =>
              payload.data.interventionUpdates.id === id &&
              payload.data.interventionUpdates.status === 'RESOLVED',
          ),
      );
    }
  });
});
