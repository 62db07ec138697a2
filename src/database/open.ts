import type { ConstructorOptions } from 'pg-boss';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { openEmbedded } from './embedded.ts';
import type { Leadership } from './leadership.ts';
import { openPostgres } from './postgres.ts';
import type { Query } from './query.ts';
import type { Signals } from './signals.ts';

export interface DatabaseOptions {
  /** A PostgreSQL server, or null for the embedded database. */
  url: string | null;
  /** Where the embedded database keeps its files; `memory://` keeps nothing. Not used with a server. */
  dataDirectory: string;
  clock: Clock;
  log: Log;
  /** Connections to the server for queries, 10 when left out; three more are taken for jobs and one to listen. */
  poolSize?: number;
  /** After which the server ends a statement, or a transaction that does nothing; 30,000 when left out. */
  statementTimeoutMs?: number;
  /** The folder of migrations, the product's own when left out. */
  migrations?: string;
  /**
   * Called once before anything is changed, the data folder taken where there is one; where it throws, nothing is opened.
   * `isNew`: the embedded database is yet to be made, which takes a while.
   */
  beforeMigrations?: (opening: { isNew: boolean }) => Promise<void>;
}

/** The one door to the stored state, migrated and ready. */
export interface Database {
  kind: 'embedded' | 'postgres';
  prisma: PrismaClient;
  /** Past Prisma, for the statements that every request takes. */
  query: Query;
  signals: Signals;
  leadership: Leadership;
  /** Where transactions are recorded; left out: nowhere. Set once, before anything is asked of it. */
  tracing?: Tracing;
  /** What pg-boss' constructor needs to run on this database. */
  boss(): ConstructorOptions;
  /** Ends everything above; pg-boss must have been stopped. Calling it again waits for the same end. */
  close(): Promise<void>;
}

/** Takes the data folder or connects to the server, and brings the schema up to date. */
export function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url } = options;
  return url === null ? openEmbedded(options) : openPostgres({ ...options, url });
}
