import { retrying, transact } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { hashSecret } from '../identity/secret.ts';
import type { Viewer } from '../identity/viewer.ts';
import type { Clock } from '../kernel/clock.ts';
import { RequestError } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { openSession, type Whose } from './open-session.ts';
import { isPerson, NO_PERSON } from './rules.ts';

export interface SignInDeps {
  database: { prisma: PrismaClient };
  clock: Clock;
  log: Log;
  authenticate: (authorization: string | null) => Promise<Viewer>;
}

/** Opens a session for a person's API key; returns its secret. Throws RequestError UNAUTHENTICATED, or FORBIDDEN for an agent's. */
export async function signInWithKey(deps: SignInDeps, apiKey: string): Promise<string> {
  const viewer = await deps.authenticate(`Bearer ${apiKey}`);
  const { credentialId } = viewer;
  // An issuer's token would be good for minutes, the session for days.
  if (!credentialId.startsWith('key_')) throw new RequestError('UNAUTHENTICATED', 'That is no API key.');
  if (!isPerson(viewer)) throw new RequestError('FORBIDDEN', NO_PERSON.key);
  return open(deps, { apiKeyId: credentialId }, 'key');
}

/** Opens a session for a person of the issuer, who has been verified. */
export const signInWithIssuer = (deps: SignInDeps, userId: string): Promise<string> =>
  open(deps, { userId }, 'issuer');

async function open(deps: SignInDeps, whose: Whose, by: string): Promise<string> {
  const secret = await retrying('sign in', () => openSession(deps.database.prisma, whose, deps.clock.now()));
  deps.log.info({ ...whose, by }, 'signed in');
  return secret;
}

/**
 * Uses a one-time link (behaviour 2.11). Used twice at once, it is the row's update that one of them wins. Throws
 * RequestError UNAUTHENTICATED, which says the same of a link that is used, voided, too old or made up.
 */
export async function signInWithLink(deps: SignInDeps, token: string): Promise<string> {
  const now = deps.clock.now();
  const opened = await transact(deps.database, 'use a sign-in link', async (tx) => {
    const [used] = await tx.signInLink.updateManyAndReturn({
      where: { hash: hashSecret(token), usedAt: null, expiresAt: { gt: now }, apiKey: { revokedAt: null } },
      data: { usedAt: now },
      select: { apiKeyId: true },
    });
    return used && { ...used, secret: await openSession(tx, used, now) };
  });
  if (opened === undefined)
    throw new RequestError(
      'UNAUTHENTICATED',
      'The link is no longer good: it works once, within 15 minutes, and until the next one is made.',
    );
  deps.log.info({ apiKeyId: opened.apiKeyId, by: 'link' }, 'signed in');
  return opened.secret;
}
