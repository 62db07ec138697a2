import type { ConversationTurn as TurnRow, Session as Row } from '../generated/prisma/client.ts';
import {
  SessionStatus as StatusEnum,
  TaskStatus as TaskStatusEnum,
  type InterventionType as TypeName,
} from '../generated/prisma/enums.ts';
import DataLoader from 'dataloader';
import { builder } from '../graphql/builder.ts';
import { connectionType, cursorArgs, pageOf } from '../graphql/connection.ts';
import type { Context } from '../graphql/context.ts';
import { Node } from '../graphql/node.ts';
import { optionsOf, type Option } from '../interventions/option.ts';
import { listInterventions } from '../interventions/queries.ts';
import {
  Intervention,
  InterventionConnection,
  InterventionOption,
  InterventionType,
} from '../interventions/types.ts';
import { AgentType, Team } from '../projects/schema.ts';
import { shown } from '../privacy/shown.ts';
import { findSessions } from './queries.ts';

export const SessionStatus = builder.enumType('SessionStatus', {
  values: Object.keys(StatusEnum) as (keyof typeof StatusEnum)[],
});
export const TaskStatus = builder.enumType('TaskStatus', {
  values: Object.keys(TaskStatusEnum) as (keyof typeof TaskStatusEnum)[],
});

/** The most that a session's plain lists show; the connections reach everything. */
const NEWEST = 1000;

const ConversationTurn = builder.objectRef<TurnRow>('ConversationTurn').implement({
  fields: (t) => ({
    agentName: t.exposeString('agentName'),
    input: t.exposeString('input'),
    response: t.exposeString('response'),
    timestamp: t.expose('timestamp', { type: 'DateTime' }),
  }),
});

interface Point {
  interventionId: string;
  agentName: string;
  interventionType: TypeName;
  message: string;
  options: Option[];
  timestamp: Date;
}

const InterventionPoint = builder.objectRef<Point>('InterventionPoint').implement({
  description: 'Where the session paused for people.',
  fields: (t) => ({
    interventionId: t.exposeString('interventionId'),
    agentName: t.exposeString('agentName'),
    interventionType: t.expose('interventionType', { type: InterventionType }),
    message: t.exposeString('message'),
    options: t.field({ type: [InterventionOption], resolve: ({ options }) => options }),
    timestamp: t.expose('timestamp', { type: 'DateTime' }),
  }),
});

export const Task = builder.prismaObject('Task', {
  interfaces: [Node],
  description: 'One piece of work given to one agent.',
  fields: (t) => ({
    id: t.exposeID('id'),
    sessionId: t.exposeString('sessionId'),
    agentName: t.exposeString('agentName'),
    agentType: t.expose('agentType', { type: AgentType }),
    instructions: t.string({
      resolve: ({ instructions, projectId }, _, seer) => shown(seer, projectId, instructions),
    }),
    status: t.expose('status', { type: TaskStatus }),
    result: t.field({
      type: 'JSON',
      nullable: true,
      resolve: ({ result, projectId }, _, seer) => shown(seer, projectId, result),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

export const Session = builder.prismaObject('Session', {
  interfaces: [Node],
  description: 'One piece of supervised work.',
  fields: (t) => ({
    id: t.exposeID('id'),
    teamId: t.exposeString('teamId'),
    team: t.relation('team', { type: Team }),
    projectId: t.exposeString('projectId'),
    status: t.expose('status', { type: SessionStatus }),
    runner: t.exposeString('runner', {
      description: '"external": the agent runs elsewhere and drives the session by mutations.',
    }),
    initialMessage: t.string({
      resolve: ({ initialMessage, projectId }, _, seer) => shown(seer, projectId, initialMessage),
    }),
    conversationHistory: t.field({
      type: [ConversationTurn],
      description: 'Oldest first; the newest 1,000 turns.',
      async resolve({ id, projectId }, _, seer) {
        const turns = await seer.house.prisma.conversationTurn.findMany({
          where: { sessionId: id },
          orderBy: { id: 'desc' },
          take: NEWEST,
        });
        return shown(seer, projectId, turns.reverse());
      },
    }),
    context: t.field({
      type: 'JSON',
      description: 'What it was started with, and what people answered.',
      resolve: ({ context, projectId }, _, seer) => shown(seer, projectId, context),
    }),
    interventionPoints: t.field({
      type: [InterventionPoint],
      description: 'Oldest first; the newest 1,000.',
      async resolve({ id, projectId }, _, seer) {
        const rows = await seer.house.prisma.intervention.findMany({
          where: { sessionId: id },
          orderBy: { id: 'desc' },
          take: NEWEST,
          select: { id: true, agentName: true, type: true, message: true, options: true, createdAt: true },
        });
        const points = rows.reverse().map((row) => ({
          interventionId: row.id,
          agentName: row.agentName,
          interventionType: row.type,
          message: row.message,
          options: optionsOf(row),
          timestamp: row.createdAt,
        }));
        return shown(seer, projectId, points);
      },
    }),
    interventions: t.field({
      type: InterventionConnection,
      description: 'Newest first.',
      args: cursorArgs(t.arg),
      resolve: ({ id }, args, { viewer, house }) =>
        listInterventions(house.database.query, viewer, { sessionId: id }, pageOf(args)),
    }),
    tasks: t.field({
      type: [Task],
      description: 'Oldest first; the newest 1,000.',
      async resolve({ id }, _, { house }) {
        const tasks = await house.prisma.task.findMany({
          where: { sessionId: id },
          orderBy: { id: 'desc' },
          take: NEWEST,
        });
        return tasks.reverse();
      },
    }),
    currentIntervention: t.field({
      type: Intervention,
      nullable: true,
      description: 'The oldest one pending.',
      resolve: ({ currentInterventionId: id }, _, { house }) =>
        id === null ? null : house.prisma.intervention.findUnique({ where: { id } }),
    }),
    interventionCount: t.exposeInt('interventionCount'),
    lastInterventionAt: t.expose('lastInterventionAt', { type: 'DateTime', nullable: true }),
    result: t.field({
      type: 'JSON',
      nullable: true,
      resolve: ({ result, projectId }, _, seer) => shown(seer, projectId, result),
    }),
    failureReason: t.string({
      nullable: true,
      resolve: ({ failureReason, projectId }, _, seer) => shown(seer, projectId, failureReason),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    lastActivity: t.expose('lastActivity', { type: 'DateTime' }),
  }),
});

export const SessionConnection = connectionType<Row>('Session', Session, ({ id }) => id);

/** One query for the sessions of all the interventions that a request shows. */
const loaders = new WeakMap<Context, DataLoader<string, Row>>();
function sessionOf(id: string, context: Context): Promise<Row> {
  let loader = loaders.get(context);
  if (loader === undefined) {
    const load = async (ids: readonly string[]) => {
      const rows = await findSessions(context.house.database.query, [...new Set(ids)]);
      const byId = new Map(rows.map((row) => [row.id, row]));
      return ids.map((wanted) => byId.get(wanted) ?? new Error('the session is gone'));
    };
    // Batched but not cached: a mutation that follows in the same request must see what it changed.
    loader = new DataLoader(load, { cache: false });
    loaders.set(context, loader);
  }
  return loader.load(id);
}

builder.prismaObjectField('Intervention', 'session', (t) =>
  t.field({ type: Session, resolve: ({ sessionId }, _, context) => sessionOf(sessionId, context) }),
);
