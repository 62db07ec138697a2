import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { IDLE } from '../sign-in/rules.ts';
import { createLastUsed } from './last-used.ts';
import type { Viewer } from './viewer.ts';

/** Notes that keys and browser sessions were used; a session then goes on for as long as one may lie unused. */
export function createUses(deps: { prisma: PrismaClient; clock: Clock; log: Log }): {
  note(viewer: Viewer): void;
  /** Writes what is waiting. */
  close(): Promise<void>;
} {
  const { prisma } = deps;
  const keys = createLastUsed({
    ...deps,
    of: 'keys',
    write: (uses) => prisma.$executeRaw`
      UPDATE api_keys SET last_used_at = used.at
      FROM jsonb_to_recordset(${uses}::jsonb) AS used(id text, at timestamptz)
      WHERE api_keys.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)`,
  });
  const sessions = createLastUsed({
    ...deps,
    of: 'browser sessions',
    // What the sweep has ended meanwhile stays ended.
    write: (uses) => prisma.$executeRaw`
      UPDATE browser_sessions
      SET last_used_at = used.at, expires_at = LEAST(ends_at, used.at + ${IDLE}::int * interval '1 second')
      FROM jsonb_to_recordset(${uses}::jsonb) AS used(id text, at timestamptz)
      WHERE browser_sessions.hash = used.id AND ended_at IS NULL AND last_used_at < used.at`,
  });
  return {
    note({ credentialId, browserSession }) {
      if (credentialId.startsWith('key_')) keys.touch(credentialId);
      if (browserSession !== undefined) sessions.touch(browserSession);
    },
    async close() {
      await Promise.all([keys.close(), sessions.close()]);
    },
  };
}
