import type { Session as Row, Task as TaskRow } from '../generated/prisma/client.ts';
import { builder } from '../graphql/builder.ts';
import { pageArgs, pageOf } from '../graphql/connection.ts';
import type { Context } from '../graphql/context.ts';
import { loadNodesWith } from '../graphql/node.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import type { ErrorCode } from '../kernel/errors.ts';
import { findIntervention } from '../interventions/queries.ts';
import { resumeSession } from '../interventions/resume.ts';
import { Intervention } from '../interventions/types.ts';
import type { Intervention as InterventionRow } from '../generated/prisma/client.ts';
import { AgentType } from '../projects/schema.ts';
import type { Change } from './aggregate.ts';
import { appendConversationTurn } from './append-turn.ts';
import { cancelSession, completeSession, failSession } from './end.ts';
import { findSession, findTask, listSessions } from './queries.ts';
import { type Directive, reportExecutionEvent } from './report.ts';
import { createSession } from './start.ts';
import { createTask, finishTask } from './tasks.ts';
import { Session, SessionConnection, SessionStatus, Task, TaskStatus } from './types.ts';

loadNodesWith('session', (id, { viewer, house }) => findSession(house.prisma, viewer, id));
loadNodesWith('task', (id, { viewer, house }) => findTask(house.prisma, viewer, id));

builder.queryFields((t) => ({
  session: t.field({
    type: Session,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, { viewer, house }) => findSession(house.prisma, viewer, id),
  }),
  sessions: t.field({
    type: SessionConnection,
    description: 'Newest first.',
    args: { teamId: t.arg.id(), status: t.arg({ type: SessionStatus }), ...pageArgs(t.arg) },
    resolve: (_, { teamId, status, ...page }, { viewer, house }) =>
      listSessions(house.database.query, viewer, { teamId, status }, pageOf(page)),
  }),
}));

type SessionFields = { session: Row | null };
type TaskFields = { task: TaskRow | null };
type ReportFields = { directive: Directive; intervention: InterventionRow | null };
type ResumeFields = SessionFields & { sessionId: string };

const SessionPayload = payloadType<SessionFields>('SessionPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({ session: t.field({ type: Session, nullable: true, resolve: ({ session }) => session }) }),
});

const TaskPayload = payloadType<TaskFields>('TaskPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({ task: t.field({ type: Task, nullable: true, resolve: ({ task }) => task }) }),
});

const ExecutionDirective = builder.enumType('ExecutionDirective', {
  description: 'What the agent does next: goes on, waits for the intervention, or stops at once.',
  values: ['CONTINUE', 'PAUSE', 'HALT'] as const,
});

const ExecutionEventPayload = payloadType<ReportFields>('ExecutionEventPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    directive: t.expose('directive', { type: ExecutionDirective }),
    intervention: t.field({
      type: Intervention,
      nullable: true,
      resolve: ({ intervention }) => intervention,
    }),
  }),
});

const SessionResumeResult = payloadType<ResumeFields>('SessionResumeResult').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    sessionId: t.exposeID('sessionId'),
    session: t.field({ type: Session, nullable: true, resolve: ({ session }) => session }),
  }),
});

const CreateSessionInput = builder.inputType('CreateSessionInput', {
  description:
    'runner names an agent runner ("external": the agent runs elsewhere and drives the session by mutations).',
  fields: (t) => ({
    teamId: t.id({ required: true }),
    initialMessage: t.string({ required: true, description: 'At most 20,000 characters.' }),
    context: t.field({ type: 'JSON', description: 'An object of at most 256 kB.' }),
    runner: t.string({ defaultValue: 'external' }),
    idempotencyKey: t.string(),
  }),
});

const CreateTaskInput = builder.inputType('CreateTaskInput', {
  fields: (t) => ({
    sessionId: t.id({ required: true }),
    agentName: t.string({ required: true }),
    agentType: t.field({ type: AgentType, defaultValue: 'CUSTOM' }),
    instructions: t.string({ required: true, description: 'At most 20,000 characters.' }),
    idempotencyKey: t.string(),
  }),
});

