import type { Event, PrismaClient } from '../generated/prisma/client.ts';
import { type Listing, type Page, toListing } from '../graphql/connection.ts';
import { resumable } from './cursor.ts';
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
  const from =
    cursor === null ? null : await resumable(prisma, scope.projectId ?? filter.projectId ?? null, cursor);
  const limit = page.limit + 1;
  const rows =
    page.kind === 'forward'
      ? await selectEvents(prisma, scope, filter, { after: from, limit })
      : await selectEvents(prisma, scope, filter, { before: from, limit, order: 'desc' });
  return toListing(page, rows, () => countEvents(prisma, scope, filter));
}
