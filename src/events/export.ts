import type { Event, PrismaClient } from '../generated/prisma/client.ts';
import { encodeCursor } from './chain.ts';
import type { EventFilter } from './filter.ts';
import { selectEvents } from './select.ts';

/** Events read at a time. */
const PAGE = 1000;

/** An event as it is exported: as `Event` shows it, with what ties it to its chain. Null contents: erased (behaviour 8.8). */
export const exported = (event: Event): object => ({
  cursor: encodeCursor(event.position),
  id: event.id,
  type: event.type,
  occurredAt: event.occurredAt,
  projectId: event.projectId,
  teamId: event.teamId,
  sessionId: event.sessionId,
  subjectId: event.subjectId,
  actor: event.actor,
  data: event.data,
  contentDigest: event.contentDigest,
  digest: event.digest,
  previousHash: event.previousHash,
  hash: event.hash,
});

/**
 * The log as it stands when this begins, oldest first, in pages. Of a team that keeps only some types of events on record,
 * those alone (behaviour 8.2): `audited` says which, by team.
 */
export async function* exportEvents(
  prisma: PrismaClient,
  filter: EventFilter,
  audited: ReadonlyMap<string, ReadonlySet<string>>,
): AsyncGenerator<Event[]> {
  const { position: end } = await prisma.eventLog.findUniqueOrThrow({ where: { id: 1 } });
  const wanted = ({ teamId, type }: Event) => teamId === null || (audited.get(teamId)?.has(type) ?? true);
  for (let after = 0n; ; ) {
    const stretch = { after, before: end + 1n, limit: PAGE };
    const page = await selectEvents(prisma, { projectId: null }, filter, stretch);
    yield page.filter(wanted);
    if (page.length < PAGE) return;
    after = page.at(-1)!.position;
  }
}
