import { type PGlite, types } from '@electric-sql/pglite';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromPglite } from 'pg-boss';
import { PrismaClient } from '../generated/prisma/client.ts';
import { makeFolder } from '../kernel/folder.ts';
import { takeDataDirectory } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import { embeddedAdapter } from './embedded-adapter.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { aloneLeads } from './leadership.ts';
import { assertMigrated, migrate } from './migrate.ts';
import type { MigrationSession } from './migrate.ts';
import type { Database, DatabaseOptions } from './open.ts';
import { type Query, RANDOM_PAGE_COST, type Statement } from './query.ts';
import { migrationsDirectory } from './schema-engine.ts';
import { createLocalSignals } from './signals.ts';

export const IN_MEMORY = 'memory://';

/** The major version of PostgreSQL that PGlite is. A data folder written by another is of no use to it. */
export const ENGINE_MAJOR = '18';

export type EmbeddedOptions = Omit<DatabaseOptions, 'url'> & {
  /** A dump of a data folder to begin with instead of an empty one. */
  image?: Blob;
  /** Refuses a database that migrations are still to be applied to, and leaves it as it is. */
  onlyMigrated?: boolean;
};

/** PostgreSQL inside this process, its files below `dataDirectory`, which it takes for itself until it is closed. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Database> {
  const { dataDirectory, log, clock, migrations: directory = migrationsDirectory } = options;
  const taken = dataDirectory === IN_MEMORY ? null : await takeDataDirectory(dataDirectory);
  let pglite: PGlite | undefined;
  try {
    await options.beforeMigrations?.({ isNew: taken !== null && !(await isMade(taken)) });
    pglite = await startEngine(taken, options.image);
    const session = embeddedSession(pglite);
    if (options.onlyMigrated) await assertMigrated(session, { directory, log });
    else await migrate(session, { directory, clock, log });
    // The engine looked for types of lists when it started; those that the migrations made came after.
    await pglite.refreshArrayTypes();
    return assemble(pglite, taken, options);
  } catch (error) {
    await pglite?.close();
    await taken?.release();
    throw error;
  }
}

/** How migrations reach a PGlite: it has one session, and nobody else is in it yet. */
export const embeddedSession = (pglite: PGlite): MigrationSession => ({
  factory: embeddedAdapter(pglite),
  runScript: async (script) => void (await pglite.exec(script)),
});

async function startEngine(taken: DataDirectory | null, image?: Blob): Promise<PGlite> {
  let dataDir = IN_MEMORY;
  if (taken !== null) {
    dataDir = databaseIn(taken);
    await makeFolder(dataDir);
    await assertEngine(dataDir);
  }
  const pglite = await EmbeddedEngine.open({ dataDir, ...(image && { loadDataDir: image }) });
  // Prisma's adapters send instants without their zone, and read them as if it were UTC.
  await pglite.exec(`SET TIME ZONE 'UTC'; SET random_page_cost = ${RANDOM_PAGE_COST}`);
  return pglite;
}

const databaseIn = (taken: DataDirectory): string => join(taken.path, 'database');

const majorOf = (dataDir: string): Promise<string | null> =>
  readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(() => null);

const isMade = async (taken: DataDirectory): Promise<boolean> => (await majorOf(databaseIn(taken))) !== null;

async function assertEngine(dataDir: string): Promise<void> {
  const major = await majorOf(dataDir);
  if (major === null || major.trim() === ENGINE_MAJOR) return;
  throw new Error(
    `${dataDir} was written by PostgreSQL ${major.trim()}, this version holds ${ENGINE_MAJOR}: ` +
      'dump it with the version that wrote it, and restore the dump into an empty DATA_DIR.',
  );
}

const queryOf =
  (pglite: PGlite): Query =>
  async <Row>({ text, values }: Statement) =>
    (await pglite.query<Row>(text, [...values], { parsers: { [types.INT8]: BigInt } })).rows;

function assemble(pglite: PGlite, taken: DataDirectory | null, { log }: EmbeddedOptions): Database {
  const prisma = new PrismaClient({ adapter: embeddedAdapter(pglite), errorFormat: 'minimal' });
  let closing: Promise<void> | null = null;
  async function close(): Promise<void> {
    await prisma.$disconnect();
    await pglite.close();
    await taken?.release();
  }
  return {
    kind: 'embedded',
    prisma,
    query: queryOf(pglite),
    signals: createLocalSignals(log),
    leadership: aloneLeads,
    boss: () => ({ db: fromPglite(pglite), backend: 'pglite' }),
    close: () => (closing ??= close()),
  };
}
