import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
} from '@prisma/driver-adapter-utils';
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

async function withEngine<T>(
  work: (engine: Engine, run: (sql: string) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const template = inject('template');
  if (template.kind === 'embedded') {
    const pglite = await PGlite.create({ loadDataDir: await openAsBlob(template.image) });
    const result = await work(await openSchemaEngine(embeddedAdapter(pglite)), (sql) => pglite.exec(sql));
    await pglite.close();
    return result;
  }
  const database = await openTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url!, max: 1 });
  try {
    return await work(await openSchemaEngine(withChar(pool)), (sql) => pool.query(sql));
  } finally {
    await pool.end();
    await database.close();
  }
}

/**
 * PostgreSQL's catalogue has columns of the one-byte type "char" (18). The adapter refuses them, and the engine takes
 * them as nothing else: they pass the adapter as text (25) and reach the engine as characters again.
 */
function withChar(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  let chars: number[] = [];
  const query = pool.query.bind(pool) as (config: pg.QueryConfig) => Promise<pg.QueryResult>;
  Object.assign(pool, {
    async query(config: pg.QueryConfig) {
      const result = await query(config);
      chars = result.fields.flatMap(({ dataTypeID }, index) => (dataTypeID === 18 ? [index] : []));
      for (const index of chars) result.fields[index]!.dataTypeID = 25;
      return result;
    },
  });
  const factory = new PrismaPg(pool);
  const connect = factory.connect.bind(factory);
  return Object.assign(factory, {
    async connect() {
      const connection = await connect();
      const queryRaw = connection.queryRaw.bind(connection);
      return Object.assign(connection, {
        async queryRaw(text: SqlQuery) {
          const result = await queryRaw(text);
          for (const index of chars) result.columnTypes[index] = ColumnTypeEnum.Character;
          return result;
        },
      });
    },
  });
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
