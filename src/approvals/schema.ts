import type { Changed } from '../events/changes.ts';
import type { Approval as Row } from '../generated/prisma/client.ts';
import { builder } from '../graphql/builder.ts';
import { cursorArgs, pageOf, TimeRangeInput } from '../graphql/connection.ts';
import type { House } from '../graphql/context.ts';
import { loadNodesWith } from '../graphql/node.ts';
import { changeSource } from '../graphql/change-source.ts';
import { RequestError } from '../kernel/errors.ts';
import { inScope } from '../identity/viewer.ts';
import { findApproval, listApprovals } from './queries.ts';
import {
  Approval,
  ApprovalConnection,
  ApprovalKind,
  ApprovalStatus,
  approvalTypeName,
  RiskLevel,
} from './types.ts';

loadNodesWith<Row>(
  'approval',
  (id, { viewer, house }) => findApproval(house.prisma, viewer, id),
  approvalTypeName,
);

const ApprovalFilter = builder.inputType('ApprovalFilter', {
  description: 'All that is given must hold; a list matches any of its values.',
  fields: (t) => ({
    kind: t.field({ type: [ApprovalKind] }),
    status: t.field({ type: [ApprovalStatus] }),
    projectId: t.id(),
    teamId: t.id(),
    sessionId: t.id(),
    riskLevel: t.field({ type: [RiskLevel] }),
    createdAt: t.field({ type: TimeRangeInput }),
  }),
});

builder.queryFields((t) => ({
  approval: t.field({
    type: Approval,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, { viewer, house }) => findApproval(house.prisma, viewer, id),
  }),
  approvals: t.field({
    type: ApprovalConnection,
    description: 'Newest first.',
    args: { filter: t.arg({ type: ApprovalFilter }), ...cursorArgs(t.arg) },
    resolve: (_, { filter, ...page }, { viewer, house }) =>
      listApprovals(house.database.query, viewer, filter ?? {}, pageOf(page)),
  }),
}));

builder.prismaObjectField('Session', 'approvals', (t) =>
  t.field({
    type: ApprovalConnection,
    description: 'Newest first.',
    args: cursorArgs(t.arg),
    resolve: ({ id }, args, { viewer, house }) =>
      listApprovals(house.database.query, viewer, { sessionId: id }, pageOf(args)),
  }),
);

/** Rows that this process wrote go out as they are; others' are read. */
function approvalsOf(house: House, { approvals }: Changed): Row[] | Promise<Row[]> {
  if (approvals.every(({ row }) => row !== null)) return approvals.map(({ row }) => row!);
  return house.prisma.approval.findMany({
    where: { id: { in: approvals.map(({ id }) => id) } },
    orderBy: { id: 'asc' },
  });
}

builder.subscriptionField('approvalUpdates', (t) =>
  t.field({
    type: Approval,
    description: 'Each approval that was asked for, voted on, used or settled.',
    args: { projectId: t.arg.id() },
    async subscribe(_, { projectId }, context) {
      const { viewer, house } = context;
      const seen =
        !projectId ||
        (inScope(viewer, projectId) && (await house.prisma.project.count({ where: { id: projectId } })) > 0);
      if (!seen) throw new RequestError('NOT_FOUND', 'there is no such project');
      return changeSource(
        context,
        `approvalUpdates|${projectId ?? '*'}`,
        (changed) => changed.approvals.length > 0 && (!projectId || changed.projectId === projectId),
        (changed) => approvalsOf(house, changed),
      );
    },
    resolve: (row: Row) => row,
  }),
);
