import { randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { pino } from 'pino';
import { afterAll, beforeAll, inject } from 'vitest';
import { openEmbedded, IN_MEMORY } from '../../src/database/embedded.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { Database, DatabaseOptions } from '../../src/database/open.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { testClock } from './clock.ts';
import type { TestClock } from './clock.ts';
import { databaseUrl, onServer } from './template.ts';

export const silent = pino({ level: 'silent' });

/** What this run is on. Races between sessions exist on PostgreSQL only: the embedded database has one. */
export const onPostgres = process.env.TEST_DATABASE === 'postgres';

export type TestOptions = Partial<Pick<DatabaseOptions, 'log' | 'poolSize' | 'statementTimeoutMs'>> & {
  clock?: TestClock;
};

export interface TestDatabase extends Database {
  clock: TestClock;
  /** The server's address of this database; null when it is embedded. */
  url: string | null;
  /** The same database as another process would open it. PostgreSQL only; closed with this one. */
  replica(): Promise<Database>;
}

/** A migrated database of one's own, with nothing in it. Closing it drops it. */
export async function openTestDatabase(options: TestOptions = {}): Promise<TestDatabase> {
  const { clock = testClock(), log = silent, ...rest } = options;
  const template = inject('template');
  if (template.kind === 'embedded') {
    const image = await openAsBlob(template.image);
    const database = await openEmbedded({ dataDirectory: IN_MEMORY, clock, log, image });
    const replica = () => Promise.reject(new Error('the embedded database has no replicas'));
    return { ...database, clock, url: null, replica };
  }
  const name = `holdpoint_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await onServer(template.server, `CREATE DATABASE ${name} TEMPLATE ${template.database}`);
  const url = databaseUrl(template.server, name);
  const database = await openPostgres({ url, clock, log, poolSize: 4, ...rest });
  const replicas: Database[] = [];
  return {
    ...database,
    clock,
    url,
    async replica() {
      const replica = await openDatabase({ url, dataDirectory: IN_MEMORY, clock, log, poolSize: 4, ...rest });
      replicas.push(replica);
      return replica;
    },
    async close() {
      await Promise.all([database, ...replicas].map((each) => each.close()));
      await onServer(template.server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** One database for the tests of a file or a `describe`: call what it returns inside them. */
export function withDatabase(options: TestOptions = {}): () => TestDatabase {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await openTestDatabase(options);
  });
  afterAll(() => database?.close());
  return () => {
    if (database === undefined) throw new Error('the database is there inside tests and hooks only');
    return database;
  };
}
