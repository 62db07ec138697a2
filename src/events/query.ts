import type { Event, PrismaClient } from '../generated/prisma/client.ts';
import { type Listing, type Page, toListing } from '../graphql/connection.ts';
import { logBounds, pruned, resumable } from './cursor.ts';
import type { EventFilter, EventScope } from './filter.ts';
import { countEvents, selectEvents } from './select.ts';

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
  const cursor = page.kind === 'forward' ? page.after : page.before;
  const projectId = scope.projectId ?? filter.projectId ?? null;
  const from = cursor === null ? null : await resumable(prisma, projectId, cursor);
  const limit = page.limit + 1;
  const rows =
    page.kind === 'forward'
      ? await selectEvents(prisma, scope, filter, { after: from, limit })
      : await selectEvents(prisma, scope, filter, { before: from, limit, order: 'desc' });
  // What was pruned between the two readings is missing in the second.
  if (page.kind === 'forward' && from !== null && (await logBounds(prisma, projectId)).prunedTo > from)
    throw pruned();
  return toListing(page, rows, () => countEvents(prisma, scope, filter));
}
