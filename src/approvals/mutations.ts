import type { Approval as Row } from '../generated/prisma/client.ts';
import { BudgetLimitTypeEnum } from '../budgets/types.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { AgentType } from '../projects/schema.ts';
import type { Change } from '../sessions/aggregate.ts';
import { cancelApproval } from './cancel.ts';
import { findApproval } from './queries.ts';
import { requestAgentCallApproval } from './request-call.ts';
import { requestBudgetOverride } from './request-override.ts';
import { respondToApproval } from './respond.ts';
import { startAgentCall } from './start-call.ts';
import { submitAgentResponse } from './submit-response.ts';
import { AgentCallApproval, Approval, ApprovalVerdict, BudgetOverride, ResponseApproval } from './types.ts';

/** The row that a verb just wrote, or else as it stands now, where the viewer may see it. */
async function rowOf(change: Change | null, id: string, { viewer, house }: Context): Promise<Row | null> {
  const rows = [...(change?.approvalsAsked ?? []), ...(change?.approvalsUpdated ?? [])];
  return rows.find((row) => row.id === id) ?? findApproval(house.prisma, viewer, id);
}

/** Whatever is not of this kind does not exist for what is about that kind. */
const ofKind = (row: Row | null, kind: Row['kind']): Row | null => (row?.kind === kind ? row : null);

type Fields = { approval: Row | null };
type OverrideFields = { override: Row | null };

const payload = (name: string, type: typeof Approval | typeof AgentCallApproval) =>
  payloadType<Fields>(name).implement({
    interfaces: [MutationPayload],
    fields: (t) => ({
      approval: t.field({
        type: type as typeof Approval,
        nullable: true,
        resolve: ({ approval }) => approval,
      }),
    }),
  });

const AgentCallApprovalPayload = payload('AgentCallApprovalPayload', AgentCallApproval);
const ResponseApprovalPayload = payload('ResponseApprovalPayload', ResponseApproval);
const ApprovalPayload = payload('ApprovalPayload', Approval);
const BudgetOverridePayload = payloadType<OverrideFields>('BudgetOverridePayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    override: t.field({ type: BudgetOverride, nullable: true, resolve: ({ override }) => override }),
  }),
});

const AgentCallApprovalInput = builder.inputType('AgentCallApprovalInput', {
  description: 'Left out, taskId makes a task of its own for the call, and timeoutMinutes is 30.',
  fields: (t) => ({
    sessionId: t.id({ required: true }),
    taskId: t.id(),
    agentName: t.string({ required: true, description: 'At most 200 characters.' }),
    agentType: t.field({ type: AgentType, defaultValue: 'CUSTOM' }),
    proposedAction: t.string({ required: true, description: 'At most 20,000 characters.' }),
    inputData: t.field({ type: 'JSON', required: true }),
    inputSchema: t.field({
      type: 'JSON',
      description: 'A JSON Schema that inputData, and whatever an approver makes of it, must satisfy.',
    }),
    contextSummary: t.string(),
    estimatedTokens: t.int({ defaultValue: 0 }),
    estimatedCost: t.field({ type: 'Decimal', defaultValue: '0' }),
    timeoutMinutes: t.int({ description: '1 to 525,600: within which the call must be started.' }),
    idempotencyKey: t.string(),
  }),
});

const AgentResponseInput = builder.inputType('AgentResponseInput', {
  description: 'What the call gave, and what it really took.',
  fields: (t) => ({
    agentCallApprovalId: t.id({ required: true }),
    response: t.field({ type: 'JSON', required: true }),
    summary: t.string(),
    nextSteps: t.stringList({ description: 'At most 50.' }),
    tokensUsed: t.int({ required: true }),
    actualCost: t.field({ type: 'Decimal', required: true }),
    confidence: t.float({ description: '0 to 1.' }),
    idempotencyKey: t.string(),
  }),
});

const ApprovalResponseInput = builder.inputType('ApprovalResponseInput', {
  description:
    "approvedInput: the agent call's input as the approver wants it (it must satisfy inputSchema where one was given); " +
    'modifications: what a response must change, or which steps of a recovery plan to change.',
  fields: (t) => ({
    verdict: t.field({ type: ApprovalVerdict, required: true }),
    reason: t.string({ description: 'REJECT and REQUEST_MODIFICATION need one.' }),
    approvedInput: t.field({ type: 'JSON' }),
    modifications: t.field({ type: 'JSON' }),
    actionDigest: t.string({
      description:
        'The digest of what you were shown: where the input was changed meanwhile, the approval is refused with ' +
        'INVALID_STATE instead of counting for what you have not seen.',
    }),
    idempotencyKey: t.string(),
  }),
});

