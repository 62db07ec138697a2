import type { Tx } from '../database/transact.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { askingNames, mayEnd } from './names.ts';
import type { ToldEvent } from './rules.ts';

/**
 * Plans an edit of each message that asked for something which is over now, wherever and however that came about (behaviour
 * 8.7). Each message is edited once. Slack's bot alone can edit: of a message that is there its reference is known then;
 * whether one that is still on its way can be, is seen when its edit is due.
 */
export async function planEdits(
  tx: Tx,
  { clock, ids }: { clock: Clock; ids: Ids },
  events: readonly ToldEvent[],
): Promise<number> {
  const endings = events.filter(({ type }) => mayEnd(type));
  if (endings.length === 0) return 0;
  const asked = await tx.notificationDelivery.findMany({
    where: {
      subjectId: { in: [...new Set(endings.map(({ subjectId }) => subjectId))] },
      channel: 'SLACK',
      name: { in: [...askingNames] },
      edits: null,
      OR: [{ status: 'PENDING' }, { status: 'DELIVERED', reference: { not: null } }],
    },
  });
  if (asked.length === 0) return 0;
  const over = await overOf(tx, [...new Set(asked.map(({ subjectId }) => subjectId))]);
  const messages = asked.filter(({ subjectId }) => over.has(subjectId));
  if (messages.length === 0) return 0;
  const now = clock.now();
  const { count } = await tx.notificationDelivery.createMany({
    data: messages.map(({ id, projectId, teamId, version, place, channel, name, subjectId, critical }) => {
      const event = endings.findLast((ending) => ending.subjectId === subjectId)!;
      return {
        id: ids.next('delivery'),
        projectId,
        teamId,
        version,
        place,
        channel,
        name,
        eventId: event.id,
        eventPosition: event.position,
        subjectId,
        destination: `edit ${id}`,
        critical,
        status: 'PENDING' as const,
        nextAttemptAt: now,
        createdAt: now,
        edits: id,
      };
    }),
    // It has been planned for an earlier event.
    skipDuplicates: true,
  });
  return count;
}

/** Those of these items that nobody is asked about any more. */
async function overOf(tx: Tx, ids: string[]): Promise<ReadonlySet<string>> {
  const where = { id: { in: ids }, status: { not: 'PENDING' as const } };
  const select = { id: true } as const;
  const interventions = await tx.intervention.findMany({ where, select });
  const approvals = await tx.approval.findMany({ where, select });
  return new Set([...interventions, ...approvals].map(({ id }) => id));
}
