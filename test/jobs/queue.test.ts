import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parsePayload } from '../../src/jobs/catalog.ts';
import { createScriptedRunner } from '../../src/runners/scripted/runner.ts';
import { createSession } from '../../src/sessions/start.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openHouse, type RunnerHouse } from '../runners/house.ts';

const database = withDatabase();
let house: RunnerHouse;
beforeEach(async () => {
  house = await openHouse({
    database: database(),
    clock: database().clock,
    runners: [createScriptedRunner()],
  });
});
afterEach(() => house.close());

const scenario = 'steps: [{ complete: {} }]';
const completed = (ids: string[]) =>
  house.deps.prisma.session.count({ where: { id: { in: ids }, status: 'COMPLETED' } });
const jobs = async (): Promise<number> => {
  const [row] = await house.deps.prisma.$queryRaw<
    { count: bigint }[]
  >`SELECT count(*) FROM pgboss.job WHERE name = 'drive' AND state < 'active'`;
  return Number(row!.count);
};

describe('a job', () => {
  test('is there if and only if the change it belongs to is', async () => {
    const before = await jobs();
    await house.start('scripted', { scenario });
    expect(await jobs()).toBe(before + 1);
    await house.start('external');
    const key = {
      teamId: house.teamId,
      initialMessage: 'Go',
      runner: 'scripted',
      context: { scenario },
      idempotencyKey: 'k',
    };
    await createSession(house.deps, house.person, key);
    await createSession(house.deps, house.person, key);
    expect(await jobs()).toBe(before + 2);
    const { prisma } = house.deps;
    await expect(
      prisma.$transaction(async (tx) => {
        await house.queue.enqueueDrives(tx, [house.deps.ids.next('session')]);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    expect(await jobs()).toBe(before + 2);
  });

  test('with another payload than its kind has is refused', () => {
    expect(() => parsePayload('drive', { sessionId: 'task_1' })).toThrow();
    expect(() => parsePayload('drive', { sessionId: house.deps.ids.next('session'), more: 1 })).toThrow();
  });
});

test('a backlog from before the start is worked off', async () => {
  const ids = await Promise.all(Array.from({ length: 150 }, () => house.start('scripted', { scenario })));
  await house.worker.start();
  await until('all of them to be completed', async () => (await completed(ids)) === ids.length);
});

test('behaviour 4.13: a session whose job was lost is found by the thorough look', async () => {
  const id = await house.start('scripted', { scenario });
  await house.deps.prisma.$executeRaw`DELETE FROM pgboss.job WHERE name = 'drive'`;
  await house.worker.driver.look(true);
  await until('it to be completed', async () => (await completed([id])) === 1);
});

test('behaviour 1.5: the queue says that it is ready', async () => {
  await house.queue.assertReady();
});

describe.runIf(onPostgres)('on a server', () => {
  test('a database whose connections are cut comes back without a restart', async () => {
    await house.worker.start();
    const client = new pg.Client(database().url!);
    await client.connect();
    await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await client.end();
    let id = '';
    await until('a session to be made again', async () => {
      id = await house.start('scripted', { scenario }).catch(() => '');
      return id !== '';
    });
    await until('it to be completed', async () => (await completed([id])) === 1);
  });

  test('a worker in another process is woken', async () => {
    const replica = await database().replica();
    const other = await openHouse({
      database: replica,
      clock: database().clock,
      runners: [createScriptedRunner()],
      beside: house,
    });
    await other.worker.start();
    const id = await house.start('scripted', { scenario });
    await until('it to be completed', async () => (await completed([id])) === 1);
    await other.close();
  });
});
