import type DataLoader from 'dataloader';
import type { Approval as Row, ApprovalVote } from '../generated/prisma/client.ts';
import {
  ApprovalKind as KindEnum,
  ApprovalStatus as StatusEnum,
  ApprovalVerdict as VerdictEnum,
  RiskLevel as RiskEnum,
} from '../generated/prisma/enums.ts';
import { findReservation } from '../budgets/queries.ts';
import { BudgetCheckType, BudgetLimitTypeEnum, BudgetReservation } from '../budgets/types.ts';
import { builder } from '../graphql/builder.ts';
import { connectionType } from '../graphql/connection.ts';
import type { Context } from '../graphql/context.ts';
import { Node } from '../graphql/node.ts';
import { Actor, Role } from '../identity/schema.ts';
import type { Actor as ActorShape } from '../identity/viewer.ts';
import { AgentType } from '../projects/schema.ts';
import { shown } from '../privacy/shown.ts';
import { excerptOf } from './excerpt.ts';
import { analysisOf, callOf, overrideOf, responseOf, riskOf } from './proposal.ts';
import { createVotesLoader, findResponse } from './queries.ts';
import { isRequester, requesterOf } from './rules.ts';
import { type RiskAssessment as Assessment, type RiskFlag as Flag, riskFlagCategories } from './seams.ts';

const keys = <T extends object>(values: T) => Object.keys(values) as (keyof T & string)[];

export const ApprovalKind = builder.enumType('ApprovalKind', { values: keys(KindEnum) });
export const ApprovalStatus = builder.enumType('ApprovalStatus', { values: keys(StatusEnum) });
export const ApprovalVerdict = builder.enumType('ApprovalVerdict', {
  description: 'REQUEST_MODIFICATION is for responses alone.',
  values: keys(VerdictEnum),
});
export const RiskLevel = builder.enumType('RiskLevel', { values: keys(RiskEnum) });
const RiskFlagCategory = builder.enumType('RiskFlagCategory', { values: riskFlagCategories });

const RiskFlag = builder.objectRef<Flag>('RiskFlag').implement({
  fields: (t) => ({
    category: t.expose('category', { type: RiskFlagCategory }),
    code: t.exposeString('code'),
    level: t.expose('level', { type: RiskLevel }),
    message: t.exposeString('message'),
    evidence: t.exposeString('evidence', { nullable: true, description: 'Never a whole secret.' }),
  }),
});

const RiskAssessment = builder.objectRef<Assessment>('RiskAssessment').implement({
  fields: (t) => ({
    level: t.expose('level', { type: RiskLevel }),
    score: t.exposeFloat('score', { description: '0 (harmless) to 1.' }),
    factors: t.expose('factors', { type: [RiskFlag] }),
  }),
});

const ApprovalDecision = builder.objectRef<ApprovalVote>('ApprovalDecision').implement({
  description: "One person's vote.",
  fields: (t) => ({
    verdict: t.expose('verdict', { type: ApprovalVerdict }),
    decidedBy: t.field({ type: Actor, resolve: ({ actor }) => actor as unknown as ActorShape }),
    reason: t.exposeString('reason', { nullable: true }),
    decidedAt: t.expose('decidedAt', { type: 'DateTime' }),
    actionDigest: t.exposeString('digest', { description: 'What exactly this vote was for.' }),
  }),
});

/** One query for the votes of all the approvals that a request shows. */
const loaders = new WeakMap<Context, DataLoader<string, ApprovalVote[]>>();
function votesOf(id: string, context: Context): Promise<ApprovalVote[]> {
  let loader = loaders.get(context);
  if (loader === undefined) {
    loader = createVotesLoader(context.house.prisma);
    loaders.set(context, loader);
  }
  return loader.load(id);
}

const typeNames = {
  AGENT_CALL: 'AgentCallApproval',
  RESPONSE: 'ResponseApproval',
  BUDGET_OVERRIDE: 'BudgetOverride',
  RECOVERY_PLAN: 'RecoveryApproval',
  RECOVERY_STEP: 'RecoveryApproval',
} as const satisfies Record<Row['kind'], string>;

