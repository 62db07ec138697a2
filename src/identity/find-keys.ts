import type { ApiKey, PrismaClient } from '../generated/prisma/client.ts';
import type { RequestErrorCode } from '../kernel/errors.ts';
import { Lane } from '../kernel/lane.ts';
import type { Viewer } from './viewer.ts';

/** What a credential turned out to be: someone, or the reason why it is nobody. */
export type Outcome =
  | { viewer: Viewer; refusal: null }
  | { viewer: null; refusal: { code: RequestErrorCode; message: string } };

export type KeyWithOwner = ApiKey & { user: { name: string } | null };

/** What is read with a key, so that it can be told whom it stands for. */
export const withOwner = { user: { select: { name: true } } } as const;

/**
 * Finds keys by hash, all that are waiting in one query and one query at a time: a flood of unknown keys takes one
 * connection, however large it is.
 */
export function createKeyFinder(prisma: PrismaClient): (hash: string) => Promise<Outcome> {
  const lane = new Lane<string, Outcome>(async (hashes) => {
    const keys = await prisma.apiKey.findMany({
      where: { hash: { in: [...new Set(hashes)] } },
      include: withOwner,
    });
    const byHash = new Map(keys.map((key) => [key.hash, key]));
    return hashes.map((hash) => ({ status: 'fulfilled', value: outcomeOf(byHash.get(hash)) }));
  });
  return (hash) => lane.submit(hash);
}

export function outcomeOf(key: KeyWithOwner | undefined): Outcome {
  if (key === undefined) return refusal('The API key is not known.');
  if (key.revokedAt !== null) return refusal('The API key was revoked.');
  return { viewer: viewerOf(key), refusal: null };
}

export const refusal = (message: string, code: RequestErrorCode = 'UNAUTHENTICATED'): Outcome => ({
  viewer: null,
  refusal: { code, message },
});

/** An AGENT's key acts as itself; a human role's as the person it was made with (behaviour 2.5). */
export function viewerOf(key: KeyWithOwner): Viewer {
  const { id, name, role, projectId, userId, user, expiresAt } = key;
  const actor: Viewer['actor'] =
    role === 'AGENT' || userId === null || user === null
      ? { kind: 'AGENT', id, name, role: 'AGENT' }
      : { kind: 'USER', id: userId, name: user.name, role };
  // A human role without its person would act as nobody: it is then no more than an agent.
  return { actor, role: actor.kind === 'AGENT' ? 'AGENT' : role, projectId, credentialId: id, expiresAt };
}
