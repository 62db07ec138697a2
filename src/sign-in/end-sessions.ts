import type { Signals } from '../database/signals.ts';
import { retrying, type Tx } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { hashSecret } from '../identity/secret.ts';
import type { Clock } from '../kernel/clock.ts';

export interface EndDeps {
  database: { prisma: PrismaClient; signals: Signals };
  clock: Clock;
  /** The authenticator's: ends what this process remembers of the session, and its sockets. */
  forget: (hash: string) => void;
}

/** The channel on which replicas hear of ended sessions, by hash. */
export const ENDED = 'browser-sessions';

/** Ends the session of this cookie's secret, on every replica. False where it had ended, or there is none. */
export const endSession = (deps: EndDeps, secret: string): Promise<boolean> =>
  endSessionOf(deps, hashSecret(secret));

/** The same, of the session with this hash. */
export async function endSessionOf(deps: EndDeps, hash: string): Promise<boolean> {
  const { count } = await retrying('end a browser session', () =>
    deps.database.prisma.browserSession.updateMany({
      where: { hash, endedAt: null },
      data: { endedAt: deps.clock.now() },
    }),
  );
  if (count > 0) tellOfEnd(deps, hash);
  return count > 0;
}

/** Ends a person's sessions in the caller's transaction; their hashes are for `tellOfEnd`, once it has committed. */
export async function endSessionsOf(tx: Tx, userId: string, now: Date): Promise<string[]> {
  const ended = await tx.browserSession.updateManyAndReturn({
    where: { userId, endedAt: null },
    data: { endedAt: now },
    select: { hash: true },
  });
  return ended.map(({ hash }) => hash);
}

export function tellOfEnd(
  { database, forget }: { database: { signals: Signals }; forget: (hash: string) => void },
  hash: string,
): void {
  forget(hash);
  database.signals.send(ENDED, hash);
}
