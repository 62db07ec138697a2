import type { Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { ApiKey, SlackUser } from '../generated/prisma/client.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { remembering } from '../idempotency/remember.ts';
import type { KeyDeps } from '../identity/create-key.ts';
import { authorize } from '../identity/permissions.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';

export interface LinkInput {
  /** The workspace, T… or E…. */
  slackTeamId: string;
  slackUserId: string;
  apiKeyId: string;
  idempotencyKey?: string | null;
}

const TEAM = /^[TE][A-Z0-9]{2,20}$/;
const USER = /^[UW][A-Z0-9]{2,20}$/;

/**
 * Lets a Slack user's clicks count as a person's, by an API key of theirs: its role, its project and its end are what they
 * have (behaviour 8.7). In each project, and for keys of every one, a Slack user has one key: linking another takes its
 * place. Throws RequestError FORBIDDEN, DomainError INVALID_INPUT, NOT_FOUND (the key), INVALID_STATE (it is revoked or
 * has expired).
 */
export async function linkSlackUser(deps: KeyDeps, viewer: Viewer, input: LinkInput): Promise<SlackUser> {
  authorize(viewer, 'key.manage');
  const faults = new Faults();
  if (!TEAM.test(input.slackTeamId))
    faults.add(['slackTeamId'], 'slackTeamId must be the id of a workspace, such as T0123456789');
  if (!USER.test(input.slackUserId))
    faults.add(['slackUserId'], 'slackUserId must be the id of a member, such as U0123456789');
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const idempotency = idempotencyOf(viewer.credentialId, 'linkSlackUser', input);
  const { reply } = await remembering(deps, 'link a Slack user', idempotency, async (tx) => {
    const key = await keyOf(tx, deps, viewer, input.apiKeyId);
    return { id: (await write(tx, deps, viewer, input, key)).id };
  });
  deps.committed();
  const linked = await deps.database.prisma.slackUser.findUnique({ where: { id: reply.id } });
  // Only a repeat, long after it, finds it gone.
  if (linked === null) throw refuse('INVALID_STATE', 'this link was made, and has been taken away since');
  return linked;
}

async function keyOf(tx: Tx, { clock }: KeyDeps, viewer: Viewer, id: string): Promise<ApiKey> {
  const key = await tx.apiKey.findUnique({ where: { id } });
  if (key === null || !inScope(viewer, key.projectId))
    throw refuse('NOT_FOUND', 'There is no such API key.', ['apiKeyId']);
  if (key.role === 'AGENT')
    throw refuse('INVALID_INPUT', "apiKeyId must be a person's key: an AGENT answers nothing", ['apiKeyId']);
  if (key.revokedAt !== null) throw refuse('INVALID_STATE', 'this API key was revoked', ['apiKeyId']);
  if (key.expiresAt !== null && key.expiresAt <= clock.now())
    throw refuse('INVALID_STATE', 'this API key has expired', ['apiKeyId']);
  return key;
}

async function write(
  tx: Tx,
  { clock, ids }: KeyDeps,
  { actor }: Viewer,
  { slackTeamId, slackUserId }: LinkInput,
  key: ApiKey,
): Promise<SlackUser> {
  const place = { slackTeamId, slackUserId, scope: key.projectId ?? '*' };
  const now = clock.now();
  const said = { apiKeyId: key.id, linkedBy: actor };
  // Two at once: one inserts, the other finds the row.
  const { count } = await tx.slackUser.createMany({
    data: [{ id: ids.next('slackuser'), ...place, ...said, createdAt: now }],
    skipDuplicates: true,
  });
  const where = { slackTeamId_slackUserId_scope: place };
  const before = await tx.slackUser.findUniqueOrThrow({ where });
  if (count === 0 && before.apiKeyId === key.id) return before;
  const linked = count === 1 ? before : await tx.slackUser.update({ where, data: said });
  await appendEvents(tx, ids, [
    {
      type: 'slack_user_linked',
      projectId: key.projectId,
      teamId: null,
      sessionId: null,
      subjectId: linked.id,
      actor,
      data: {
        slackTeamId,
        slackUserId,
        apiKeyId: key.id,
        previousApiKeyId: count === 1 ? null : before.apiKeyId,
      },
      occurredAt: now,
    },
  ]);
  return linked;
}
