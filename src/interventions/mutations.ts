import type { Intervention as Row } from '../generated/prisma/client.ts';
import type { InterventionResolution as Resolution, Role as RoleName } from '../generated/prisma/enums.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { shown } from '../privacy/shown.ts';
import { Role } from '../identity/schema.ts';
import type { Change } from '../sessions/aggregate.ts';
import { acknowledgeResponse } from './acknowledge.ts';
import { cancelIntervention } from './cancel.ts';
import { claimIntervention } from './claim.ts';
import { escalateIntervention } from './escalate.ts';
import type { Option } from './option.ts';
import { findIntervention } from './queries.ts';
import { releaseIntervention } from './release.ts';
import { requestIntervention } from './request.ts';
import { resolveIntervention } from './resolve.ts';
import { provideCustomResponse } from './respond.ts';
import { responseOf } from './response.ts';
import { selectInterventionOption } from './select-option.ts';
import {
  Intervention,
  InterventionOption,
  InterventionResolution,
  InterventionType,
  InterventionUrgency,
  OptionCategory,
} from './types.ts';

/** The row that a verb just wrote, or else as it stands now, where the viewer may see it. */
async function rowOf(change: Change | null, id: string, { viewer, house }: Context): Promise<Row | null> {
  const written = [...(change?.asked ?? []), ...(change?.updated ?? [])].find((row) => row.id === id);
  return written ?? findIntervention(house.prisma, viewer, id);
}

type InterventionFields = { intervention: Row | null };
type ResolutionFields = InterventionFields & {
  sessionId: string | null;
  interventionId: string;
  resolution: Resolution | null;
  sessionResumed: boolean;
};
type SelectionFields = Omit<ResolutionFields, 'resolution'> & { selectedOption: Option | null };
type CustomFields = Omit<ResolutionFields, 'resolution'>;
type EscalationFields = InterventionFields & {
  interventionId: string;
  escalationLevel: number | null;
  requiredRole: RoleName | null;
};

const InterventionPayload = payloadType<InterventionFields>('InterventionPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    intervention: t.field({ type: Intervention, nullable: true, resolve: (payload) => payload.intervention }),
  }),
});

const InterventionResolutionResult = payloadType<ResolutionFields>('InterventionResolutionResult').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    sessionId: t.exposeID('sessionId', { nullable: true }),
    interventionId: t.exposeID('interventionId'),
    resolution: t.expose('resolution', { type: InterventionResolution, nullable: true }),
    sessionResumed: t.exposeBoolean('sessionResumed', {
      description: 'This answer took the session out of waiting.',
    }),
    intervention: t.field({ type: Intervention, nullable: true, resolve: (payload) => payload.intervention }),
  }),
});

const OptionSelectionResult = payloadType<SelectionFields>('OptionSelectionResult').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    sessionId: t.exposeID('sessionId', { nullable: true }),
    interventionId: t.exposeID('interventionId'),
    selectedOption: t.field({
      type: InterventionOption,
      nullable: true,
      resolve: ({ selectedOption }) => selectedOption,
    }),
    sessionResumed: t.exposeBoolean('sessionResumed'),
    intervention: t.field({ type: Intervention, nullable: true, resolve: (payload) => payload.intervention }),
  }),
});

const CustomResponseResult = payloadType<CustomFields>('CustomResponseResult').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    sessionId: t.exposeID('sessionId', { nullable: true }),
    interventionId: t.exposeID('interventionId'),
    sessionResumed: t.exposeBoolean('sessionResumed'),
    intervention: t.field({ type: Intervention, nullable: true, resolve: (payload) => payload.intervention }),
  }),
});

const EscalationResult = payloadType<EscalationFields>('EscalationResult').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    interventionId: t.exposeID('interventionId'),
    escalationLevel: t.exposeInt('escalationLevel', { nullable: true }),
    requiredRole: t.expose('requiredRole', { type: Role, nullable: true }),
    intervention: t.field({ type: Intervention, nullable: true, resolve: (payload) => payload.intervention }),
  }),
});

