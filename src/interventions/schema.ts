import type { Intervention as Row } from '../generated/prisma/client.ts';
import { builder } from '../graphql/builder.ts';
import { pageArgs, pageOf, TimeRangeInput } from '../graphql/connection.ts';
import type { Context } from '../graphql/context.ts';
import { loadNodesWith } from '../graphql/node.ts';
import { RequestError } from '../kernel/errors.ts';
import { findTeam } from '../projects/schema.ts';
import { findIntervention, type InterventionFilter as Filter, listInterventions } from './queries.ts';
import { type CountBy as Count, type InterventionStats as Stats, readStats } from './stats.ts';
import {
  Intervention,
  InterventionConnection,
  InterventionStatus,
  InterventionType,
  InterventionUrgency,
} from './types.ts';

loadNodesWith('intervention', (id, { viewer, house }) => findIntervention(house.prisma, viewer, id));

const InterventionFilter = builder.inputType('InterventionFilter', {
  description: 'All that is given must hold; a list matches any of its values.',
  fields: (t) => ({
    status: t.field({ type: [InterventionStatus] }),
    type: t.field({ type: [InterventionType] }),
    urgency: t.field({ type: [InterventionUrgency] }),
    projectId: t.id(),
    teamId: t.id(),
    sessionId: t.id(),
    agentName: t.string(),
    claimedByMe: t.boolean(),
    createdAt: t.field({ type: TimeRangeInput }),
    search: t.string({
      description: 'Words in the message or the agent\'s name: all of them, "a phrase", a or b, -not.',
    }),
  }),
});

export const CountBy = builder.objectRef<Count>('CountBy').implement({
  fields: (t) => ({ key: t.exposeString('key'), count: t.exposeInt('count') }),
});

const InterventionStats = builder.objectRef<Stats>('InterventionStats').implement({
  description: 'Times are seconds from request to resolution; null where nothing was resolved.',
  fields: (t) => ({
    total: t.exposeInt('total'),
    pending: t.exposeInt('pending'),
    resolved: t.exposeInt('resolved'),
    timedOut: t.exposeInt('timedOut'),
    cancelled: t.exposeInt('cancelled'),
    escalated: t.exposeInt('escalated', { description: 'To any level, whatever became of them.' }),
    autoContinued: t.exposeInt('autoContinued'),
    byType: t.expose('byType', { type: [CountBy] }),
    byUrgency: t.expose('byUrgency', { type: [CountBy] }),
    byResolution: t.expose('byResolution', { type: [CountBy] }),
    averageResolutionTime: t.exposeFloat('averageResolutionTime', { nullable: true }),
    medianResolutionTime: t.exposeFloat('medianResolutionTime', { nullable: true }),
    p95ResolutionTime: t.exposeFloat('p95ResolutionTime', { nullable: true }),
  }),
});

/** The plain lists show this many, newest first. */
const newest = async (context: Context, filter: Filter): Promise<Row[]> =>
  (
    await listInterventions(context.house.database.query, context.viewer, filter, {
      kind: 'forward',
      limit: 200,
      after: null,
    })
  ).rows;

builder.queryFields((t) => ({
  intervention: t.field({
    type: Intervention,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, { viewer, house }) => findIntervention(house.prisma, viewer, id),
  }),
  interventions: t.field({
    type: InterventionConnection,
    description: 'Newest first.',
    args: { filter: t.arg({ type: InterventionFilter }), ...pageArgs(t.arg) },
    resolve: (_, { filter, ...page }, { viewer, house }) =>
      listInterventions(house.database.query, viewer, filter ?? {}, pageOf(page)),
  }),
  teamInterventions: t.field({
    type: [Intervention],
    description: 'The newest 200.',
    extensions: { cost: 200 },
    args: { teamId: t.arg.id({ required: true }) },
    resolve: (_, { teamId }, context) => newest(context, { teamId }),
  }),
  sessionInterventions: t.field({
    type: [Intervention],
    description: 'The newest 200.',
    extensions: { cost: 200 },
    args: { sessionId: t.arg.id({ required: true }) },
    resolve: (_, { sessionId }, context) => newest(context, { sessionId }),
  }),
  interventionStats: t.field({
    type: InterventionStats,
    args: { teamId: t.arg.id({ required: true }), timeRange: t.arg({ type: TimeRangeInput }) },
    async resolve(_, { teamId, timeRange }, context) {
      if ((await findTeam(teamId, context)) === null)
        throw new RequestError('NOT_FOUND', 'there is no such team');
      return readStats(context.house.prisma, teamId, timeRange ?? null);
    },
  }),
}));