const ConversationTurnInput = builder.inputType('ConversationTurnInput', {
  fields: (t) => ({
    agentName: t.string({ required: true }),
    input: t.string({ required: true }),
    response: t.string({ required: true }),
    idempotencyKey: t.string(),
  }),
});

const ExecutionEventInput = builder.inputType('ExecutionEventInput', {
  description:
    'type is an event name such as agent_handoff, tool_call, error_occurred, milestone_reached, task_completion, ' +
    'confidence_low, external_api_call; metrics are what conditions read, e.g. {"confidence_score": 0.6, "cost": 1200}.',
  fields: (t) => ({
    sessionId: t.id({ required: true }),
    agentName: t.string({ required: true }),
    type: t.string({ required: true }),
    input: t.string(),
    output: t.string(),
    metrics: t.field({ type: 'JSON' }),
    context: t.field({ type: 'JSON' }),
    idempotencyKey: t.string(),
  }),
});

const HumanResponseInput = builder.inputType('HumanResponseInput', {
  description: 'As provideCustomResponse, or with optionId as selectInterventionOption.',
  fields: (t) => ({
    responseType: t.string({ required: true }),
    content: t.string({ required: true }),
    optionId: t.id(),
    customInput: t.string(),
    answer: t.field({ type: 'JSON' }),
    metadata: t.field({ type: 'JSON' }),
    idempotencyKey: t.string(),
  }),
});

/** The row that a verb just wrote; after a repeat, as it stands now. `version` is raised by the write. */
const written = async (change: Change | null, id: string, { viewer, house }: Context): Promise<Row | null> =>
  change?.session ?? findSession(house.prisma, viewer, id);

const aboutSession = (
  message: string,
  context: Context,
  id: string,
  work: () => Promise<{ change: Change | null }>,
) =>
  answer<SessionFields>(
    message,
    async () => ({ session: await written((await work()).change, id, context) }),
    async () => ({ session: await findSession(context.house.prisma, context.viewer, id) }),
  );

/** Reports that were not recorded, and may be once what was wrong with them or with the queue is not so any more. */
const MAY_TRY_AGAIN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['INVALID_INPUT', 'QUEUE_FULL']);

/** The one that a report just made, or else as it stands now. Null ids: a report that nothing asked about. */
async function interventionOf(
  change: Change | null,
  id: string | null | undefined,
  { viewer, house }: Context,
): Promise<InterventionRow | null> {
  if (!id) return null;
  return change?.asked?.find((row) => row.id === id) ?? findIntervention(house.prisma, viewer, id);
}

const writtenTask = async (
  change: Change | null,
  id: string,
  { viewer, house }: Context,
): Promise<TaskRow | null> =>
  change?.tasks?.find((task) => task.id === id) ?? findTask(house.prisma, viewer, id);

