import type { Sweep } from '../clock/sweep.ts';
import { retrying } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';

/** Days that a delivery is kept once it is over. One that was given up is kept until it is delivered again. */
export const KEPT_DAYS = 90;
const DAY_SECONDS = 24 * 60 * 60;
/** Taken away in one statement. */
export const AT_ONCE = 1_000;
/** Seconds between two looks. */
const EVERY = 600;

/** Takes away deliveries that were over long ago; notification_deliveries_over_idx serves it. */
export function createPruning({ prisma, clock }: { prisma: PrismaClient; clock: Clock }): Sweep {
  let lookAt = clock.now();
  return {
    name: 'old notifications',
    async run(now) {
      if (now < lookAt) return { again: false, next: lookAt };
      const pruned = await prune(prisma, now);
      if (pruned === AT_ONCE) return { again: true, next: null };
      lookAt = addSeconds(now, EVERY);
      return { again: false, next: lookAt };
    },
  };
}

/** The oldest of them; one that was delivered again lately is not old. */
const prune = (prisma: PrismaClient, now: Date): Promise<number> => {
  const before = addSeconds(now, -KEPT_DAYS * DAY_SECONDS);
  return retrying(
    'prune notifications',
    () => prisma.$executeRaw`
    DELETE FROM notification_deliveries WHERE id IN (
      SELECT id FROM notification_deliveries
      WHERE status IN ('DELIVERED', 'CANCELLED') AND created_at < ${before}::timestamptz
        AND COALESCE(delivered_at, created_at) < ${before}::timestamptz
      ORDER BY created_at LIMIT ${AT_ONCE})`,
  );
};
