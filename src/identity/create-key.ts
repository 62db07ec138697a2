import type { Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { ApiKey, PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import { Faults, MAX_NAME } from '../kernel/bounds.ts';
import { DomainError, refuse, type UserError } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { remembering } from '../idempotency/remember.ts';
import { authorize, type Role } from './permissions.ts';
import { hashSecret, makeSecret } from './secret.ts';
import { type Actor, inScope, type Viewer } from './viewer.ts';

export interface KeyDeps {
  database: { prisma: PrismaClient };
  clock: Clock;
  ids: Ids;
  /** Called after a commit that wrote events. */
  committed: () => void;
}

export interface NewApiKey {
  name: string;
  role: Role;
  /** Null or left out: every project. */
  projectId?: string | null;
  expiresAt?: Date | null;
  idempotencyKey?: string | null;
}

/** `secret` is shown this once: null where a repeated request is answered with the key that the first one made. */
export interface MadeApiKey {
  apiKey: ApiKey;
  secret: string | null;
}

/**
 * Makes an API key (behaviour 2.2, 2.5) and, for a human role, the person it stands for. Throws RequestError FORBIDDEN
 * for who may make none, DomainError INVALID_INPUT, NOT_FOUND (the project) or FORBIDDEN (every project, asked by one
 * who is bound to one).
 */
export async function createApiKey(deps: KeyDeps, viewer: Viewer, input: NewApiKey): Promise<MadeApiKey> {
  const idempotency = idempotencyOf(viewer.credentialId, 'createApiKey', input);
  let secret: string | null = null;
  const { reply, repeated } = await remembering(deps, 'create an API key', idempotency, async (tx) => {
    const made = await createApiKeyIn(tx, deps, viewer, input);
    secret = made.secret;
    return { id: made.apiKey.id };
  });
  if (repeated) return recallApiKey(deps.database.prisma, reply.id);
  deps.committed();
  return { apiKey: await deps.database.prisma.apiKey.findUniqueOrThrow({ where: { id: reply.id } }), secret };
}

/** The same inside the caller's transaction. */
async function createApiKeyIn(
  tx: Tx,
  deps: Pick<KeyDeps, 'clock' | 'ids'>,
  viewer: Viewer,
  input: NewApiKey,
): Promise<MadeApiKey> {
  authorize(viewer, 'key.manage');
  const faults = faultsOf(input, deps.clock.now());
  if (faults.length > 0) throw new DomainError(faults);
  const projectId = input.projectId ?? null;
  if (projectId === null && viewer.projectId !== null) {
    throw refuse('FORBIDDEN', 'Only an ADMIN of every project makes keys for every project.', ['projectId']);
  }
  const exists = projectId === null || (await tx.project.count({ where: { id: projectId } })) === 1;
  if (!exists || !inScope(viewer, projectId))
    throw refuse('NOT_FOUND', 'There is no such project.', ['projectId']);
  const secret = makeSecret();
  const { name, role, expiresAt = null } = input;
  const fields = {
    name: name.trim(),
    role,
    projectId,
    expiresAt,
    hash: hashSecret(secret),
    bootstrap: false,
  };
  return { apiKey: await insertKey(tx, deps, viewer.actor, fields), secret };
}

/**
 * What a repeat of `createApiKey` with one idempotency key answers: the key that was made, without the secret, of which
 * only a hash is kept (behaviour 2.8). `reply` for such a repeat to be remembered is the key's id alone.
 */
export async function recallApiKey(tx: Tx, apiKeyId: string): Promise<MadeApiKey & { message: string }> {
  const apiKey = await tx.apiKey.findUniqueOrThrow({ where: { id: apiKeyId } });
  return {
    apiKey,
    secret: null,
    message: 'This key was made by an earlier request; its secret was shown then, once.',
  };
}

/** Writes the key, its person (unless `userId` is given) and the event, which never holds the secret or its hash. */
export async function insertKey(
  tx: Tx,
  { clock, ids }: Pick<KeyDeps, 'clock' | 'ids'>,
  actor: Actor,
  fields: Pick<ApiKey, 'name' | 'role' | 'projectId' | 'expiresAt' | 'hash' | 'bootstrap'> & {
    userId?: string | null;
  },
): Promise<ApiKey> {
  const now = clock.now();
  const { name, role, projectId, expiresAt, hash, bootstrap } = fields;
  let userId = fields.userId ?? null;
  if (userId === null && role !== 'AGENT') {
    const user = { id: ids.next('user'), name, role, projectId, createdAt: now };
    userId = (await tx.user.create({ data: user })).id;
  }
  const apiKey = await tx.apiKey.create({
    data: { id: ids.next('key'), name, hash, role, projectId, userId, bootstrap, createdAt: now, expiresAt },
  });
  await appendEvents(tx, ids, [
    {
      type: 'api_key_created',
      projectId,
      teamId: null,
      sessionId: null,
      subjectId: apiKey.id,
      actor,
      data: { name, role, userId, expiresAt: expiresAt?.toISOString() ?? null, bootstrap },
      occurredAt: now,
    },
  ]);
  return apiKey;
}

function faultsOf({ name, expiresAt }: NewApiKey, now: Date): UserError[] {
  const faults = new Faults();
  faults.text(['name'], name, MAX_NAME, 1);
  if (expiresAt && expiresAt <= now) faults.add(['expiresAt'], 'expiresAt must lie in the future');
  return faults.errors;
}
