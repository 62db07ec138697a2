import type { Query } from '../database/query.ts';
import type { PrismaClient, Session, Task } from '../generated/prisma/client.ts';
import type { SessionStatus } from '../generated/prisma/enums.ts';
import type { Listing, Page } from '../graphql/connection.ts';
import { equals, listNewestFirst, oneOf, readByIds } from '../graphql/list.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { sessionColumns } from './columns.ts';

const table = { name: 'sessions', prefix: 'session', columns: sessionColumns } as const;

export function listSessions(
  query: Query,
  viewer: Viewer,
  filter: { teamId?: string | null; status?: SessionStatus | null },
  page: Page,
): Promise<Listing<Session>> {
  const conditions = [
    ...equals('project_id', viewer.projectId),
    ...equals('team_id', filter.teamId),
    ...oneOf('status', filter.status && [filter.status]),
  ];
  return listNewestFirst(query, table, conditions, page);
}

export const findSessions = (query: Query, ids: readonly string[]): Promise<Session[]> =>
  readByIds(query, table, ids);

export async function findSession(prisma: PrismaClient, viewer: Viewer, id: string): Promise<Session | null> {
  const session = await prisma.session.findUnique({ where: { id } });
  return session && inScope(viewer, session.projectId) ? session : null;
}

export async function findTask(prisma: PrismaClient, viewer: Viewer, id: string): Promise<Task | null> {
  const task = await prisma.task.findUnique({
    where: { id },
    include: { session: { select: { projectId: true } } },
  });
  return task && inScope(viewer, task.session.projectId) ? task : null;
}
