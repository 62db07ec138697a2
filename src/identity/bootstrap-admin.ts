import type { Signals } from '../database/signals.ts';
import { transact, type Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { ApiKey, PrismaClient } from '../generated/prisma/client.ts';
import { ConfigError } from '../config.ts';
import type { Log } from '../kernel/log.ts';
import { insertKey, type KeyDeps } from './create-key.ts';
import { endKey } from './revoke-key.ts';
import { hashSecret, makeSecret } from './secret.ts';
import { systemActor } from './viewer.ts';

export interface BootstrapDeps extends Omit<KeyDeps, 'committed'> {
  database: { prisma: PrismaClient; signals: Signals };
  log: Log;
}

/** Two replicas starting at once make one key: whoever comes second waits for this lock and finds the first one's. */
const LOCK = 0x686f6c64;

const ADMIN = { name: 'admin', role: 'ADMIN', projectId: null, expiresAt: null, bootstrap: true } as const;

/**
 * Sees to it that someone can administer (behaviour 1.1, 1.10); changes nothing when that is so already. Without a
 * configured key one is made where no good key of an ADMIN of every project is left: `madeKey`, to be printed this
 * once. A configured key takes the place of the bootstrap key before it, which is revoked. Throws ConfigError where
 * the configured key is somebody's ordinary key.
 */
export async function bootstrapAdmin(
  deps: BootstrapDeps,
  configuredKey: string | null,
): Promise<{ madeKey: string | null }> {
  const done = await transact(deps.database, 'bootstrap the admin', async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK}::bigint)`;
    if (configuredKey !== null) return { madeKey: null, replaced: await configure(tx, deps, configuredKey) };
    return { madeKey: await makeWhereNone(tx, deps), replaced: [] };
  });
  for (const key of done.replaced) deps.database.signals.send('keys', key.id);
  return { madeKey: done.madeKey };
}

async function makeWhereNone(tx: Tx, deps: BootstrapDeps): Promise<string | null> {
  const good = { OR: [{ expiresAt: null }, { expiresAt: { gt: deps.clock.now() } }] };
  const admins = await tx.apiKey.count({
    where: { role: 'ADMIN', projectId: null, revokedAt: null, ...good },
  });
  if (admins > 0) return null;
  const secret = makeSecret();
  await insertKey(tx, deps, systemActor, { ...ADMIN, hash: hashSecret(secret) });
  return secret;
}

/** Returns the keys whose place was taken. */
async function configure(tx: Tx, deps: BootstrapDeps, secret: string): Promise<ApiKey[]> {
  const hash = hashSecret(secret);
  const named = await tx.apiKey.findUnique({ where: { hash } });
  if (named !== null && !named.bootstrap) {
    if (named.revokedAt === null) {
      throw new ConfigError([
        { variable: 'ADMIN_API_KEY', message: `is the secret of an API key already (${named.id})` },
      ]);
    }
    // A start must not undo a person's revocation, nor fail for it: agents would be left without a control plane.
    deps.log.warn(
      { keyId: named.id },
      'ADMIN_API_KEY names a key that was revoked: it stays so; choose another',
    );
    return [];
  }
  const current = await tx.apiKey.findMany({
    where: { bootstrap: true, revokedAt: null, hash: { not: hash } },
  });
  for (const key of current) await endKey(tx, deps, systemActor, key, { bootstrap: true });
  if (named === null)
    await insertKey(tx, deps, systemActor, { ...ADMIN, hash, userId: current[0]?.userId ?? null });
  else if (named.revokedAt !== null) await restore(tx, deps, named);
  return current;
}

/** An earlier ADMIN_API_KEY that only its successor had pushed aside is configured again: a deployment rolled back. */
async function restore(tx: Tx, { clock, ids }: BootstrapDeps, key: ApiKey): Promise<void> {
  await tx.apiKey.update({ where: { id: key.id }, data: { revokedAt: null } });
  await appendEvents(tx, ids, [
    {
      type: 'api_key_created',
      projectId: null,
      teamId: null,
      sessionId: null,
      subjectId: key.id,
      actor: systemActor,
      data: {
        name: key.name,
        role: key.role,
        userId: key.userId,
        expiresAt: null,
        bootstrap: true,
        restored: true,
      },
      occurredAt: clock.now(),
    },
  ]);
}
