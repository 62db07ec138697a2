import type { Query } from '../database/query.ts';
import { Prisma, type PrismaClient, type StandingApproval } from '../generated/prisma/client.ts';
import type { Listing, Page } from '../graphql/connection.ts';
import { type Conditions, equals, listNewestFirst } from '../graphql/list.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { standingColumns } from './store.ts';

const table = { name: 'standing_approvals', prefix: 'standing', columns: standingColumns } as const;

export interface StandingFilter {
  projectId?: string | null;
  teamId?: string | null;
  /** Also those that are revoked, expired or used up. */
  includeEnded?: boolean | null;
}

/** Newest first; standing_approvals_project_id_id_idx and standing_approvals_team_id_id_idx serve it. */
export function listStanding(
  query: Query,
  viewer: Viewer,
  { projectId, teamId, includeEnded }: StandingFilter,
  page: Page,
  now: Date,
): Promise<Listing<StandingApproval>> {
  const conditions: Conditions = [
    ...equals('project_id', viewer.projectId),
    ...equals('project_id', projectId),
    ...equals('team_id', teamId),
    ...(includeEnded
      ? []
      : [Prisma.sql`ended_at IS NULL AND uses < maximum_uses AND expires_at > ${now}::timestamptz`]),
  ];
  return listNewestFirst(query, table, conditions, page);
}

export async function findStandingApproval(
  prisma: PrismaClient,
  viewer: Viewer,
  id: string,
): Promise<StandingApproval | null> {
  const row = await prisma.standingApproval.findUnique({ where: { id } });
  return row && inScope(viewer, row.projectId) ? row : null;
}
