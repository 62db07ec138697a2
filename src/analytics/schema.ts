import { builder } from '../graphql/builder.ts';
import { TimeRangeInput } from '../graphql/connection.ts';
import { authorize } from '../identity/permissions.ts';
import { CountBy } from '../interventions/schema.ts';
import { RequestError } from '../kernel/errors.ts';
import { findProject, findTeam } from '../projects/schema.ts';
import { bucketOf, isReflex, QUICK, rangeFault } from './rules.ts';
import { type Bucket, type DecisionRows, type Group, type PersonRow, readDecisions } from './stats.ts';

interface Figures extends DecisionRows {
  from: Date;
  to: Date;
  bucketSeconds: number;
}
type Volume = Omit<Bucket, 'bucket'> & { at: Date };

const DecisionVolume = builder.objectRef<Volume>('DecisionVolume').implement({
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'Where the stretch of time begins.' }),
    asked: t.exposeInt('asked'),
    decided: t.exposeInt('decided', { description: 'Of those that were asked then.' }),
  }),
});

const DecisionGroup = builder.objectRef<Group>('DecisionGroup').implement({
  fields: (t) => ({
    key: t.exposeString('key'),
    asked: t.exposeInt('asked'),
    decided: t.exposeInt('decided'),
    rejected: t.exposeInt('rejected'),
    medianSeconds: t.exposeFloat('medianSeconds', { nullable: true }),
    p95Seconds: t.exposeFloat('p95Seconds', { nullable: true }),
  }),
});

const PersonDecisions = builder.objectRef<PersonRow>('PersonDecisions').implement({
  description: "One person's answers and votes.",
  fields: (t) => ({
    userId: t.exposeID('id'),
    name: t.exposeString('name'),
    decisions: t.exposeInt('decisions'),
    approved: t.exposeInt('approved'),
    rejected: t.exposeInt('rejected'),
    quickApprovals: t.exposeInt('quickApprovals', {
      description: `Approvals that came at most ${QUICK} s after they were asked for, or after what the same person decided before.`,
    }),
    medianSeconds: t.exposeFloat('medianSeconds', {
      nullable: true,
      description: 'From the request to the answer.',
    }),
    p95Seconds: t.exposeFloat('p95Seconds', { nullable: true }),
    reflex: t.boolean({
      description: 'Of at least 20 decisions 95 % are approvals, and 80 % of these quick ones.',
      resolve: isReflex,
    }),
  }),
});

const DecisionStats = builder.objectRef<Figures>('DecisionStats').implement({
  description:
    'Requests to people within a range: interventions and approvals of every kind, by when they were asked. Seconds are from ' +
    'the request to the decision, without the time for which a stop held it; null where nothing was decided.',
  fields: (t) => ({
    from: t.expose('from', { type: 'DateTime' }),
    to: t.expose('to', { type: 'DateTime' }),
    asked: t.exposeInt('asked'),
    decided: t.exposeInt('decided', { description: 'By people: no time-out, nothing continued by itself.' }),
    pending: t.exposeInt('pending'),
    medianSeconds: t.exposeFloat('medianSeconds', { nullable: true }),
    p95Seconds: t.exposeFloat('p95Seconds', { nullable: true }),
    byOutcome: t.expose('byOutcome', {
      type: [CountBy],
      description: 'STANDING_APPROVAL: what one let through in a person’s place.',
    }),
    bucketSeconds: t.exposeInt('bucketSeconds'),
    volume: t.field({
      type: [DecisionVolume],
      description: 'The stretches of time in which something was asked, oldest first.',
      resolve: ({ buckets, from, bucketSeconds }) =>
        buckets.map(({ bucket, ...counts }) => ({
          ...counts,
          at: new Date(from.getTime() + bucket * bucketSeconds * 1000),
        })),
    }),
    byType: t.expose('byType', {
      type: [DecisionGroup],
      description: "An intervention's type or an approval's kind; the most first, as below.",
    }),
    byAgent: t.expose('byAgent', { type: [DecisionGroup], description: 'At most 100.' }),
    byPerson: t.expose('byPerson', { type: [PersonDecisions], description: 'At most 100.' }),
  }),
});

builder.queryField('decisionStats', (t) =>
  t.field({
    type: DecisionStats,
    description: 'How people decide. For people alone: no agent is told who approves without looking.',
    args: {
      projectId: t.arg.id({ required: true }),
      teamId: t.arg.id(),
      timeRange: t.arg({
        type: TimeRangeInput,
        required: true,
        description: 'Both ends are required; at most 92 days.',
      }),
    },
    async resolve(_, { projectId, teamId, timeRange }, context): Promise<Figures> {
      authorize(context.viewer, 'analytics.read');
      const { from, to } = timeRange;
      const fault = rangeFault(from, to);
      if (fault !== null || !from || !to) throw new RequestError('BAD_USER_INPUT', fault ?? '');
      if ((await findProject(projectId, context)) === null)
        throw new RequestError('NOT_FOUND', 'there is no such project');
      if (teamId && (await findTeam(teamId, context))?.projectId !== projectId)
        throw new RequestError('NOT_FOUND', 'the project has no such team');
      const bucketSeconds = bucketOf(from, to);
      const scope = { projectId, teamId: teamId ?? null, from, to, bucketSeconds };
      return { ...(await readDecisions(context.house.prisma, scope)), from, to, bucketSeconds };
    },
  }),
);
