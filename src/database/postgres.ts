import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.ts';
import { createLeadership } from './leadership.ts';
import type { SharedLeadership } from './leadership.ts';
import { openLink } from './link.ts';
import type { Link } from './link.ts';
import { migrate } from './migrate.ts';
import type { Database, DatabaseOptions } from './open.ts';
import { type Query, RANDOM_PAGE_COST, type Statement } from './query.ts';
import { migrationsDirectory } from './schema-engine.ts';
import { createSharedSignals, listen } from './signals.ts';
import { createStatementNames } from './statement-names.ts';

type PostgresOptions = Omit<DatabaseOptions, 'url' | 'dataDirectory'> & { url: string };

/** The advisory lock that Prisma's own tools take while they migrate. */
const MIGRATION_LOCK = 72707369;
/** Seconds that a start waits for another process' migration. */
const MIGRATION_WAIT = 120;

/**
 * What pools connect with. A pool hands a session on while the server's words are still being read: where the server ends
 * it in the same breath, whoever waited for it does not listen yet, and an error that nobody listens to ends the process.
 * That session's next statement fails, which tells them.
 */
class PooledClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', () => {});
  }
}

/**
 * A PostgreSQL server, 13 or later. Rejects when it can't be reached now; once open, it may go and come back: queries
 * fail meanwhile (see isUnavailable), and nothing has to be restarted.
 */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const { url, log } = options;
  await options.beforeMigrations?.({ isNew: false });
  await migratePostgres(options);
  const pool = openPool(options);
  let link: Link | undefined;
  try {
    link = await openLink({ url, log, prepare: listen });
    return assemble(pool, link, options);
  } catch (error) {
    await link?.close();
    await pool.end();
    throw error;
  }
}

/** Brings the database up to date, one process at a time. Returns the names of the migrations that it applied. */
export async function migratePostgres(
  options: Pick<PostgresOptions, 'url' | 'clock' | 'log' | 'migrations'>,
) {
  const { url, clock, log, migrations: directory = migrationsDirectory } = options;
  // One connection and never another, for the lock is its session's.
  const pool = new pg.Pool({
    connectionString: url,
    Client: PooledClient,
    application_name: 'holdpoint migrate',
    connectionTimeoutMillis: 10_000,
    max: 1,
    idleTimeoutMillis: 0,
    onConnect: inUtc,
  });
  pool.on('error', (error) => log.warn({ err: error }, 'lost the connection while migrating'));
  try {
    await pool.query(`SET lock_timeout = '${MIGRATION_WAIT}s'`);
    await pool.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await pool.query('RESET lock_timeout');
    const runScript = async (script: string) => void (await pool.query(script));
    return await migrate({ factory: new PrismaPg(pool), runScript }, { directory, clock, log });
  } finally {
    await pool.end();
  }
}

function openPool({ url, log, poolSize = 10, statementTimeoutMs = 30_000 }: PostgresOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    Client: PooledClient,
    application_name: 'holdpoint',
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    onConnect: (client) => prepareSession(client, statementTimeoutMs),
  });
  // Without a listener, the end of an idle connection would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'lost an idle database connection'));
  return pool;
}

/** Prisma's adapter sends instants without their zone, and reads them as if it were UTC. */
const inUtc = async (client: pg.ClientBase): Promise<void> =>
  void (await client.query(`SET TIME ZONE 'UTC'`));

async function prepareSession(client: pg.ClientBase, statementTimeoutMs: number): Promise<void> {
  // In statements, not in the start-up packet: poolers in between refuse settings there.
  await client.query(
    `SET TIME ZONE 'UTC'; SET jit = off; SET random_page_cost = ${RANDOM_PAGE_COST}; SET statement_timeout = ${statementTimeoutMs};` +
      ` SET idle_in_transaction_session_timeout = ${statementTimeoutMs}`,
  );
}

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid, format),
};

const queryOf =
  (pool: pg.Pool, nameOf: ReturnType<typeof createStatementNames>): Query =>
  async <Row>({ text, values }: Statement) => {
    const name = nameOf({ sql: text, args: values });
    const { rows } = await pool.query({ name, text, values: [...values], types });
    return rows as Row[];
  };

function assemble(pool: pg.Pool, link: Link, options: PostgresOptions): Database {
  const { url, log, poolSize = 10 } = options;
  // One for both ways into the pool, so that neither gives out a name that the other has given.
  const nameOf = createStatementNames();
  const adapter = new PrismaPg(pool, {
    // Undefined leaves a statement unnamed, which the type does not tell.
    statementNameGenerator: nameOf as (query: { sql: string }) => string,
    onConnectionError: (error) => log.warn({ err: error }, 'lost a database connection in use'),
  });
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal' });
  const leadership = createLeadership(link, log);
  let closing: Promise<void> | null = null;
  return {
    kind: 'postgres',
    prisma,
    query: queryOf(pool, nameOf),
    signals: createSharedSignals(link, log),
    leadership,
    boss: () => {
      const pool = {
        connectionString: url,
        max: Math.max(2, Math.ceil(poolSize / 3)),
        application_name: 'holdpoint jobs',
        // Not among pg-boss' own options: it hands all of them to its pool.
        Client: PooledClient,
      };
      return pool;
    },
    close: () => (closing ??= closeAll(prisma, leadership, link, pool)),
  };
}

async function closeAll(
  prisma: PrismaClient,
  leadership: SharedLeadership,
  link: Link,
  pool: pg.Pool,
): Promise<void> {
  leadership.stop();
  await prisma.$disconnect();
  await link.close();
  await pool.end();
}