const InterventionOptionInput = builder.inputType('InterventionOptionInput', {
  description: 'One way to answer; its id is unique among the options.',
  fields: (t) => ({
    id: t.id({ required: true }),
    label: t.string({ required: true }),
    description: t.string({ required: true }),
    value: t.string({ required: true }),
    category: t.field({
      type: OptionCategory,
      description: 'SELECTION when left out. ESCALATION escalates when chosen.',
    }),
    metadata: t.field({
      type: 'JSON',
      description: "An object; folded into the session's context when chosen.",
    }),
    recommended: t.boolean({ defaultValue: false }),
    disabled: t.boolean({ defaultValue: false }),
  }),
});

const RequestInterventionInput = builder.inputType('RequestInterventionInput', {
  description:
    "Left out, urgency is NORMAL, and options, timeout, autoContinue and asyncMode come from the team's supervision " +
    'configuration. timeout is in seconds.',
  fields: (t) => ({
    sessionId: t.id({ required: true }),
    agentName: t.string({ required: true, description: 'At most 200 characters.' }),
    type: t.field({ type: InterventionType, required: true }),
    message: t.string({ required: true, description: 'At most 20,000 characters.' }),
    context: t.field({ type: 'JSON', description: 'An object of at most 256 kB.' }),
    urgency: t.field({ type: InterventionUrgency }),
    options: t.field({ type: [InterventionOptionInput], description: 'At most 50.' }),
    timeout: t.int({ description: '1 to 31,536,000 seconds.' }),
    autoContinue: t.boolean(),
    asyncMode: t.boolean(),
    responseSchema: t.field({ type: 'JSON', description: 'A JSON Schema.' }),
    idempotencyKey: t.string(),
  }),
});

const ResolutionType = builder.enumType('ResolutionType', {
  values: ['APPROVE', 'REJECT', 'MODIFY', 'ESCALATE'] as const,
});

const InterventionResolutionInput = builder.inputType('InterventionResolutionInput', {
  description: 'MODIFY needs modifications; ESCALATE may name a level.',
  fields: (t) => ({
    resolutionType: t.field({ type: ResolutionType, required: true }),
    reasoning: t.string(),
    modifications: t.field({ type: 'JSON' }),
    answer: t.field({ type: 'JSON' }),
    escalationLevel: t.int(),
    idempotencyKey: t.string(),
  }),
});

const EscalationInput = builder.inputType('EscalationInput', {
  description: 'To `level`, or the next one.',
  fields: (t) => ({ reason: t.string({ required: true }), level: t.int(), idempotencyKey: t.string() }),
});

/** A verb that answers with the intervention it was about. */
const about = (
  message: string,
  context: Context,
  id: string,
  work: () => Promise<{ change: Change | null }>,
) =>
  answer<InterventionFields>(
    message,
    async () => ({ intervention: await rowOf((await work()).change, id, context) }),
    async () => ({ intervention: await rowOf(null, id, context) }),
  );

/** What a refused answer shows: the intervention as it stands (behaviour 4.2). */
async function standing(id: string, context: Context): Promise<CustomFields> {
  const intervention = await rowOf(null, id, context);
  return {
    sessionId: intervention?.sessionId ?? null,
    interventionId: id,
    sessionResumed: false,
    intervention,
  };
}

