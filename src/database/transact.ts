import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Prisma, PrismaClient } from '../generated/prisma/client.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { isContention } from './faults.ts';

/** What queries are sent through: the client, or the transaction that is open. */
export type Tx = Prisma.TransactionClient;

/** The part of it that statements written by hand are sent through. */
export type RawTx = Pick<Tx, '$queryRawUnsafe' | '$executeRawUnsafe'>;

/** Every attempt met contention; nothing was changed. `cause` is the last attempt's error. */
export class ContentionError extends Error {
  override name = 'ContentionError';
}

const ATTEMPTS = 6;
/** Milliseconds: the longest wait before the second attempt, doubled for each one after it. */
const FIRST_WAIT = 8;
/** Milliseconds until the work must have a connection, and until it must be done. */
export const LIMITS = { maxWait: 5_000, timeout: 10_000 };
/** The same for what must be done however much it is, and whoever waits: a stop that took too long would not be one. */
export const LONGEST = { maxWait: 30_000, timeout: 120_000 };

/**
 * Runs `work` in one transaction, again (at most six times) where it met contention: it must have no effect but through
 * `tx`, and must await nothing foreign, for on the embedded database everyone else waits meanwhile. An error thrown
 * inside rolls back; a failed statement must not be caught and survived, for PostgreSQL then commits nothing and
 * says nothing. `name` is what errors call it.
 */
export function transact<T>(
  { prisma, tracing }: { prisma: PrismaClient; tracing?: Tracing },
  name: string,
  work: (tx: Tx) => Promise<T>,
  limits = LIMITS,
): Promise<T> {
  const run = () => retrying(name, () => prisma.$transaction(work, limits));
  if (tracing === undefined) return run();
  const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': 'transaction' };
  return tracing.part({ name, kind: 'client', attributes }, run);
}

/** Runs a single statement (or anything that leaves nothing behind when it fails) again where it met contention. */
export async function retrying<T>(name: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isContention(error)) throw error;
      if (attempt === ATTEMPTS) {
        throw new ContentionError(`${name} met contention ${ATTEMPTS} times and gave up`, { cause: error });
      }
      await delay(randomInt(1, FIRST_WAIT * 2 ** (attempt - 1) + 1));
    }
  }
}