export const approvalTypeName = ({ kind }: Pick<Row, 'kind'>): string => typeNames[kind];

export const Approval = builder.interfaceRef<Row>('Approval').implement({
  interfaces: [Node],
  description: 'Something that a person must approve first. Whatever it is, it is decided in one way.',
  resolveType: approvalTypeName,
  fields: (t) => ({
    kind: t.expose('kind', { type: ApprovalKind }),
    status: t.expose('status', { type: ApprovalStatus }),
    projectId: t.exposeString('projectId'),
    teamId: t.exposeString('teamId', {
      nullable: true,
      description: 'The team of the session that it was asked in; null: it is the whole project’s.',
    }),
    sessionId: t.exposeString('sessionId', { nullable: true }),
    taskId: t.exposeString('taskId', { nullable: true }),
    summary: t.string({
      description: 'One line for a person who has to decide.',
      resolve: ({ summary, projectId }, _, seer) => shown(seer, projectId, summary),
    }),
    requestedBy: t.field({ type: Actor, resolve: requesterOf }),
    requiredRole: t.expose('requiredRole', { type: Role }),
    requiredApprovals: t.exposeInt('requiredApprovals', {
      description: 'How many different people must approve; the first rejection rejects.',
    }),
    decisions: t.field({
      type: [ApprovalDecision],
      description:
        'Oldest first. An edited input starts the votes anew: those for another digest count no more.',
      resolve: async ({ id, projectId }, _, context) => shown(context, projectId, await votesOf(id, context)),
    }),
    rejectionReason: t.string({
      nullable: true,
      resolve: ({ rejectionReason, projectId }, _, seer) => shown(seer, projectId, rejectionReason),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    respondedAt: t.expose('respondedAt', { type: 'DateTime', nullable: true }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Null: it waits for as long as it takes.',
    }),
    frozen: t.boolean({
      description:
        'An emergency stop holds it: it can be rejected or cancelled, and its deadline stands still.',
      resolve: ({ frozenAt }) => frozenAt !== null,
    }),
  }),
});

export const AgentCallApproval = builder.objectRef<Row>('AgentCallApproval').implement({
  interfaces: [Approval, Node],
  description: 'May this agent make this call? Nothing runs before it is approved.',
  fields: (t) => ({
    agentName: t.string({ resolve: (row) => callOf(row).agentName }),
    agentType: t.field({ type: AgentType, resolve: (row) => callOf(row).agentType }),
    proposedAction: t.string({
      resolve: (row, _, seer) => shown(seer, row.projectId, callOf(row).proposedAction),
    }),
    inputData: t.field({
      type: 'JSON',
      resolve: (row, _, seer) => shown(seer, row.projectId, callOf(row).inputData),
    }),
    approvedInput: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The input as the approver changed it; null where it was approved as proposed.',
      resolve: ({ approvedInput, projectId }, _, seer) => shown(seer, projectId, approvedInput),
    }),
    inputExcerpt: t.string({
      description:
        'The beginning of the input that may run, on one line of at most 200 characters: what tells alike calls apart in a list.',
      async resolve(row, _, seer) {
        // What is masked in it may be of any length and kind once it is shown.
        const excerpt = excerptOf(row.approvedInput ?? callOf(row).inputData);
        return excerptOf(await shown<unknown>(seer, row.projectId, excerpt));
      },
    }),
    contextSummary: t.string({
      nullable: true,
      resolve: (row, _, seer) => shown(seer, row.projectId, callOf(row).contextSummary),
    }),
    estimatedTokens: t.int({ resolve: (row) => callOf(row).estimatedTokens }),
    estimatedCost: t.field({ type: 'Decimal', resolve: (row) => callOf(row).estimatedCost }),
    riskAssessment: t.field({ type: RiskAssessment, resolve: riskOf }),
    budgetCheck: t.field({
      type: BudgetCheckType,
      description: 'As it was when the call was asked for.',
      resolve: (row) => callOf(row).budgetCheck,
    }),
    actionDigest: t.exposeString('digest', {
      description:
        'SHA-256 (hex) of the canonical JSON (RFC 8785) of {agentName, proposedAction, input}, input being the one that ' +
        'may run: what the approval is for, and nothing else.',
    }),
    permit: t.string({
      nullable: true,
      description:
        'Once approved, for the requester alone: an ES256 JWT (sub: the approval, digest, exp, jti) that a tool can check ' +
        'offline against /.well-known/jwks.json before it acts.',
      extensions: { personal: true },
      resolve: (row, _, { viewer }) =>
        isRequester(row, viewer) && row.status === 'APPROVED' ? row.permit : null,
    }),
    reservation: t.field({
      type: BudgetReservation,
      nullable: true,
      description: 'The budget held for this call.',
      resolve: ({ reservationId: id }, _, { viewer, house }) =>
        id === null ? null : findReservation(house.database.query, viewer, id),
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the call began: an approval is used once, and its expiry bounds the start only.',
    }),
    responseApproval: t.field({
      type: ResponseApproval,
      nullable: true,
      description: 'The newest, where the agent had to answer again.',
      resolve: ({ id }, _, { house }) => findResponse(house.prisma, id),
    }),
  }),
});

