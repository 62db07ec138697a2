import { transact } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { SlackUser } from '../generated/prisma/client.ts';
import type { KeyDeps } from '../identity/create-key.ts';
import { authorize } from '../identity/permissions.ts';
import type { Viewer } from '../identity/viewer.ts';
import { refuse } from '../kernel/errors.ts';
import { isSeen } from './scope.ts';

/** From the commit on the Slack user's clicks count for nothing there. Throws RequestError FORBIDDEN, DomainError NOT_FOUND. */
export async function unlinkSlackUser(deps: KeyDeps, viewer: Viewer, id: string): Promise<SlackUser> {
  authorize(viewer, 'key.manage');
  const unlinked = await transact(deps.database, 'unlink a Slack user', async (tx) => {
    const found = await tx.slackUser.findUnique({ where: { id } });
    if (found === null || !isSeen(viewer, found)) throw refuse('NOT_FOUND', 'there is no such link', ['id']);
    const { count } = await tx.slackUser.deleteMany({ where: { id } });
    // Somebody else has just done it.
    if (count === 0) throw refuse('NOT_FOUND', 'there is no such link', ['id']);
    const { slackTeamId, slackUserId, apiKeyId, scope } = found;
    await appendEvents(tx, deps.ids, [
      {
        type: 'slack_user_unlinked',
        projectId: scope === '*' ? null : scope,
        teamId: null,
        sessionId: null,
        subjectId: id,
        actor: viewer.actor,
        data: { slackTeamId, slackUserId, apiKeyId },
        occurredAt: deps.clock.now(),
      },
    ]);
    return found;
  });
  deps.committed();
  return unlinked;
}
