import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type { DiagnoseMigrationHistoryOutput, MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { everything, openSchemaEngine, readMigrations, withScripts } from './schema-engine.ts';

/** One session of the database that is to be migrated, with nobody else in it. */
export interface MigrationSession {
  factory: SqlMigrationAwareDriverAdapterFactory;
  /** Runs several statements in one implicit transaction: all of them or none. */
  runScript(script: string): Promise<void>;
}

export interface MigrateOptions {
  /** The folder with one folder for each migration. */
  directory: string;
  clock: Clock;
  log: Log;
}

/** The database's history is not one that these migrations can go on from; says what to do. Nothing was changed. */
export class MigrationRefused extends Error {
  override name = 'MigrationRefused';
}

/** A migration's statement failed; `cause` is the database's error. Nothing of that migration was kept. */
export class MigrationFailed extends Error {
  constructor(migration: string, cause: Error) {
    super(`migration ${migration} failed and was undone: ${cause.message}`, { cause });
    this.name = 'MigrationFailed';
  }
}

/**
 * Brings the database up to the last migration and returns the names of those it applied. Keeps the table that
 * `prisma migrate deploy` keeps. Throws MigrationRefused when the database is ahead of this program, and
 * MigrationFailed; what failed leaves no trace but its row in that table, and is tried again at the next start.
 */
export async function migrate(session: MigrationSession, options: MigrateOptions): Promise<string[]> {
  const { directory, log } = options;
  const migrationsList = await readMigrations(directory);
  // The engine tells where in its own code a script failed, and drops why.
  let failure: unknown;
  const factory = withScripts(session.factory, async (script) => {
    await runScript(session, options, migrationsList, script).catch((error: unknown) => {
      throw (failure = error);
    });
  });
  const engine = await openSchemaEngine(factory);
  try {
    const diagnosis = await diagnose(engine, migrationsList);
    assertKnown(diagnosis, log);
    await forgetFailed(engine, diagnosis, log);
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: everything });
    return appliedMigrationNames;
  } catch (error) {
    throw failure ?? error;
  } finally {
    engine.free();
  }
}

/** Changes nothing: MigrationRefused where migrations are still to be applied, or where the database is ahead. */
export async function assertMigrated(
  { factory }: MigrationSession,
  { directory, log }: Pick<MigrateOptions, 'directory' | 'log'>,
): Promise<void> {
  const migrationsList = await readMigrations(directory);
  const engine = await openSchemaEngine(factory);
  try {
    const diagnosis = await diagnose(engine, migrationsList);
    assertKnown(diagnosis, log);
    const { history, failedMigrationNames } = diagnosis;
    const pending = history?.diagnostic === 'databaseIsBehind' ? history.unappliedMigrationNames : [];
    if (pending.length + failedMigrationNames.length === 0) return;
    throw new MigrationRefused(
      `the database is that of an older version, without ${[...pending, ...failedMigrationNames].join(', ')}: ` +
        'start the server once, which brings it up to date, or use the version that wrote it.',
    );
  } finally {
    engine.free();
  }
}

/**
 * A migration and the note that it is finished, in one transaction: whenever the process is killed, either both are
 * there or neither, so that an unfinished row always means that nothing of it happened.
 */
async function runScript(
  session: MigrationSession,
  { clock, log }: MigrateOptions,
  { migrationDirectories }: MigrationList,
  script: string,
): Promise<void> {
  const migration = migrationDirectories.find(({ migrationFile }) => migrationFile.content.value === script);
  if (migration === undefined) return session.runScript(script);
  log.info({ migration: migration.path }, 'applying migration');
  const finished = `UPDATE "_prisma_migrations" SET "finished_at" = '${clock.now().toISOString()}'
WHERE "migration_name" = '${migration.path.replaceAll("'", "''")}' AND "finished_at" IS NULL AND "rolled_back_at" IS NULL;`;
  await session.runScript(`${script}\n;\n${finished}`).catch((error: Error) => {
    throw new MigrationFailed(migration.path, error);
  });
}

const diagnose = (engine: SchemaEngine, migrationsList: MigrationList) =>
  engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters: everything });

function assertKnown(diagnosis: DiagnoseMigrationHistoryOutput, log: Log): void {
  const unknown = unknownMigrations(diagnosis);
  if (unknown.length > 0) {
    throw new MigrationRefused(
      `the database has had migrations that this version does not know: ${unknown.join(', ')}. ` +
        'It was used by a newer version: start that one, or restore the backup made before the upgrade.',
    );
  }
  for (const migration of diagnosis.editedMigrationNames) {
    log.warn(
      { migration },
      'this migration was changed after it was applied; the database keeps the older text',
    );
  }
}

async function forgetFailed(
  engine: SchemaEngine,
  { failedMigrationNames }: DiagnoseMigrationHistoryOutput,
  log: Log,
): Promise<void> {
  for (const migrationName of failedMigrationNames) {
    log.warn(
      { migration: migrationName },
      'this migration was interrupted or failed and left nothing; trying it again',
    );
    await engine.markMigrationRolledBack({ migrationName });
  }
}

function unknownMigrations({ history }: DiagnoseMigrationHistoryOutput): string[] {
  return history === null || history.diagnostic === 'databaseIsBehind'
    ? []
    : history.unpersistedMigrationNames;
}