export const ResponseApproval: ReturnType<typeof builder.objectRef<Row>> =
  builder.objectRef<Row>('ResponseApproval');
ResponseApproval.implement({
  interfaces: [Approval, Node],
  description: "May this agent's answer be used?",
  fields: (t) => ({
    agentCallApproval: t.field({
      type: AgentCallApproval,
      resolve: ({ callId }, _, { house }) =>
        house.prisma.approval.findUniqueOrThrow({ where: { id: callId! } }),
    }),
    agentResponse: t.field({
      type: 'JSON',
      resolve: (row, _, seer) => shown(seer, row.projectId, responseOf(row).response),
    }),
    responseSummary: t.string({
      resolve: ({ summary, projectId }, _, seer) => shown(seer, projectId, summary),
    }),
    nextSteps: t.stringList({
      resolve: (row, _, seer) => shown(seer, row.projectId, responseOf(row).nextSteps),
    }),
    riskFlags: t.field({ type: [RiskFlag], resolve: (row) => analysisOf(row).flags }),
    confidenceScore: t.float({
      description: 'What the agent says of it, else what the analysis does; 0 to 1.',
      resolve: (row) => responseOf(row).confidence ?? analysisOf(row).confidenceScore,
    }),
    safetyScore: t.float({ resolve: (row) => analysisOf(row).safetyScore }),
    qualityMetrics: t.field({ type: 'JSON', resolve: (row) => analysisOf(row).qualityMetrics }),
    recommendations: t.stringList({ resolve: (row) => analysisOf(row).recommendations }),
    tokensUsed: t.int({ resolve: (row) => responseOf(row).tokensUsed }),
    actualCost: t.field({ type: 'Decimal', resolve: (row) => responseOf(row).actualCost }),
    modificationsRequired: t.field({
      type: 'JSON',
      nullable: true,
      resolve: ({ modifications, projectId }, _, seer) => shown(seer, projectId, modifications),
    }),
  }),
});

export const BudgetOverride = builder.objectRef<Row>('BudgetOverride').implement({
  interfaces: [Approval, Node],
  description: "More budget on one line, until its period's end.",
  fields: (t) => ({
    limitType: t.field({ type: BudgetLimitTypeEnum, resolve: (row) => overrideOf(row).limitType }),
    requestedAmount: t.field({ type: 'Decimal', resolve: (row) => overrideOf(row).requestedAmount }),
    justification: t.string({
      resolve: (row, _, seer) => shown(seer, row.projectId, overrideOf(row).justification),
    }),
    requiresManagerApproval: t.boolean({ resolve: (row) => overrideOf(row).requiresManagerApproval }),
  }),
});

/** The recovery room adds whose plan or step it is. */
export const RecoveryApproval = builder.objectRef<Row>('RecoveryApproval').implement({
  interfaces: [Approval, Node],
  description: 'May this recovery plan, or this step of it, be carried out?',
  fields: () => ({}),
});

export const ApprovalConnection = connectionType<Row>('Approval', Approval, ({ id }) => id);
