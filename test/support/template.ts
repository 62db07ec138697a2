import { PGlite } from '@electric-sql/pglite';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { pino } from 'pino';
import type { TestProject } from 'vitest/node';
import { embeddedSession, IN_MEMORY } from '../../src/database/embedded.ts';
import { migrate } from '../../src/database/migrate.ts';
import { migratePostgres } from '../../src/database/postgres.ts';
import { migrationsDirectory, readMigrations } from '../../src/database/schema-engine.ts';
import { systemClock } from '../../src/kernel/clock.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What each test's database is a copy of. */
    template: Template;
  }
}

export type Template = { kind: 'embedded'; image: string } | { kind: 'postgres'; server: string; database: string };

const log = pino({ level: 'silent' });

/** Once per run: a migrated database to copy, for a copy takes a tenth of the time of a new one. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | void> {
  const server = process.env.TEST_DATABASE_URL;
  if (process.env.TEST_DATABASE !== 'postgres' || server === undefined) {
    project.provide('template', { kind: 'embedded', image: await embeddedImage() });
    return;
  }
  const database = `holdpoint_test_template_${process.pid}`;
  await onServer(server, `CREATE DATABASE ${database}`);
  await migratePostgres({ url: databaseUrl(server, database), clock: systemClock, log });
  project.provide('template', { kind: 'postgres', server, database });
  return () => onServer(server, `DROP DATABASE ${database}`);
}

/** Kept between runs under what it is made of, so that a changed migration or engine makes a new one. */
async function embeddedImage(): Promise<string> {
  const migrations = JSON.stringify((await readMigrations(migrationsDirectory)).migrationDirectories);
  const engine = await readFile('node_modules/@electric-sql/pglite/package.json', 'utf8');
  const digest = createHash('sha256').update(migrations).update(engine).digest('hex').slice(0, 16);
  const file = `node_modules/.cache/holdpoint/template-${digest}.tar`;
  if (await stat(file).catch(() => null)) return file;
  const pglite = await PGlite.create(IN_MEMORY);
  await migrate(embeddedSession(pglite), { directory: migrationsDirectory, clock: systemClock, log });
  const image = await pglite.dumpDataDir('none');
  await pglite.close();
  await mkdir('node_modules/.cache/holdpoint', { recursive: true });
  await writeFile(`${file}.${process.pid}`, Buffer.from(await image.arrayBuffer()));
  await rename(`${file}.${process.pid}`, file);
  return file;
}

export function databaseUrl(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

/** One statement outside any database under test. */
export async function onServer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
