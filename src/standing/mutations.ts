import type { StandingApproval as Row } from '../generated/prisma/client.ts';
import { RiskLevel } from '../approvals/types.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { createStandingApproval } from './create.ts';
import { findStandingApproval } from './queries.ts';
import { revokeStandingApproval } from './revoke.ts';
import { StandingApproval } from './types.ts';

type Fields = { standingApproval: Row | null };

const StandingApprovalPayload = payloadType<Fields>('StandingApprovalPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    standingApproval: t.field({
      type: StandingApproval,
      nullable: true,
      resolve: ({ standingApproval }) => standingApproval,
    }),
  }),
});

const StandingApprovalInput = builder.inputType('StandingApprovalInput', {
  description: 'What is let through from now on. Agent and action are those of the held call.',
  fields: (t) => ({
    approvalId: t.id({
      required: true,
      description: 'An agent call, PENDING or APPROVED, of LOW or MEDIUM risk, that you may decide yourself.',
    }),
    condition: t.string({
      description:
        'CEL over `input` (the call’s inputData), true or false, such as `input.to.endsWith("@example.com")`: at most 2,000 ' +
        'characters, 200 nodes, 16 levels. It must be true of the call that it is made from. What cannot be evaluated is not ' +
        'true. Left out: any input.',
    }),
    maximumRisk: t.field({
      type: RiskLevel,
      description: "LOW or MEDIUM, and no lower than the call's own, which it is when left out.",
    }),
    maximumUses: t.int({ required: true, description: '1 to 10,000.' }),
    maximumCost: t.field({
      type: 'Decimal',
      required: true,
      description: 'Dollars, over all its uses: 0 or more, at most four places.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      required: true,
      description: 'Ahead, by at most 30 days (2,592,000 seconds).',
    }),
    reason: t.string({ description: 'At most 20,000 characters.' }),
    idempotencyKey: t.string(),
  }),
});

const shown = async ({ viewer, house }: Context, id: string): Promise<Fields> => ({
  standingApproval: await findStandingApproval(house.prisma, viewer, id),
});

builder.mutationFields((t) => ({
  createStandingApproval: t.field({
    type: StandingApprovalPayload,
    description:
      'Lets the same action of the same agent through from now on, within bounds. Decides nothing about the call that it is ' +
      'made from.',
    args: { input: t.arg({ type: StandingApprovalInput, required: true }) },
    resolve(_, { input }, context) {
      authorize(context.viewer, 'approval.grant');
      return answer<Fields>(
        'standing approval granted',
        async () => {
          const { standingId } = await createStandingApproval(context.house, context.viewer, input);
          return shown(context, standingId);
        },
        () => ({ standingApproval: null }),
      );
    },
  }),
  revokeStandingApproval: t.field({
    type: StandingApprovalPayload,
    description:
      'Ends it at once, by whoever granted it or a SUPERVISOR. What it let through before stays approved; cancelApproval takes ' +
      'that back.',
    args: {
      id: t.arg.id({ required: true }),
      reason: t.arg.string({ description: 'At most 20,000 characters.' }),
    },
    resolve(_, { id, reason }, context) {
      authorize(context.viewer, 'approval.grant');
      return answer<Fields>(
        'standing approval revoked',
        async () => {
          const { standingId } = await revokeStandingApproval(
            context.house,
            context.viewer,
            id,
            reason ?? null,
          );
          return shown(context, standingId);
        },
        () => shown(context, id),
      );
    },
  }),
}));
