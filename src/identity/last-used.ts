import { retrying } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { Recent } from './recent.ts';

/** Seconds that uses gather for, so that many keys are written in one statement. */
const GATHER = 5;
const MINUTE = 60_000;

export interface LastUsed {
  /** Costs no query; the row follows within seconds, at most once a minute for each key. */
  touch(keyId: string): void;
  /** Writes what is waiting. */
  close(): Promise<void>;
}

/** Keeps `lastUsedAt` roughly right, off the path of the requests. */
export function createLastUsed(deps: { prisma: PrismaClient; clock: Clock; log: Log }): LastUsed {
  const { prisma, clock, log } = deps;
  const noted = new Recent<number>(10_000);
  let waiting = new Map<string, Date>();
  let cancel: (() => void) | null = null;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    cancel = null;
    if (waiting.size === 0) return;
    const uses = [...waiting].map(([id, at]) => ({ id, at }));
    waiting = new Map();
    try {
      await retrying(
        'note the use of keys',
        () => prisma.$executeRaw`
          UPDATE api_keys SET last_used_at = used.at
          FROM jsonb_to_recordset(${JSON.stringify(uses)}::jsonb) AS used(id text, at timestamptz)
          WHERE api_keys.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)`,
      );
    } catch (error) {
      // Its next use is noted a minute later; nothing depends on this one.
      log.warn({ err: error }, 'the last use of some keys was not noted');
    }
  }

  return {
    touch(keyId) {
      const now = clock.now();
      const minute = Math.floor(now.getTime() / MINUTE);
      if (noted.get(keyId) === minute) return;
      noted.set(keyId, minute);
      waiting.set(keyId, now);
      cancel ??= clock.at(addSeconds(now, GATHER), () => {
        writing = write();
      });
    },
    async close() {
      cancel?.();
      await writing;
      await write();
    },
  };
}
