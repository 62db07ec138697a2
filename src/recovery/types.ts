import type {
  PrismaClient,
  RecoverySession as Row,
  RecoveryStep as StepRow,
} from '../generated/prisma/client.ts';
import {
  RecoveryStatus as StatusEnum,
  RecoveryStepStatus as StepStatusEnum,
  RecoveryType as TypeEnum,
} from '../generated/prisma/enums.ts';
import { RecoveryApproval } from '../approvals/types.ts';
import { EmergencyStatus, EmergencyStop } from '../emergency/types.ts';
import { builder } from '../graphql/builder.ts';
import { Node } from '../graphql/node.ts';
import { Actor } from '../identity/schema.ts';
import type { Actor as ActorShape } from '../identity/viewer.ts';
import { shown } from '../privacy/shown.ts';
import { lastRecoveryOf, readSteps } from './queries.ts';
import { currentStep, isDone, isOpen } from './rules.ts';

const keys = <T extends object>(values: T) => Object.keys(values) as (keyof T & string)[];

export const RecoveryType = builder.enumType('RecoveryType', {
  description:
    'AUTOMATED asks for its steps by itself and runs each as it is approved; GUIDED asks and runs when it is told to; ' +
    'MANUAL records what people did.',
  values: keys(TypeEnum),
});
const RecoveryStatus = builder.enumType('RecoveryStatus', { values: keys(StatusEnum) });
const RecoveryStepStatus = builder.enumType('RecoveryStepStatus', { values: keys(StepStatusEnum) });

/** A step, and whose keys open what is masked of it. */
type ShownStep = StepRow & { projectId: string };

const RecoveryStep = builder.objectRef<ShownStep>('RecoveryStep').implement({
  description: 'One step of a recovery; they are taken strictly in turn, each with an approval of its own.',
  fields: (t) => ({
    id: t.exposeID('id'),
    title: t.exposeString('title'),
    description: t.exposeString('description'),
    action: t.exposeString('action', {
      description: 'verify_cause, set_limits, requeue_tasks, abandon_tasks, resume_sessions or lift_stop.',
    }),
    parameters: t.field({
      type: 'JSON',
      description: 'What it is done with: the condition, the limits, the fate of each task and session.',
      resolve: ({ parameters }) => parameters,
    }),
    status: t.expose('status', { type: RecoveryStepStatus }),
    result: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What came of it; with `note` and `notedBy` where a person wrote something.',
      resolve: ({ result, projectId }, _, seer) => shown(seer, projectId, result),
    }),
    error: t.string({
      nullable: true,
      description: 'Why it could not be done, or was not allowed.',
      resolve: ({ error, projectId }, _, seer) => shown(seer, projectId, error),
    }),
  }),
});

/** A recovery's steps are read once, however many of its fields ask for them. */
const read = new WeakMap<Row, Promise<ShownStep[]>>();
function steps(row: Row, prisma: PrismaClient): Promise<ShownStep[]> {
  const known = read.get(row) ?? readShown(row, prisma);
  read.set(row, known);
  return known;
}

const readShown = async ({ id, projectId }: Row, prisma: PrismaClient): Promise<ShownStep[]> =>
  (await readSteps(prisma, id)).map((step) => ({ ...step, projectId }));

export const RecoverySession = builder.prismaObject('RecoverySession', {
  interfaces: [Node],
  description: 'The way back from an emergency stop: a plan that a manager approves, and its steps in turn.',
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeString('projectId'),
    emergencyStop: t.field({
      type: EmergencyStop,
      nullable: true,
      resolve: ({ stopId }, _, { house }) => house.prisma.emergencyStop.findUnique({ where: { id: stopId } }),
    }),
    recoveryType: t.expose('recoveryType', { type: RecoveryType }),
    status: t.expose('status', {
      type: RecoveryStatus,
      description: 'FAILED: a step failed or was rejected; it can be asked for and tried again.',
    }),
    assessment: t.field({
      type: 'JSON',
      description:
        'What was halted and why, the budget, the errors: as it was when the recovery was initiated.',
      resolve: ({ assessment, projectId }, _, seer) => shown(seer, projectId, assessment),
    }),
    initiatedBy: t.field({ type: Actor, resolve: ({ initiatedBy }) => initiatedBy as ActorShape }),
    steps: t.field({ type: [RecoveryStep], resolve: (row, _, { house }) => steps(row, house.prisma) }),
    stepsCompleted: t.int({
      description: 'Those that were skipped among them.',
      resolve: async (row, _, { house }) =>
        (await steps(row, house.prisma)).filter(({ status }) => isDone(status)).length,
    }),
    totalSteps: t.int({ resolve: async (row, _, { house }) => (await steps(row, house.prisma)).length }),
    currentStep: t.field({
      type: RecoveryStep,
      nullable: true,
      description: 'Whose turn it is; null once the recovery is over.',
      resolve: async (row, _, { house }) =>
        isOpen(row.status) ? currentStep({ steps: await steps(row, house.prisma) }) : null,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    completedAt: t.expose('completedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was over.',
    }),
  }),
});

builder.objectField(EmergencyStop, 'recoverySession', (t) =>
  t.field({
    type: RecoverySession,
    nullable: true,
    description: 'The last that was initiated.',
    resolve: ({ id }, _, { house }) => lastRecoveryOf(house.prisma, id),
  }),
);

builder.objectField(EmergencyStatus, 'recovery', (t) =>
  t.field({
    type: RecoverySession,
    nullable: true,
    description: 'The last one of the stop in force.',
    resolve: ({ stop }, _, { house }) => stop && lastRecoveryOf(house.prisma, stop.id),
  }),
);

builder.objectFields(RecoveryApproval, (t) => ({
  note: t.string({
    nullable: true,
    description: 'What whoever asked for a step wrote: what they are about to do.',
    resolve: ({ proposal, projectId }, _, seer) =>
      shown(seer, projectId, (proposal as { note?: string | null }).note ?? null),
  }),
  recoverySession: t.field({
    type: RecoverySession,
    resolve: ({ recoveryId }, _, { house }) =>
      house.prisma.recoverySession.findUniqueOrThrow({ where: { id: recoveryId! } }),
  }),
  step: t.field({
    type: RecoveryStep,
    nullable: true,
    description: 'The step that is asked for; null where the plan is.',
    async resolve({ stepId, projectId }, _, { house }) {
      if (stepId === null) return null;
      const step = await house.prisma.recoveryStep.findUnique({ where: { id: stepId } });
      return step === null ? null : { ...step, projectId };
    },
  }),
}));
