import type { PrismaClient } from '../generated/prisma/client.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';

/** Seconds between two looks: how long a lost signal can delay the end of a revoked key's socket. */
const EVERY = 10;
/** Seconds looked back beyond the last look: replicas' clocks differ, and a revocation commits after it is timed. */
const OVERLAP = 60;

/**
 * The guarantee behind the signals: finds keys revoked by other replicas whose signal was lost. `announce` hears of a
 * key once, unless it was told before by `known`.
 */
export function watchRevocations(deps: {
  prisma: PrismaClient;
  clock: Clock;
  log: Log;
  announce: (keyId: string) => void;
}): { known(keyId: string): void; look(): Promise<void>; close(): Promise<void> } {
  const { prisma, clock, log, announce } = deps;
  let since = clock.now();
  let told = new Set<string>();
  let closed = false;
  let looking: Promise<void> = Promise.resolve();
  let cancel = schedule();

  function schedule(): () => void {
    return clock.at(addSeconds(clock.now(), EVERY), () => {
      void look().then(() => {
        if (!closed) cancel = schedule();
      });
    });
  }

  async function find(): Promise<void> {
    const before = new Set(told);
    const now = clock.now();
    try {
      const where = { revokedAt: { gte: addSeconds(since, -OVERLAP) } };
      const revoked = await prisma.apiKey.findMany({ where, select: { id: true } });
      if (closed) return;
      const fresh = revoked.filter(({ id }) => !told.has(id));
      // Only what the next look can meet again needs remembering, and what was told meanwhile.
      told = new Set([...revoked.map(({ id }) => id), ...[...told].filter((id) => !before.has(id))]);
      since = now;
      for (const { id } of fresh) announce(id);
    } catch (error) {
      log.warn({ err: error }, 'revoked keys could not be looked up; the next look tries again');
    }
  }

  function look(): Promise<void> {
    looking = looking.then(find);
    return looking;
  }

  return {
    known: (keyId) => void told.add(keyId),
    look,
    async close() {
      closed = true;
      cancel();
      await looking;
    },
  };
}
