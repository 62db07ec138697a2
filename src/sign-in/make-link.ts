import { transact } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { hashSecret, makeSecret } from '../identity/secret.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import { LINK } from './rules.ts';

/**
 * Makes a link that signs in once, with the bootstrap admin's key (behaviour 2.11), and voids those before it that nobody
 * has used. Its token is returned, and only the hash kept; null where that key was revoked, or there never was one.
 */
export async function makeSignInLink(deps: {
  database: { prisma: PrismaClient };
  clock: Clock;
}): Promise<string | null> {
  const now = deps.clock.now();
  const token = makeSecret('hpl');
  const made = await transact(deps.database, 'make a sign-in link', async (tx) => {
    const key = await tx.apiKey.findFirst({
      where: { bootstrap: true, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
      orderBy: { createdAt: 'desc' },
    });
    await tx.signInLink.deleteMany({ where: { usedAt: null } });
    if (key === null) return false;
    const expiresAt = addSeconds(now, LINK);
    await tx.signInLink.create({
      data: { hash: hashSecret(token), apiKeyId: key.id, createdAt: now, expiresAt },
    });
    return true;
  });
  return made ? token : null;
}

/** The token stands behind the #, which a browser sends to nobody: it is in no log, and in no Referer. */
export const addressOfLink = (publicUrl: string, token: string): string => `${publicUrl}/sign-in#${token}`;
