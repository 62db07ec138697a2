import { describe, expect, test } from 'vitest';
import { isContention } from '../../src/database/faults.ts';
import { ContentionError, retrying, transact } from '../../src/database/transact.ts';
import type { Tx } from '../../src/database/transact.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { gate } from '../support/gate.ts';

const database = withDatabase();

const addProject = (tx: Tx, id: string) =>
  tx.project.create({ data: { id, name: id, createdAt: database().clock.now() } });
const nameOf = async (id: string) => (await database().prisma.project.findUnique({ where: { id } }))?.name;
const rename = (tx: Tx, id: string, name: string) => tx.project.update({ where: { id }, data: { name } });

describe('transact', () => {
  test('keeps what the work wrote and returns what it returned', async () => {
    expect(await transact(database(), 'add', async (tx) => (await addProject(tx, 'kept')).id)).toBe('kept');
    expect(await nameOf('kept')).toBe('kept');
  });

  test('an error inside leaves nothing behind and is not tried again', async () => {
    let runs = 0;
    const work = transact(database(), 'add', async (tx) => {
      runs += 1;
      await addProject(tx, 'undone');
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(runs).toBe(1);
    expect(await nameOf('undone')).toBeUndefined();
  });

  test('a constraint that is broken is not contention', async () => {
    await addProject(database().prisma, 'twice');
    const error = await transact(database(), 'add', (tx) => addProject(tx, 'twice')).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'P2002' });
    expect(isContention(error)).toBe(false);
  });

  test('instants come back as they went, whatever zone the machine is in', async () => {
    const { prisma, clock } = database();
    await addProject(prisma, 'timed');
    const [row] = await prisma.$queryRaw<{ text: string; at: Date }[]>`
      SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS text, created_at AS at
      FROM projects WHERE id = 'timed'`;
    expect(row).toEqual({ text: '2026-03-02 09:00:00', at: clock.now() });
  });
});

describe.runIf(onPostgres)('transact between sessions', () => {
  test('a deadlock is broken and both finish', async () => {
    const { prisma } = database();
    await addProject(prisma, 'a');
    await addProject(prisma, 'b');
    const bothHoldOne = gate(2);
    let runs = 0;
    const swap = (first: string, second: string, name: string) =>
      transact(database(), name, async (tx) => {
        runs += 1;
        await rename(tx, first, name);
        if (runs <= 2) await bothHoldOne.arrive();
        await rename(tx, second, name);
      });
    await Promise.all([swap('a', 'b', 'one'), swap('b', 'a', 'two')]);
    expect(runs).toBe(3);
    expect(await nameOf('a')).toBe(await nameOf('b'));
  });

  test('a serialisation failure in a raw statement is tried again', async () => {
    const { prisma } = database();
    await addProject(prisma, 'raw');
    let runs = 0;
    await transact(database(), 'raw', async (tx) => {
      runs += 1;
      await tx.$executeRaw`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`;
      await tx.$queryRaw`SELECT 1 FROM projects WHERE id = 'raw'`;
      if (runs === 1) await rename(prisma, 'raw', 'meanwhile');
      await tx.$executeRaw`UPDATE projects SET name = name || ' and after' WHERE id = 'raw'`;
    });
    expect(runs).toBe(2);
    expect(await nameOf('raw')).toBe('meanwhile and after');
  });

  test('contention without end is given up, saying whose it was', async () => {
    const { prisma } = database();
    let runs = 0;
    const work = retrying('hopeless', async () => {
      runs += 1;
      await prisma.$executeRawUnsafe(`DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`);
    });
    await expect(work).rejects.toThrow(ContentionError);
    await expect(work).rejects.toThrow('hopeless met contention 6 times');
    expect(runs).toBe(6);
  });
});
