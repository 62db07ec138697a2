import DataLoader from 'dataloader';
import type { Query } from '../database/query.ts';
import { Prisma, type Approval, type ApprovalVote, type PrismaClient } from '../generated/prisma/client.ts';
import type { ApprovalKind, ApprovalStatus, RiskLevel } from '../generated/prisma/enums.ts';
import type { Listing, Page } from '../graphql/connection.ts';
import { type Conditions, equals, listNewestFirst, oneOf, within } from '../graphql/list.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { approvalColumns } from '../sessions/columns.ts';

export interface ApprovalFilter {
  kind?: ApprovalKind[] | null;
  status?: ApprovalStatus[] | null;
  projectId?: string | null;
  teamId?: string | null;
  sessionId?: string | null;
  riskLevel?: RiskLevel[] | null;
  createdAt?: { from?: Date | null; to?: Date | null } | null;
}

const table = { name: 'approvals', prefix: 'approval', columns: approvalColumns } as const;

/**
 * Newest first; approvals_project_id_id_idx, approvals_session_id_id_idx, approvals_project_pending_idx and, for what of a
 * team is pending, approvals_team_pending_idx serve it.
 */
export function listApprovals(
  query: Query,
  viewer: Viewer,
  filter: ApprovalFilter,
  page: Page,
): Promise<Listing<Approval>> {
  const conditions: Conditions = [
    ...equals('project_id', viewer.projectId),
    ...equals('project_id', filter.projectId),
    ...equals('team_id', filter.teamId),
    ...equals('session_id', filter.sessionId),
    ...oneOf('kind', filter.kind),
    ...oneOf('status', filter.status),
    ...oneOf('risk_level', filter.riskLevel),
    ...within('created_at', filter.createdAt),
  ];
  return listNewestFirst(query, table, conditions, page);
}

export async function findApproval(
  prisma: PrismaClient,
  viewer: Viewer,
  id: string,
): Promise<Approval | null> {
  const approval = await prisma.approval.findUnique({ where: { id } });
  return approval && inScope(viewer, approval.projectId) ? approval : null;
}

/** The answer that stands for a call: the one pending, else the newest. */
export function findResponse(prisma: PrismaClient, callId: string): Promise<Approval | null> {
  return prisma.approval.findFirst({ where: { callId }, orderBy: { id: 'desc' } });
}

/** The votes of many approvals in one query, oldest first; nothing is remembered from one read to the next. */
export const createVotesLoader = (prisma: PrismaClient) =>
  new DataLoader<string, ApprovalVote[]>(
    async (ids) => {
      const votes = await prisma.$queryRaw<ApprovalVote[]>`
        SELECT approval_id AS "approvalId", round, actor_id AS "actorId", verdict, actor, reason, digest, fingerprint,
          decided_at AS "decidedAt"
        FROM approval_votes WHERE approval_id IN (${Prisma.join([...new Set(ids)])})
        ORDER BY approval_id, round, decided_at, actor_id`;
      const byId = Map.groupBy(votes, ({ approvalId }) => approvalId);
      return ids.map((id) => byId.get(id) ?? []);
    },
    { cache: false },
  );
