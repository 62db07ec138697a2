import DataLoader from 'dataloader';
import type {
  Agent as AgentRow,
  Project as ProjectRow,
  Team as TeamRow,
} from '../generated/prisma/client.ts';
import { AgentType as AgentTypeEnum } from '../generated/prisma/enums.ts';
import { Budget, BudgetLimitsInput, mustLoadBudget } from '../budgets/types.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { loadNodesWith, Node } from '../graphql/node.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { inScope } from '../identity/viewer.ts';
import { createProject } from './create-project.ts';
import { withWarnings } from '../supervision/configuration.ts';
import { createTeam } from './create-team.ts';
import {
  type AgentStatus as Status,
  agentStatuses,
  readAgentStatuses,
  readTeamStatus,
  type TeamStatus as StatusRow,
} from './team-status.ts';

export const AgentType = builder.enumType('AgentType', {
  values: Object.keys(AgentTypeEnum) as (keyof typeof AgentTypeEnum)[],
});
const AgentStatus = builder.enumType('AgentStatus', { values: agentStatuses });

/** One query for all the agents that one request shows. */
const statuses = new WeakMap<Context, DataLoader<AgentRow, Status>>();
function statusOf(agent: AgentRow, context: Context): Promise<Status> {
  let loader = statuses.get(context);
  if (loader === undefined) {
    loader = new DataLoader((agents) => readAgentStatuses(context.house.prisma, agents), { cache: false });
    statuses.set(context, loader);
  }
  return loader.load(agent);
}

const Agent = builder.prismaObject('Agent', {
  interfaces: [Node],
  description: 'Known by name within a team, from the first time it acts.',
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    type: t.expose('type', { type: AgentType }),
    status: t.field({
      type: AgentStatus,
      description:
        'Read off what it is doing: WAITING_FOR_HITL while a request, a call or an answer of its is pending.',
      resolve: (agent, _, context) => statusOf(agent, context),
    }),
    lastActivity: t.expose('lastActivity', {
      type: 'DateTime',
      nullable: true,
      description: 'To the second.',
    }),
  }),
});

const agentsOf = (teamId: string, { house }: Context) =>
  house.prisma.agent.findMany({ where: { teamId }, orderBy: { name: 'asc' }, take: 1000 });

export const TeamStatus = builder.objectRef<StatusRow>('TeamStatus').implement({
  fields: (t) => ({
    teamId: t.exposeID('teamId'),
    agents: t.field({ type: [Agent], resolve: ({ teamId }, _, context) => agentsOf(teamId, context) }),
    activeSessions: t.exposeInt('activeSessions', { description: 'Running, not waiting for a person.' }),
    waitingSessions: t.exposeInt('waitingSessions'),
    pendingInterventions: t.exposeInt('pendingInterventions'),
    pendingApprovals: t.exposeInt('pendingApprovals'),
    emergencyStopped: t.exposeBoolean('emergencyStopped', {
      description: 'An emergency stop of its project is in force.',
    }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
});

export const Team = builder.prismaObject('Team', {
  interfaces: [Node],
  description: 'A team of agents, supervised by one configuration.',
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    project: t.relation('project'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    agents: t.field({
      type: [Agent],
      description: 'By name; at most 1,000.',
      resolve: ({ id }, _, context) => agentsOf(id, context),
    }),
    status: t.field({
      type: TeamStatus,
      resolve: ({ id }, _, { house }) => readTeamStatus(house.prisma, id, house.clock.now()),
    }),
  }),
});

export const Project = builder.prismaObject('Project', {
  interfaces: [Node],
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    budget: t.field({ type: Budget, resolve: ({ id }, _, context) => mustLoadBudget(id, context) }),
    teams: t.relation('teams', { query: { orderBy: { id: 'desc' }, take: 1000 } }),
  }),
});

export const findProject = async (id: string, { viewer, house }: Context): Promise<ProjectRow | null> =>
  inScope(viewer, id) ? house.prisma.project.findUnique({ where: { id } }) : null;

export async function findTeam(id: string, { viewer, house }: Context): Promise<TeamRow | null> {
  const team = await house.prisma.team.findUnique({ where: { id } });
  return team && inScope(viewer, team.projectId) ? team : null;
}

loadNodesWith('project', findProject);
loadNodesWith('team', findTeam);
loadNodesWith('agent', async (id, context) => {
  const agent = await context.house.prisma.agent.findUnique({ where: { id } });
  return agent && (await findTeam(agent.teamId, context)) ? agent : null;
});

builder.queryFields((t) => ({
  project: t.field({
    type: Project,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context) => findProject(id, context),
  }),
  projects: t.field({
    type: [Project],
    description: 'Newest first; at most 1,000.',
    resolve: (_, __, { viewer, house }) =>
      house.prisma.project.findMany({
        where: viewer.projectId === null ? {} : { id: viewer.projectId },
        orderBy: { id: 'desc' },
        take: 1000,
      }),
  }),
  team: t.field({
    type: Team,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context) => findTeam(id, context),
  }),
}));

type ProjectFields = { project: ProjectRow | null };
export type TeamFields = { team: TeamRow | null };

const ProjectPayload = payloadType<ProjectFields>('ProjectPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({ project: t.field({ type: Project, nullable: true, resolve: ({ project }) => project }) }),
});

export const TeamPayload = payloadType<TeamFields>('TeamPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({ team: t.field({ type: Team, nullable: true, resolve: ({ team }) => team }) }),
});

const CreateProjectInput = builder.inputType('CreateProjectInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: 'At most 200 characters.' }),
    timeZone: t.string({ description: 'IANA name; UTC when left out.' }),
    limits: t.field({ type: BudgetLimitsInput }),
    idempotencyKey: t.string(),
  }),
});

const CreateTeamInput = builder.inputType('CreateTeamInput', {
  fields: (t) => ({
    projectId: t.id({ required: true }),
    name: t.string({ required: true, description: 'At most 200 characters.' }),
    supervision: t.string({ description: 'As updateSupervision takes it.' }),
    idempotencyKey: t.string(),
  }),
});

builder.mutationFields((t) => ({
  createProject: t.field({
    type: ProjectPayload,
    args: { input: t.arg({ type: CreateProjectInput, required: true }) },
    resolve(_, { input }, { viewer, house }) {
      authorize(viewer, 'project.create');
      return answer<ProjectFields>(
        'project created',
        async () => ({ project: await createProject(house, viewer, input) }),
        () => ({ project: null }),
      );
    },
  }),
  createTeam: t.field({
    type: TeamPayload,
    args: { input: t.arg({ type: CreateTeamInput, required: true }) },
    resolve(_, { input }, { viewer, house }) {
      authorize(viewer, 'team.create');
      return answer<TeamFields>(
        () => withWarnings('team created', input.supervision ?? '', house.supervisionEnvironment),
        async () => ({ team: await createTeam(house, viewer, input) }),
        () => ({ team: null }),
      );
    },
  }),
}));