const BudgetOverrideInput = builder.inputType('BudgetOverrideInput', {
  fields: (t) => ({
    projectId: t.id({ required: true }),
    limitType: t.field({ type: BudgetLimitTypeEnum, required: true }),
    requestedAmount: t.field({ type: 'Decimal', required: true, description: 'Dollars, or whole tokens.' }),
    justification: t.string({ required: true }),
    idempotencyKey: t.string(),
  }),
});

builder.mutationFields((t) => ({
  requestAgentCallApproval: t.field({
    type: AgentCallApprovalPayload,
    description: 'May this agent make this call? Nothing runs before it is approved.',
    args: { input: t.arg({ type: AgentCallApprovalInput, required: true }) },
    resolve(_, { input }, context) {
      authorize(context.viewer, 'approval.request');
      return answer<Fields>(
        'approval requested',
        async () => {
          const asked = { ...input, inputData: input.inputData ?? null };
          const { reply, change } = await requestAgentCallApproval(context.house, context.viewer, asked);
          return { approval: await rowOf(change, reply.approvalId, context) };
        },
        () => ({ approval: null }),
      );
    },
  }),
  startAgentCall: t.field({
    type: AgentCallApprovalPayload,
    description:
      'Uses the approval, once: from here the call may run. Optional for an agent that submits its response directly.',
    args: { approvalId: t.arg.id({ required: true }) },
    resolve(_, { approvalId }, context) {
      authorize(context.viewer, 'approval.request');
      const standing = async () => ({
        approval: ofKind(await rowOf(null, approvalId, context), 'AGENT_CALL'),
      });
      return answer<Fields>(
        'call started',
        async () => {
          const { change } = await startAgentCall(context.house, context.viewer, approvalId);
          return { approval: await rowOf(change, approvalId, context) };
        },
        standing,
      );
    },
  }),
  submitAgentResponse: t.field({
    type: ResponseApprovalPayload,
    description:
      'The answer of a call, to be approved before it is used. Commits what it really took, whatever else it answers.',
    args: { input: t.arg({ type: AgentResponseInput, required: true }) },
    resolve(_, { input }, context) {
      authorize(context.viewer, 'approval.request');
      return answer<Fields>(
        'response submitted',
        async () => {
          const given = { ...input, response: input.response ?? null };
          const { reply, change } = await submitAgentResponse(context.house, context.viewer, given);
          return { approval: await rowOf(change, reply.approvalId, context) };
        },
        () => ({ approval: null }),
      );
    },
  }),
  respondToApproval: t.field({
    type: ApprovalPayload,
    description: 'A person approves, rejects, or asks for changes.',
    args: {
      id: t.arg.id({ required: true }),
      response: t.arg({ type: ApprovalResponseInput, required: true }),
    },
    resolve(_, { id, response }, context) {
      authorize(context.viewer, 'approval.respond');
      const standing = async () => ({ approval: await rowOf(null, id, context) });
      return answer<Fields>(
        'decision recorded',
        async () => {
          const { change } = await respondToApproval(context.house, context.viewer, id, response);
          return { approval: await rowOf(change, id, context) };
        },
        standing,
      );
    },
  }),
  cancelApproval: t.field({
    type: ApprovalPayload,
    description: 'Takes a request back, by whoever made it or a person.',
    args: { id: t.arg.id({ required: true }), reason: t.arg.string() },
    resolve(_, { id, reason }, context) {
      authorize(context.viewer, 'approval.request');
      const standing = async () => ({ approval: await rowOf(null, id, context) });
      return answer<Fields>(
        'approval cancelled',
        async () => {
          const { change } = await cancelApproval(context.house, context.viewer, id, reason ?? null);
          return { approval: await rowOf(change, id, context) };
        },
        standing,
      );
    },
  }),
  requestBudgetOverride: t.field({
    type: BudgetOverridePayload,
    description: "Asks for more budget on one line, until its period's end.",
    args: { input: t.arg({ type: BudgetOverrideInput, required: true }) },
    resolve(_, { input }, context) {
      authorize(context.viewer, 'approval.request');
      return answer<OverrideFields>(
        'override requested',
        async () => {
          const { reply } = await requestBudgetOverride(context.house, context.viewer, input);
          return { override: await rowOf(null, reply.approvalId, context) };
        },
        () => ({ override: null }),
      );
    },
  }),
}));
