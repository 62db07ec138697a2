import type { Database } from '../database/open.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';

/** Milliseconds between two passes. */
const EVERY = 60_000;
/** Rows that one statement deletes, so that it locks few at a time. */
const BATCH = 5_000;

interface Deps {
  database: Pick<Database, 'prisma' | 'leadership'>;
  clock: Clock;
  log: Log;
}

/**
 * Deletes idempotency keys past their time (behaviour 2.8); answers with how many. They mean nothing any more by then:
 * this only gives back their room.
 */
export async function forgetKeys({ database: { prisma }, clock }: Pick<Deps, 'database' | 'clock'>): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const count = await prisma.$executeRaw`
      DELETE FROM idempotency_keys WHERE (credential_id, mutation, key) IN (
        SELECT credential_id, mutation, key FROM idempotency_keys WHERE expires_at <= ${clock.now()}::timestamptz
        ORDER BY expires_at LIMIT ${BATCH})`;
    forgotten += count;
    if (count < BATCH) return forgotten;
  }
}

/** Does so once a minute, in the process that leads. */
export function createForgetting({ database, clock, log }: Deps): { start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | null = null;
  const pass = () => {
    if (running !== null || !database.leadership.isLeader()) return;
    running = forgetKeys({ database, clock })
      .catch((error: unknown) => log.warn({ err: error }, 'forgetting idempotency keys failed; the next pass tries again'))
      .finally(() => (running = null));
  };
  return {
    start() {
      timer = setInterval(pass, EVERY);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