builder.mutationFields((t) => ({
  createSession: t.field({
    type: SessionPayload,
    args: { input: t.arg({ type: CreateSessionInput, required: true }) },
    resolve(_, { input }, context) {
      authorize(context.viewer, 'session.create');
      return answer<SessionFields>(
        'session created',
        async () => {
          const { reply, change } = await createSession(context.house, context.viewer, input);
          return { session: await written(change, reply.sessionId, context) };
        },
        () => ({ session: null }),
      );
    },
  }),
  appendConversationTurn: t.field({
    type: SessionPayload,
    args: {
      sessionId: t.arg.id({ required: true }),
      turn: t.arg({ type: ConversationTurnInput, required: true }),
    },
    resolve(_, { sessionId, turn }, context) {
      authorize(context.viewer, 'session.report');
      return aboutSession('turn added', context, sessionId, () =>
        appendConversationTurn(context.house, context.viewer, sessionId, turn),
      );
    },
  }),
  reportExecutionEvent: t.field({
    type: ExecutionEventPayload,
    description:
      'Tells the server what an agent did or met; configured triggers may pause the session and ask a person.',
    args: { input: t.arg({ type: ExecutionEventInput, required: true }) },
    resolve(_, { input }, context) {
      const { viewer, house } = context;
      authorize(viewer, 'session.report');
      return answer<ReportFields>(
        'event recorded',
        async () => {
          const { reply, change } = await reportExecutionEvent(house, viewer, input);
          const { directive, interventionId } = reply;
          return { directive, intervention: await interventionOf(change, interventionId, context) };
        },
        // Fails closed: what was not recorded is not gone on with; where the session is over, the agent stops.
        ({ code }) => ({ directive: MAY_TRY_AGAIN.has(code) ? 'PAUSE' : 'HALT', intervention: null }),
      );
    },
  }),
  completeSession: t.field({
    type: SessionPayload,
    args: { sessionId: t.arg.id({ required: true }), result: t.arg({ type: 'JSON' }) },
    resolve(_, { sessionId, result }, context) {
      authorize(context.viewer, 'session.end');
      return aboutSession('session completed', context, sessionId, () =>
        completeSession(context.house, context.viewer, sessionId, result ?? null),
      );
    },
  }),
  failSession: t.field({
    type: SessionPayload,
    description: 'What is pending is cancelled.',
    args: { sessionId: t.arg.id({ required: true }), reason: t.arg.string({ required: true }) },
    resolve(_, { sessionId, reason }, context) {
      authorize(context.viewer, 'session.end');
      return aboutSession('session failed', context, sessionId, () =>
        failSession(context.house, context.viewer, sessionId, reason),
      );
    },
  }),
  cancelSession: t.field({
    type: SessionPayload,
    description: 'What is pending is cancelled.',
    args: { sessionId: t.arg.id({ required: true }), reason: t.arg.string() },
    resolve(_, { sessionId, reason }, context) {
      authorize(context.viewer, 'session.end');
      return aboutSession('session cancelled', context, sessionId, () =>
        cancelSession(context.house, context.viewer, sessionId, reason ?? null),
      );
    },
  }),
  createTask: t.field({
    type: TaskPayload,
    args: { input: t.arg({ type: CreateTaskInput, required: true }) },
    resolve(_, { input }, context) {
      authorize(context.viewer, 'task.write');
      return answer<TaskFields>(
        'task created',
        async () => {
          const { reply, change } = await createTask(context.house, context.viewer, input);
          return { task: await writtenTask(change, reply.taskId, context) };
        },
        () => ({ task: null }),
      );
    },
  }),
  finishTask: t.field({
    type: TaskPayload,
    description: 'COMPLETED or FAILED.',
    args: {
      taskId: t.arg.id({ required: true }),
      status: t.arg({ type: TaskStatus, required: true }),
      result: t.arg({ type: 'JSON' }),
    },
    resolve(_, { taskId, status, result }, context) {
      authorize(context.viewer, 'task.write');
      return answer<TaskFields>(
        'task finished',
        async () => {
          const { change } = await finishTask(context.house, context.viewer, {
            taskId,
            status,
            result: result ?? null,
          });
          return { task: await writtenTask(change, taskId, context) };
        },
        async () => ({ task: await findTask(context.house.prisma, context.viewer, taskId) }),
      );
    },
  }),
  resumeSession: t.field({
    type: SessionResumeResult,
    description: "Answers the session's current intervention, or revives a session that timed out.",
    args: {
      sessionId: t.arg.id({ required: true }),
      humanResponse: t.arg({ type: HumanResponseInput, required: true }),
    },
    resolve(_, { sessionId, humanResponse }, context) {
      authorize(context.viewer, 'session.resume');
      return answer<ResumeFields>(
        'session resumed',
        async () => {
          const { change } = await resumeSession(context.house, context.viewer, sessionId, humanResponse);
          return { sessionId, session: await written(change, sessionId, context) };
        },
        async () => ({
          sessionId,
          session: await findSession(context.house.prisma, context.viewer, sessionId),
        }),
      );
    },
  }),
}));