builder.mutationFields((t) => ({
  requestIntervention: t.field({
    type: InterventionPayload,
    description: 'An agent asks; its session waits for a person.',
    args: { input: t.arg({ type: RequestInterventionInput, required: true }) },
    resolve(_, { input }, context) {
      authorize(context.viewer, 'intervention.ask');
      return answer<InterventionFields>(
        'intervention requested',
        async () => {
          const { reply, change } = await requestIntervention(context.house, context.viewer, input);
          return { intervention: await rowOf(change, reply.interventionId, context) };
        },
        () => ({ intervention: null }),
      );
    },
  }),
  cancelIntervention: t.field({
    type: InterventionPayload,
    description: 'Takes a request back.',
    args: { id: t.arg.id({ required: true }), reason: t.arg.string() },
    resolve(_, { id, reason }, context) {
      authorize(context.viewer, 'intervention.cancel');
      const cancel = () => cancelIntervention(context.house, context.viewer, id, reason ?? null);
      return about('intervention cancelled', context, id, cancel);
    },
  }),
  acknowledgeResponse: t.field({
    type: InterventionPayload,
    description: 'The agent has the answer and goes on with it.',
    args: { interventionId: t.arg.id({ required: true }) },
    resolve(_, { interventionId }, context) {
      authorize(context.viewer, 'session.report');
      const acknowledge = () => acknowledgeResponse(context.house, context.viewer, interventionId);
      return about('response acknowledged', context, interventionId, acknowledge);
    },
  }),
  claimIntervention: t.field({
    type: InterventionPayload,
    description: 'Says "I am on it": others then answer only by an override.',
    args: { id: t.arg.id({ required: true }) },
    resolve(_, { id }, context) {
      authorize(context.viewer, 'intervention.claim');
      return about('intervention claimed', context, id, () =>
        claimIntervention(context.house, context.viewer, id),
      );
    },
  }),
  releaseIntervention: t.field({
    type: InterventionPayload,
    args: { id: t.arg.id({ required: true }) },
    resolve(_, { id }, context) {
      authorize(context.viewer, 'intervention.claim');
      return about('intervention released', context, id, () =>
        releaseIntervention(context.house, context.viewer, id),
      );
    },
  }),
  resolveIntervention: t.field({
    type: InterventionResolutionResult,
    description: 'Approves, rejects, modifies or escalates.',
    args: {
      id: t.arg.id({ required: true }),
      resolution: t.arg({ type: InterventionResolutionInput, required: true }),
    },
    resolve(_, { id, resolution }, context) {
      authorize(context.viewer, 'intervention.resolve');
      return answer<ResolutionFields>(
        'intervention answered',
        async () => {
          const { reply, change } = await resolveIntervention(context.house, context.viewer, id, resolution);
          return { ...reply, intervention: await rowOf(change, id, context) };
        },
        async () => ({ ...(await standing(id, context)), resolution: null }),
      );
    },
  }),
  selectInterventionOption: t.field({
    type: OptionSelectionResult,
    description: 'Chooses one of the options.',
    args: {
      id: t.arg.id({ required: true }),
      optionId: t.arg.id({ required: true }),
      customInput: t.arg.string(),
      reasoning: t.arg.string(),
    },
    resolve(_, { id, ...input }, context) {
      authorize(context.viewer, 'intervention.resolve');
      return answer<SelectionFields>(
        'option selected',
        async () => {
          const { reply, change } = await selectInterventionOption(context.house, context.viewer, id, input);
          const intervention = await rowOf(change, id, context);
          return {
            ...reply,
            intervention,
            selectedOption:
              intervention &&
              (await shown(
                context,
                intervention.projectId,
                responseOf(intervention)?.selectedOption ?? null,
              )),
          };
        },
        async () => ({ ...(await standing(id, context)), selectedOption: null }),
      );
    },
  }),
  provideCustomResponse: t.field({
    type: CustomResponseResult,
    description:
      "Answers in a person's own words. responseType: approve, reject, modify, escalate, or any other name.",
    args: {
      id: t.arg.id({ required: true }),
      responseText: t.arg.string({ required: true }),
      responseType: t.arg.string({ required: true }),
      metadata: t.arg({ type: 'JSON' }),
      answer: t.arg({ type: 'JSON' }),
    },
    resolve(_, { id, ...input }, context) {
      authorize(context.viewer, 'intervention.resolve');
      return answer<CustomFields>(
        'response given',
        async () => {
          const { reply, change } = await provideCustomResponse(context.house, context.viewer, id, input);
          return { ...reply, intervention: await rowOf(change, id, context) };
        },
        () => standing(id, context),
      );
    },
  }),
  escalateIntervention: t.field({
    type: EscalationResult,
    description: 'Raises it to a level, or the next one.',
    args: { id: t.arg.id({ required: true }), escalation: t.arg({ type: EscalationInput, required: true }) },
    resolve(_, { id, escalation }, context) {
      authorize(context.viewer, 'intervention.escalate');
      return answer<EscalationFields>(
        'intervention escalated',
        async () => {
          const { reply, change } = await escalateIntervention(context.house, context.viewer, id, escalation);
          return { ...reply, intervention: await rowOf(change, id, context) };
        },
        async () => {
          const intervention = await rowOf(null, id, context);
          const { escalationLevel = null, requiredRole = null } = intervention ?? {};
          return { interventionId: id, escalationLevel, requiredRole, intervention };
        },
      );
    },
  }),
}));
