import type { StandingApproval as Row } from '../generated/prisma/client.ts';
import { Approval, RiskLevel } from '../approvals/types.ts';
import { toDecimal, toUnits } from '../budgets/state.ts';
import { builder } from '../graphql/builder.ts';
import { connectionType } from '../graphql/connection.ts';
import { Node } from '../graphql/node.ts';
import { Actor } from '../identity/schema.ts';
import type { Actor as ActorShape } from '../identity/viewer.ts';
import { shown } from '../privacy/shown.ts';
import { findStandingApproval } from './queries.ts';
import { granterOf, standingStatuses, statusOf } from './rules.ts';

const StandingApprovalStatus = builder.enumType('StandingApprovalStatus', {
  description:
    'Only an ACTIVE one lets calls through. EXHAUSTED: every use is taken. One whose cost cap leaves too little for a call is ' +
    'ACTIVE, and that call is held for a person.',
  values: standingStatuses,
});

/** Decimals come from Prisma as such, and from a list as text; they go out with four places. */
const decimal = (value: { toString(): string }): string => toDecimal(toUnits(value.toString()));

export const StandingApproval = builder.objectRef<Row>('StandingApproval').implement({
  interfaces: [Node],
  description:
    "A person's consent to calls that are still to come: the same agent's same action, within a scope, bounds and an " +
    'expiry that never change. Each call is assessed by itself, and one of HIGH or CRITICAL risk is held for a person.',
  fields: (t) => ({
    projectId: t.exposeString('projectId'),
    teamId: t.exposeString('teamId'),
    approvalId: t.exposeID('approvalId', { description: 'The held call that it was made from.' }),
    status: t.field({
      type: StandingApprovalStatus,
      resolve: (row, _, { house }) => statusOf(row, house.clock.now()),
    }),
    agentName: t.exposeString('agentName'),
    proposedAction: t.exposeString('action', {
      description: "As the call's proposedAction has it, character by character.",
    }),
    condition: t.exposeString('condition', {
      nullable: true,
      description: 'CEL over `input`, the call’s inputData; null: any input.',
    }),
    maximumRisk: t.expose('maximumRisk', {
      type: RiskLevel,
      description: 'LOW or MEDIUM: a call that is assessed higher is held for a person.',
    }),
    maximumUses: t.exposeInt('maximumUses', { description: '1 to 10,000.' }),
    maximumCost: t.field({
      type: 'Decimal',
      description: 'Dollars, over all its uses.',
      resolve: ({ maximumCost }) => decimal(maximumCost),
    }),
    uses: t.exposeInt('uses', { description: 'Calls that it let through, whatever became of them.' }),
    cost: t.field({
      type: 'Decimal',
      description:
        'Dollars: the estimates of those calls, and what their answers came to beyond that. Never falls; may exceed ' +
        'maximumCost by what an answer came to.',
      resolve: ({ cost }) => decimal(cost),
    }),
    reason: t.string({
      nullable: true,
      resolve: ({ reason, projectId }, _, seer) => shown(seer, projectId, reason),
    }),
    grantedBy: t.field({ type: Actor, resolve: granterOf }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'At most 30 days after createdAt.' }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked, or the clock ended it.',
    }),
    endedBy: t.field({
      type: Actor,
      nullable: true,
      resolve: ({ endedBy }) => endedBy as unknown as ActorShape | null,
    }),
    endReason: t.string({
      nullable: true,
      resolve: ({ endReason, projectId }, _, seer) => shown(seer, projectId, endReason),
    }),
  }),
});

export const StandingApprovalConnection = connectionType<Row>(
  'StandingApproval',
  StandingApproval,
  ({ id }) => id,
);

builder.interfaceField(Approval, 'standingApproval', (t) =>
  t.field({
    type: StandingApproval,
    nullable: true,
    description: "What let this call through in a person's place; null: people decide it.",
    resolve: ({ standingId }, _, { viewer, house }) =>
      standingId === null ? null : findStandingApproval(house.prisma, viewer, standingId),
  }),
);
