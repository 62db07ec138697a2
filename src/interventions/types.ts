import {
  DeliveryStatus as DeliveryEnum,
  InterventionResolution as ResolutionEnum,
  InterventionStatus as StatusEnum,
  InterventionType as TypeEnum,
  InterventionUrgency as UrgencyEnum,
} from '../generated/prisma/enums.ts';
import { builder } from '../graphql/builder.ts';
import { connectionType } from '../graphql/connection.ts';
import { Node } from '../graphql/node.ts';
import { Actor, Role, User } from '../identity/schema.ts';
import type { Actor as ActorShape } from '../identity/viewer.ts';
import { shown } from '../privacy/shown.ts';
import type { Intervention as Row } from '../generated/prisma/client.ts';
import type { EscalationStep as Step } from './deadlines.ts';
import { type Option, optionCategories, optionsOf } from './option.ts';
import { type HumanResponse as Response, responseOf } from './response.ts';
import { escalationsOf } from './rules.ts';

const keys = <T extends object>(values: T) => Object.keys(values) as (keyof T & string)[];

export const InterventionType = builder.enumType('InterventionType', { values: keys(TypeEnum) });
export const InterventionUrgency = builder.enumType('InterventionUrgency', { values: keys(UrgencyEnum) });
export const InterventionStatus = builder.enumType('InterventionStatus', { values: keys(StatusEnum) });
export const InterventionResolution = builder.enumType('InterventionResolution', {
  values: keys(ResolutionEnum),
});
export const DeliveryStatus = builder.enumType('DeliveryStatus', {
  description: 'Whether the answer has reached the agent.',
  values: keys(DeliveryEnum),
});
export const OptionCategory = builder.enumType('OptionCategory', { values: optionCategories });

export const InterventionOption = builder.objectRef<Option>('InterventionOption').implement({
  description: 'One way to answer.',
  fields: (t) => ({
    id: t.exposeID('id'),
    label: t.exposeString('label'),
    description: t.exposeString('description'),
    value: t.exposeString('value'),
    category: t.expose('category', { type: OptionCategory }),
    metadata: t.expose('metadata', { type: 'JSON' }),
    recommended: t.exposeBoolean('recommended'),
    disabled: t.exposeBoolean('disabled'),
    disabledReason: t.exposeString('disabledReason', {
      nullable: true,
      description: 'Why the option is disabled (a policy, a permission, a resource limit).',
    }),
  }),
});

const HumanResponse = builder.objectRef<Response>('HumanResponse').implement({
  description: 'An answer, exactly as it was given.',
  fields: (t) => ({
    responseType: t.exposeString('responseType', {
      description: 'approve, reject, modify, select_option, auto_continue, or a custom one.',
    }),
    content: t.exposeString('content'),
    selectedOption: t.field({
      type: InterventionOption,
      nullable: true,
      resolve: ({ selectedOption }) => selectedOption,
    }),
    customInput: t.exposeString('customInput', { nullable: true }),
    reasoning: t.exposeString('reasoning', { nullable: true }),
    modifications: t.expose('modifications', { type: 'JSON', nullable: true }),
    answer: t.expose('answer', {
      type: 'JSON',
      nullable: true,
      description: "What responseSchema's form was filled in with.",
    }),
    metadata: t.expose('metadata', { type: 'JSON' }),
    respondedBy: t.field({ type: Actor, resolve: ({ respondedBy }) => respondedBy }),
    timestamp: t.field({ type: 'DateTime', resolve: ({ timestamp }) => new Date(timestamp) }),
  }),
});

const EscalationStep = builder.objectRef<Step>('EscalationStep').implement({
  fields: (t) => ({
    level: t.exposeInt('level'),
    role: t.expose('role', { type: Role }),
    reason: t.exposeString('reason'),
    automatic: t.exposeBoolean('automatic', { description: 'By the clock, not by a person.' }),
    escalatedBy: t.field({ type: Actor, resolve: ({ escalatedBy }) => escalatedBy as ActorShape }),
    escalatedAt: t.field({ type: 'DateTime', resolve: ({ escalatedAt }) => new Date(escalatedAt) }),
    respondBy: t.field({ type: 'DateTime', nullable: true, resolve: ({ respondBy }) => new Date(respondBy) }),
  }),
});

export const Intervention = builder.prismaObject('Intervention', {
  interfaces: [Node],
  description:
    'What an agent asks of people. Its terms (deadlines, roles, options) were fixed when it was asked.',
  fields: (t) => ({
    id: t.exposeID('id'),
    type: t.expose('type', { type: InterventionType }),
    status: t.expose('status', { type: InterventionStatus }),
    agentName: t.exposeString('agentName'),
    teamId: t.exposeString('teamId'),
    sessionId: t.exposeString('sessionId'),
    context: t.field({
      type: 'JSON',
      resolve: ({ context, projectId }, _, seer) => shown(seer, projectId, context),
    }),
    urgency: t.expose('urgency', { type: InterventionUrgency }),
    message: t.string({ resolve: ({ message, projectId }, _, seer) => shown(seer, projectId, message) }),
    options: t.field({
      type: [InterventionOption],
      resolve: (row, _, seer) => shown(seer, row.projectId, optionsOf(row)),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    resolvedAt: t.expose('resolvedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it stopped being pending.',
    }),
    resolvedBy: t.relation('resolvedBy', { nullable: true, type: User }),
    resolution: t.expose('resolution', { type: InterventionResolution, nullable: true }),
    humanResponse: t.field({
      type: HumanResponse,
      nullable: true,
      resolve: (row, _, seer) => shown(seer, row.projectId, responseOf(row)),
    }),
    escalationLevel: t.int({
      nullable: true,
      description: '0 until first escalated.',
      resolve: (row) => row.escalationLevel,
    }),
    escalations: t.field({
      type: [EscalationStep],
      resolve: (row, _, seer) => shown(seer, row.projectId, escalationsOf(row)),
    }),
    requiredRole: t.expose('requiredRole', {
      type: Role,
      description: 'The role that must answer at the present escalation level; a higher one may.',
    }),
    claimedBy: t.field({ type: Actor, nullable: true, resolve: (row) => row.claimedBy as ActorShape | null }),
    timeout: t.int({
      nullable: true,
      description: 'Seconds of the first window.',
      resolve: (row) => row.timeout,
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The end of the window that is running; null once it is not pending.',
    }),
    frozen: t.boolean({
      description:
        'Held by an emergency stop: it can only be rejected or cancelled, and its deadlines stand still.',
      resolve: ({ frozenAt }) => frozenAt !== null,
    }),
    autoContinue: t.exposeBoolean('autoContinue'),
    asyncMode: t.exposeBoolean('asyncMode'),
    trigger: t.exposeString('trigger', {
      nullable: true,
      description: 'Which condition or custom trigger raised it, if a rule did.',
    }),
    workstationUrl: t.string({
      description: 'A link to this intervention in the workstation.',
      resolve: ({ id }, _, { house }) => `${house.publicUrl()}/interventions/${id}`,
    }),
    responseSchema: t.expose('responseSchema', {
      type: 'JSON',
      nullable: true,
      description:
        "JSON Schema that an answer's `answer` must satisfy; the workstation draws a form from it.",
    }),
    delivery: t.expose('delivery', {
      type: DeliveryStatus,
      description: 'Whether the answer has reached the agent: a decision that nobody received is not done.',
    }),
    acknowledgedAt: t.expose('acknowledgedAt', { type: 'DateTime', nullable: true }),
  }),
});

export const InterventionConnection = connectionType<Row>('Intervention', Intervention, ({ id }) => id);
