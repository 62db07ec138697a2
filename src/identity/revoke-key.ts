import type { Signals } from '../database/signals.ts';
import { transact, type Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { ApiKey, PrismaClient } from '../generated/prisma/client.ts';
import { refuse } from '../kernel/errors.ts';
import type { KeyDeps } from './create-key.ts';
import { authorize } from './permissions.ts';
import { type Actor, inScope, type Viewer } from './viewer.ts';

export interface RevokeDeps extends KeyDeps {
  database: { prisma: PrismaClient; signals: Signals };
  /** The authenticator's: ends what this process remembers of the key, and its sockets. */
  forget: (keyId: string) => void;
}

/**
 * Ends an API key for good, on every replica; revoking it again answers it as it is. Throws RequestError FORBIDDEN for
 * who may revoke none, DomainError NOT_FOUND.
 */
export async function revokeApiKey(deps: RevokeDeps, viewer: Viewer, id: string): Promise<ApiKey> {
  authorize(viewer, 'key.manage');
  const { apiKey, changed } = await transact(deps.database, 'revoke an API key', async (tx) => {
    const key = await tx.apiKey.findUnique({ where: { id } });
    if (key === null || !inScope(viewer, key.projectId))
      throw refuse('NOT_FOUND', 'There is no such API key.', ['id']);
    // A person's decision stands: no later start brings the key back, whatever ADMIN_API_KEY says.
    const changed = await endKey(tx, deps, viewer.actor, key, { bootstrap: false });
    return { apiKey: await tx.apiKey.findUniqueOrThrow({ where: { id } }), changed };
  });
  if (changed) {
    deps.committed();
    deps.forget(id);
    deps.database.signals.send('keys', id);
  }
  return apiKey;
}

/** Revokes in the caller's transaction, with the event. False where it had been revoked already: nothing changed. */
export async function endKey(
  tx: Tx,
  { clock, ids }: Pick<KeyDeps, 'clock' | 'ids'>,
  actor: Actor,
  key: ApiKey,
  { bootstrap }: Pick<ApiKey, 'bootstrap'>,
): Promise<boolean> {
  const now = clock.now();
  const { count } = await tx.apiKey.updateMany({
    where: { id: key.id, revokedAt: null },
    data: { revokedAt: now, bootstrap },
  });
  if (count === 0) return false;
  await appendEvents(tx, ids, [
    {
      type: 'api_key_revoked',
      projectId: key.projectId,
      teamId: null,
      sessionId: null,
      subjectId: key.id,
      actor,
      data: { name: key.name, role: key.role },
      occurredAt: now,
    },
  ]);
  return true;
}
