// npm run migration -- <name>: writes the next migration, the difference between the migrations and prisma/schema.prisma.
import { PGlite } from '@electric-sql/pglite';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { embeddedAdapter } from '../src/database/embedded-adapter.ts';
import { embeddedSession, IN_MEMORY } from '../src/database/embedded.ts';
import { migrate } from '../src/database/migrate.ts';
import {
  everything,
  migrationsDirectory,
  openSchemaEngine,
  readMigrations,
  readSchema,
} from '../src/database/schema-engine.ts';
import { systemClock } from '../src/kernel/clock.ts';

const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('usage: npm run migration -- <name>, in lower case with underscores, say add_team_labels');
  process.exit(1);
}

const pglite = await PGlite.create(IN_MEMORY);
await mkdir(migrationsDirectory, { recursive: true });
await migrate(embeddedSession(pglite), {
  directory: migrationsDirectory,
  clock: systemClock,
  log: pino({ level: 'silent' }),
});
const engine = await openSchemaEngine(embeddedAdapter(pglite));
const { files } = await readSchema();
const { stdout } = await engine.diff({
  from: { tag: 'schemaDatasource', files, configDir: '.' },
  to: { tag: 'schemaDatamodel', files },
  script: true,
  exitCode: null,
  filters: everything,
});
const { migrationDirectories } = await readMigrations(migrationsDirectory);
const last = Math.max(0, ...migrationDirectories.map(({ path }) => Number.parseInt(path, 10)));
const directory = join(migrationsDirectory, `${String(last + 1).padStart(4, '0')}_${name}`);
await mkdir(directory);
await writeFile(join(directory, 'migration.sql'), stdout ?? '');
console.log(`wrote ${join(directory, 'migration.sql')}: read it, and add what the schema language has no words for`);
process.exit(0);
