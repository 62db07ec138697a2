import { transact } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { NotificationDelivery, PrismaClient } from '../generated/prisma/client.ts';
import { narrowed, takenFrom } from '../identity/team-roles.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import type { Clock } from '../kernel/clock.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Configuration } from '../supervision/configuration-schema.ts';
import { authorizationOf, inForce } from '../supervision/in-force.ts';
import { channelsOf } from './settings.ts';

export interface RedeliverDeps {
  database: { prisma: PrismaClient };
  clock: Clock;
  ids: Ids;
  committed: () => void;
}

/**
 * Tries one that was given up again, from its first attempt, under its old id. It goes to the channel that its team's
 * configuration in force has at the same place, where that is of the same kind: what was at fault may have been mended
 * there. Refusals: NOT_FOUND, INVALID_STATE (it was not given up).
 */
export async function redeliverNotification(
  deps: RedeliverDeps,
  viewer: Viewer,
  id: string,
): Promise<NotificationDelivery> {
  const delivery = await transact(deps.database, 'redeliver a notification', async (tx) => {
    const found = await tx.notificationDelivery.findUnique({ where: { id } });
    if (found === null || !inScope(viewer, found.projectId))
      throw refuse('NOT_FOUND', 'there is no such delivery', ['id']);
    const { projectId, teamId, place, channel, name, subjectId } = found;
    const newest = await tx.supervisionConfiguration.findFirst({
      where: { teamId },
      orderBy: { version: 'desc' },
    });
    const holding = inForce((newest?.configuration ?? null) as Configuration | null);
    const taken = takenFrom(narrowed(viewer, authorizationOf(holding)), 'notification.redeliver');
    if (taken !== null) throw new DomainError([taken]);
    const standing = channelsOf(holding)[place];
    const same = standing?.type.toUpperCase() === channel;
    const now = deps.clock.now();
    const { count } = await tx.notificationDelivery.updateMany({
      where: { id, status: 'DEAD' },
      data: {
        status: 'PENDING',
        attempts: 0,
        nextAttemptAt: now,
        ...(same && newest !== null ? { version: newest.version } : {}),
      },
    });
    if (count === 0)
      throw refuse('INVALID_STATE', 'only a delivery that is DEAD can be delivered again', ['id']);
    await appendEvents(tx, deps.ids, [
      {
        type: 'notification_redelivered',
        projectId,
        teamId,
        sessionId: null,
        subjectId: id,
        actor: viewer.actor,
        data: { channel: channel.toLowerCase(), name, about: subjectId },
        occurredAt: now,
      },
    ]);
    return tx.notificationDelivery.findUniqueOrThrow({ where: { id } });
  });
  deps.committed();
  return delivery;
}
