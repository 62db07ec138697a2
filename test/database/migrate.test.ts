import { readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import type { Database } from '../../src/database/open.ts';
import { migrationsDirectory } from '../../src/database/schema-engine.ts';
import { testClock } from '../support/clock.ts';
import { onPostgres, silent } from '../support/database.ts';
import { startProcess } from '../support/process.ts';
import { databaseUrl, onServer } from '../support/template.ts';
import { until } from '../support/until.ts';

const program = new URL('./processes/open.ts', import.meta.url);
let folder: string;
let migrations: string;
/** A folder with the product's migrations, or the address of an empty database. */
let where: string;
let fresh: string;

beforeAll(async () => {
  if (onPostgres) return;
  // Making a data folder takes seconds, copying one does not.
  const parent = await mkdtemp(join(tmpdir(), 'holdpoint-folder-'));
  fresh = join(parent, 'data');
  await (await openDatabase({ url: null, dataDirectory: fresh, clock: testClock(), log: silent })).close();
  return () => rm(parent, { recursive: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdpoint-migrate-'));
  migrations = join(folder, 'migrations');
  await cp(migrationsDirectory, migrations, { recursive: true });
  where = join(folder, 'data');
  const template = inject('template');
  if (template.kind === 'postgres') {
    const name = `holdpoint_test_migrate_${process.pid}`;
    await onServer(template.server, `CREATE DATABASE ${name}`);
    where = databaseUrl(template.server, name);
  } else {
    await cp(fresh, where, { recursive: true });
  }
});
afterEach(async () => {
  const template = inject('template');
  if (template.kind === 'postgres') {
    await onServer(template.server, `DROP DATABASE holdpoint_test_migrate_${process.pid} WITH (FORCE)`);
  }
  await rm(folder, { recursive: true });
});

async function add(name: string, sql: string): Promise<void> {
  await mkdir(join(migrations, name));
  await writeFile(join(migrations, name, 'migration.sql'), sql);
}

const open = () =>
  openDatabase({
    url: onPostgres ? where : null,
    dataDirectory: where,
    clock: testClock(),
    log: silent,
    migrations,
  });

async function withOpen<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const database = await open();
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

const history = ({ prisma }: Database) =>
  prisma.$queryRaw<{ name: string; finished: boolean; rolledBack: boolean }[]>`
    SELECT migration_name AS name, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS "rolledBack"
    FROM _prisma_migrations ORDER BY started_at, finished_at NULLS FIRST`;

const done = (name: string) => ({ name, finished: true, rolledBack: false });
/** The product's own migrations; those that a test adds come behind all of them. */
const own = readdirSync(migrationsDirectory, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => done(name))
  .sort((a, b) => (a.name < b.name ? -1 : 1));

describe('migrating', () => {
  test('applies what is new, once, in order', async () => {
    await withOpen(async (database) => expect(await history(database)).toEqual(own));
    await add('9001_next', 'CREATE TABLE later (id int); -- the last line is a comment');
    await withOpen(async (database) => {
      expect(await history(database)).toEqual([...own, done('9001_next')]);
      expect(await database.prisma.$queryRaw`SELECT count(*)::int AS n FROM later`).toEqual([{ n: 0 }]);
    });
    await withOpen(async (database) => expect((await history(database)).length).toBe(own.length + 1));
  });

  test('semicolons in literals and function bodies are part of them', async () => {
    await add('9001_body', `DO $$ BEGIN CREATE TABLE later AS SELECT 'a;b' AS text; END; $$;`);
    await withOpen(async ({ prisma }) =>
      expect(await prisma.$queryRaw`SELECT text FROM later`).toEqual([{ text: 'a;b' }]),
    );
  });

  test('a migration that fails leaves nothing, says what is wrong, and succeeds once it is mended', async () => {
    await add('9001_broken', 'CREATE TABLE later (id int);\nSELECT 1 / 0;');
    await expect(open()).rejects.toThrow('migration 9001_broken failed and was undone: division by zero');
    await rm(join(migrations, '9001_broken'), { recursive: true });
    await add('9001_broken', 'CREATE TABLE later (id int);');
    await withOpen(async (database) => {
      expect(await history(database)).toEqual([
        ...own,
        { name: '9001_broken', finished: false, rolledBack: true },
        done('9001_broken'),
      ]);
    });
  });

  test('a database that a newer version migrated is refused, naming what is unknown', async () => {
    await add('9001_next', 'CREATE TABLE later (id int);');
    await withOpen(async () => {});
    await rm(join(migrations, '9001_next'), { recursive: true });
    await expect(open()).rejects.toThrow(/does not know: 9001_next\. It was used by a newer version/);
  });

  test('behaviour 1.8: killed in the middle of a migration, the next start applies it whole', async () => {
    await add('9001_slow', 'CREATE TABLE later (id int);\nSELECT pg_sleep(60);');
    const child = startProcess(program, [where, migrations]);
    await child.wrote('"migration":"9001_slow"');
    if (onPostgres) await until('the migration to be under way', isSleeping);
    await child.kill();
    if (onPostgres) await onServer(where, TERMINATE_SLEEPERS);
    await rm(join(migrations, '9001_slow'), { recursive: true });
    await add('9001_slow', 'CREATE TABLE later (id int);');
    await withOpen(async (database) => {
      expect((await history(database)).filter(({ finished }) => finished)).toEqual([
        ...own,
        done('9001_slow'),
      ]);
      expect(await database.prisma.$queryRaw`SELECT count(*)::int AS n FROM later`).toEqual([{ n: 0 }]);
    });
  });

  test.runIf(onPostgres)(
    'two processes that start at once both come up, and each migration runs once',
    async () => {
      await add(
        '9001_counted',
        'CREATE TABLE later (id int);\nINSERT INTO later VALUES (1);\nSELECT pg_sleep(0.3);',
      );
      const both = [startProcess(program, [where, migrations]), startProcess(program, [where, migrations])];
      await Promise.all(both.map((each) => each.wrote(`opened by ${each.pid}`)));
      for (const each of both) each.tell('close');
      expect(await Promise.all(both.map((each) => each.exited))).toEqual([0, 0]);
      await withOpen(async (database) => {
        expect(await history(database)).toEqual([...own, done('9001_counted')]);
        expect(await database.prisma.$queryRaw`SELECT count(*)::int AS n FROM later`).toEqual([{ n: 1 }]);
      });
    },
  );

  test.runIf(!onPostgres)(
    'behaviour 1.6: two processes on one data folder: the second names the first',
    async () => {
      const first = startProcess(program, [where, migrations]);
      await first.wrote('opened');
      const second = startProcess(program, [where, migrations]);
      await second.wrote(`in use by process ${first.pid};`);
      await first.kill();
      await withOpen(async (database) => expect(await history(database)).toEqual(own));
    },
  );
});

const SLEEPERS = `FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'holdpoint migrate' AND wait_event = 'PgSleep'`;
const TERMINATE_SLEEPERS = `SELECT pg_terminate_backend(pid) ${SLEEPERS}`;

async function isSleeping(): Promise<boolean> {
  const client = new pg.Client(where);
  await client.connect();
  const { rowCount } = await client.query(`SELECT 1 ${SLEEPERS}`);
  await client.end();
  return rowCount === 1;
}
