import type { Approval, RecoverySession as Row } from '../generated/prisma/client.ts';
import { RecoveryApproval } from '../approvals/types.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { loadNodesWith } from '../graphql/node.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { cancelRecovery } from './cancel.ts';
import { executeRecoveryStep, type Executed } from './execute-step.ts';
import { initiateRecovery } from './initiate.ts';
import { findRecovery } from './queries.ts';
import { RecoverySession, RecoveryType } from './types.ts';

loadNodesWith('recovery', (id, { viewer, house }) => findRecovery(house.prisma, viewer, id));

builder.queryField('recoverySession', (t) =>
  t.field({
    type: RecoverySession,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, { viewer, house }) => findRecovery(house.prisma, viewer, id),
  }),
);

type RecoveryFields = { recoverySession: Row | null; approval: Approval | null };

const RecoveryPayload = payloadType<RecoveryFields>('RecoveryPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    recoverySession: t.field({
      type: RecoverySession,
      nullable: true,
      resolve: ({ recoverySession }) => recoverySession,
    }),
    approval: t.field({
      type: RecoveryApproval,
      nullable: true,
      description: 'What is asked for, where something is.',
      resolve: ({ approval }) => approval,
    }),
  }),
});

/** The recovery and the approval it waits for, as they stand now. */
async function shown(
  { viewer, house }: Context,
  recoveryId: string,
  approvalId: string | null = null,
): Promise<RecoveryFields> {
  const [recoverySession, approval] = await Promise.all([
    findRecovery(house.prisma, viewer, recoveryId),
    approvalId === null ? null : house.prisma.approval.findUnique({ where: { id: approvalId } }),
  ]);
  return { recoverySession, approval };
}

const nothing = (): RecoveryFields => ({ recoverySession: null, approval: null });

const said: Record<Executed['kind'], string> = {
  asked: 'approval asked',
  waits: 'the step waits for its approval',
  ran: 'step executed',
};

builder.mutationFields((t) => ({
  initiateRecovery: t.field({
    type: RecoveryPayload,
    description:
      'Assesses what the stop in force left behind, plans the way back and asks for the plan to be approved.',
    args: {
      projectId: t.arg.id({ required: true }),
      recoveryType: t.arg({ type: RecoveryType, required: true }),
    },
    resolve(_, input, context) {
      authorize(context.viewer, 'recovery.manage');
      return answer<RecoveryFields>(
        'recovery initiated',
        async () => {
          const { recoveryId, approvalId } = await initiateRecovery(context.house, context.viewer, input);
          return shown(context, recoveryId, approvalId);
        },
        nothing,
      );
    },
  }),
  executeRecoveryStep: t.field({
    type: RecoveryPayload,
    description:
      "Runs one approved step; asks for the step's approval first where it has none. A step that cannot be done is " +
      'FAILED, with its `error`, and can be asked for again.',
    args: {
      recoverySessionId: t.arg.id({ required: true }),
      stepId: t.arg.id({ required: true }),
      note: t.arg.string({
        description: 'What a person did, or is about to do: required in a MANUAL recovery.',
      }),
    },
    async resolve(_, input, context) {
      authorize(context.viewer, 'recovery.manage');
      let message = '';
      const payload = await answer<RecoveryFields>(
        '',
        async () => {
          const executed = await executeRecoveryStep(context.house, context.viewer, input);
          message = executed.error ?? said[executed.kind];
          return shown(context, executed.recoveryId, executed.approvalId);
        },
        () => shown(context, input.recoverySessionId),
      );
      return payload.success ? { ...payload, message } : payload;
    },
  }),
  cancelRecovery: t.field({
    type: RecoveryPayload,
    description: 'Gives the recovery up; the stop stays in force.',
    args: { recoverySessionId: t.arg.id({ required: true }), reason: t.arg.string() },
    resolve(_, input, context) {
      authorize(context.viewer, 'recovery.manage');
      return answer<RecoveryFields>(
        'recovery cancelled',
        async () => {
          const { recoveryId } = await cancelRecovery(context.house, context.viewer, input);
          return shown(context, recoveryId);
        },
        () => shown(context, input.recoverySessionId),
      );
    },
  }),
}));
