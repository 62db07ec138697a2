import type { Event, PrismaClient } from '../generated/prisma/client.ts';
import { type Listing, type Page, toListing } from '../graphql/connection.ts';
import { resumable } from './cursor.ts';
import { eventCondition, type EventFilter, type EventScope } from './filter.ts';

type CursorPage = Exclude<Page, { kind: 'offset' }>;

/**
 * A page of the log as a viewer sees it, oldest first, whichever way it is read. BAD_USER_INPUT for a cursor that is
 * malformed, unknown or older than what is kept (behaviour 9.1).
 */
export async function listEvents(
  prisma: PrismaClient,
  scope: EventScope,
  filter: EventFilter,
  page: CursorPage,
): Promise<Listing<Event>> {
  const condition = eventCondition(scope, filter);
  const cursor = page.kind === 'forward' ? page.after : page.before;
  const from = cursor === null ? null : await resumable(prisma, scope.projectId ?? filter.projectId ?? null, cursor);
  const forward = page.kind === 'forward';
  const rows = await prisma.event.findMany({
    where: { AND: [condition, ...(from === null ? [] : [{ position: forward ? { gt: from } : { lt: from } }])] },
    orderBy: { position: forward ? 'asc' : 'desc' },
    take: page.limit + 1,
  });
  return toListing(page, rows, () => prisma.event.count({ where: condition }));
}
