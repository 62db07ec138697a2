import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import { PGlite } from '@electric-sql/pglite';
import { openAsBlob } from 'node:fs';
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { embeddedAdapter } from '../../src/database/embedded-adapter.ts';
import { ENGINE_MAJOR } from '../../src/database/embedded.ts';
import {
  everything,
  migrationsDirectory,
  openSchemaEngine,
  readMigrations,
  readSchema,
} from '../../src/database/schema-engine.ts';
import { onPostgres, openTestDatabase } from '../support/database.ts';

type Engine = Awaited<ReturnType<typeof openSchemaEngine>>;

async function withEngine<T>(work: (engine: Engine, run: (sql: string) => Promise<unknown>) => Promise<T>): Promise<T> {
  const template = inject('template');
  if (template.kind === 'embedded') {
    const pglite = await PGlite.create({ loadDataDir: await openAsBlob(template.image) });
    const result = await work(await openSchemaEngine(embeddedAdapter(pglite)), (sql) => pglite.exec(sql));
    await pglite.close();
    return result;
  }
  const database = await openTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url!, max: 1 });
  const result = await work(await openSchemaEngine(withTextForChar(new PrismaPg(pool))), (sql) => pool.query(sql));
  await pool.end();
  await database.close();
  return result;
}

/** PostgreSQL's catalogue holds empty "char" values, which the engine can't read as a character. */
function withTextForChar(factory: SqlMigrationAwareDriverAdapterFactory): SqlMigrationAwareDriverAdapterFactory {
  const connect = async (): Promise<SqlDriverAdapter> => {
    const adapter = await factory.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    return Object.assign(adapter, {
      async queryRaw(query: Parameters<typeof queryRaw>[0]) {
        const result = await queryRaw(query);
        const columnTypes = result.columnTypes.map((type) =>
          type === ColumnTypeEnum.Character ? ColumnTypeEnum.Text : type,
        );
        return { ...result, columnTypes };
      },
    });
  };
  const { provider, adapterName } = factory;
  return { provider, adapterName, connect, connectToShadowDb: () => factory.connectToShadowDb() };
}

async function difference(engine: Engine): Promise<string> {
  const { files } = await readSchema();
  const { stdout } = await engine.diff({
    from: { tag: 'schemaDatasource', files, configDir: '.' },
    to: { tag: 'schemaDatamodel', files },
    script: true,
    exitCode: null,
    filters: everything,
  });
  return (stdout ?? '').replace('-- This is an empty migration.', '').trim();
}

describe('migrations', () => {
  test('give exactly the schema, and a difference would be seen', async () => {
    await withEngine(async (engine, run) => {
      expect(await difference(engine)).toBe('');
      await run('ALTER TABLE "teams" DROP COLUMN "name"');
      expect(await difference(engine)).toContain('ALTER TABLE "teams" ADD COLUMN');
    });
  });

  test('leave transactions to the program, so that one that is killed leaves nothing', async () => {
    const { migrationDirectories } = await readMigrations(migrationsDirectory);
    expect(migrationDirectories.length).toBeGreaterThan(0);
    for (const { path, migrationFile } of migrationDirectories) {
      const code = migrationFile.content.value.replace(/--.*$/gm, '');
      expect(code, path).not.toMatch(/^\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK)\b|\bCONCURRENTLY\b/im);
    }
  });

  test('are numbered without a gap', async () => {
    const { migrationDirectories } = await readMigrations(migrationsDirectory);
    migrationDirectories.forEach(({ path }, index) => {
      expect(path).toMatch(new RegExp(`^${String(index + 1).padStart(4, '0')}_[a-z][a-z0-9_]*$`));
    });
  });

  test('start the log at its one row', async () => {
    const database = await openTestDatabase();
    expect(await database.prisma.eventLog.findMany()).toEqual([{ id: 1, position: 0n }]);
    await database.close();
  });
});

describe.runIf(!onPostgres)('the embedded engine', () => {
  test('is the major version that data folders are checked against', async () => {
    const database = await openTestDatabase();
    const [row] = await database.prisma.$queryRaw<{ major: string }[]>`
      SELECT (current_setting('server_version_num')::int / 10000)::text AS major`;
    expect(row!.major).toBe(ENGINE_MAJOR);
    await database.close();
  });
});
