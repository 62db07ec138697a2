import type { Sweep } from '../clock/sweep.ts';
import { retrying } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import { KEPT } from './rules.ts';

/** Ended, or taken away, in one statement. */
const AT_ONCE = 1_000;
/** Seconds between two looks: how much longer the sockets of a session stay open that nobody uses. */
const EVERY = 60;

/** Ends sessions that were not used for long, and their sockets; takes away what ended a day ago, and old links. */
export function createSignInSweep(deps: {
  prisma: PrismaClient;
  clock: Clock;
  ended: (hash: string) => void;
}): Sweep {
  const { prisma, clock } = deps;
  let lookAt = clock.now();
  return {
    name: 'browser sessions',
    async run(now) {
      if (now < lookAt) return { again: false, next: lookAt };
      const ended = await endExpired(prisma, now);
      for (const { hash } of ended) deps.ended(hash);
      const taken = await takeAway(prisma, addSeconds(now, -KEPT));
      if (ended.length === AT_ONCE || taken >= AT_ONCE) return { again: true, next: null };
      lookAt = addSeconds(now, EVERY);
      return { again: false, next: lookAt };
    },
  };
}

const endExpired = (prisma: PrismaClient, now: Date): Promise<{ hash: string }[]> =>
  retrying(
    'end browser sessions',
    () => prisma.$queryRaw<{ hash: string }[]>`
    UPDATE browser_sessions SET ended_at = ${now}::timestamptz WHERE ended_at IS NULL AND hash IN (
      SELECT hash FROM browser_sessions WHERE ended_at IS NULL AND expires_at <= ${now}::timestamptz
      ORDER BY expires_at LIMIT ${AT_ONCE}) AND expires_at <= ${now}::timestamptz
    RETURNING hash`,
  );

const takeAway = (prisma: PrismaClient, before: Date): Promise<number> =>
  retrying('take away browser sessions', async () => {
    const sessions = await prisma.$executeRaw`
      DELETE FROM browser_sessions WHERE hash IN (
        SELECT hash FROM browser_sessions WHERE ended_at < ${before}::timestamptz ORDER BY ended_at LIMIT ${AT_ONCE})`;
    await prisma.$executeRaw`DELETE FROM sign_in_links WHERE expires_at < ${before}::timestamptz`;
    return sessions;
  });
