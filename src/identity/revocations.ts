import type { PrismaClient } from '../generated/prisma/client.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';

/** Seconds between two looks: how long a lost signal can delay the end of what was opened with it. */
const EVERY = 10;
/** Seconds looked back beyond the last look: replicas' clocks differ, and a revocation commits after it is timed. */
const OVERLAP = 60;

/**
 * The guarantee behind the signals: finds keys and browser sessions that other replicas ended and whose signal was lost.
 * `ended` reads what has ended since; `announce` hears of each once, unless it was told before by `known`.
 */
export function watchRevocations(deps: {
  ended: (since: Date) => Promise<string[]>;
  clock: Clock;
  log: Log;
  announce: (id: string) => void;
}): { known(id: string): void; look(): Promise<void>; close(): Promise<void> } {
  const { ended, clock, log, announce } = deps;
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
      const found = await ended(addSeconds(since, -OVERLAP));
      if (closed) return;
      const fresh = found.filter((id) => !told.has(id));
      // Only what the next look can meet again needs remembering, and what was told meanwhile.
      told = new Set([...found, ...[...told].filter((id) => !before.has(id))]);
      since = now;
      for (const id of fresh) announce(id);
    } catch (error) {
      log.warn({ err: error }, 'revoked credentials could not be looked up; the next look tries again');
    }
  }

  function look(): Promise<void> {
    looking = looking.then(find);
    return looking;
  }

  return {
    known: (id) => void told.add(id),
    look,
    async close() {
      closed = true;
      cancel();
      await looking;
    },
  };
}

/** Keys revoked and browser sessions ended since then: ids of keys, hashes of sessions. */
export async function endedSince(prisma: PrismaClient, since: Date): Promise<string[]> {
  const [keys, sessions] = await Promise.all([
    prisma.apiKey.findMany({ where: { revokedAt: { gte: since } }, select: { id: true } }),
    prisma.browserSession.findMany({ where: { endedAt: { gte: since } }, select: { hash: true } }),
  ]);
  return [...keys.map(({ id }) => id), ...sessions.map(({ hash }) => hash)];
}
