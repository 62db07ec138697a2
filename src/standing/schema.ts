import type { StandingApproval as Row } from '../generated/prisma/client.ts';
import { AgentCallApproval, RiskLevel } from '../approvals/types.ts';
import { toDecimal } from '../budgets/state.ts';
import { builder } from '../graphql/builder.ts';
import { cursorArgs, pageOf } from '../graphql/connection.ts';
import { loadNodesWith } from '../graphql/node.ts';
import { authorize } from '../identity/permissions.ts';
import { DomainError, RequestError } from '../kernel/errors.ts';
import { findStandingApproval, listStanding } from './queries.ts';
import { MOST_USES } from './rules.ts';
import { MOST_SHOWN, simulateStandingApproval, type Simulation } from './simulate.ts';
import { StandingApproval, StandingApprovalConnection } from './types.ts';

/** Fields' worth: it reads up to 1,000 calls, where most fields read one row. */
const SIMULATION_COST = 1_000;

loadNodesWith<Row>(
  'standing',
  (id, { viewer, house }) => findStandingApproval(house.prisma, viewer, id),
  () => 'StandingApproval',
);

const StandingApprovalSimulation = builder.objectRef<Simulation>('StandingApprovalSimulation').implement({
  description: 'What a standing approval would have let through in the last 30 days, the oldest call first.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'Calls that it would have let through.' }),
    estimatedCost: t.field({
      type: 'Decimal',
      description: 'Dollars that those were estimated at.',
      resolve: ({ cost }) => toDecimal(cost),
    }),
    calls: t.field({
      type: [AgentCallApproval],
      description: 'The first of them, the oldest first.',
      args: {
        first: t.arg.int({ defaultValue: MOST_SHOWN, description: `1 to ${MOST_SHOWN}.` }),
      },
      resolve({ calls }, { first }) {
        const most = first ?? MOST_SHOWN;
        if (most < 1 || most > MOST_SHOWN)
          throw new RequestError('BAD_USER_INPUT', `first must be 1 to ${MOST_SHOWN}`);
        return calls.slice(0, most);
      },
    }),
    examined: t.exposeInt('examined', {
      description:
        'Calls of this agent’s action that were weighed: at most the newest 1,000 of its last 10,000 calls.',
    }),
    complete: t.exposeBoolean('complete', {
      description:
        'Whether that was all there is: false where there are more, or the condition took longer than a second.',
    }),
  }),
});

const StandingApprovalSimulationInput = builder.inputType('StandingApprovalSimulationInput', {
  description: 'As for createStandingApproval, of any agent call: nothing is granted.',
  fields: (t) => ({
    approvalId: t.id({ required: true, description: 'An agent call, in whatever state.' }),
    condition: t.string({ description: 'CEL over `input`, at most 2,000 characters; left out: any input.' }),
    maximumRisk: t.field({ type: RiskLevel, description: "LOW or MEDIUM; the call's own when left out." }),
    maximumUses: t.int({ defaultValue: MOST_USES, description: '1 to 10,000.' }),
    maximumCost: t.field({
      type: 'Decimal',
      required: true,
      description: 'Dollars, over all its uses: 0 or more, at most four places.',
    }),
  }),
});

builder.queryFields((t) => ({
  standingApprovalSimulation: t.field({
    type: StandingApprovalSimulation,
    description:
      'What it would have let through, by the same decision as any call that is asked for, and counted in the same way. For ' +
      'whoever may grant one.',
    args: { input: t.arg({ type: StandingApprovalSimulationInput, required: true }) },
    extensions: { cost: SIMULATION_COST },
    async resolve(_, { input }, { viewer, house }) {
      authorize(viewer, 'approval.grant');
      try {
        const scope = { ...input, maximumUses: input.maximumUses ?? MOST_USES };
        return await simulateStandingApproval(house, viewer, scope);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        throw new RequestError(error.code === 'NOT_FOUND' ? 'NOT_FOUND' : 'BAD_USER_INPUT', error.message);
      }
    },
  }),
  standingApproval: t.field({
    type: StandingApproval,
    nullable: true,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, { viewer, house }) => findStandingApproval(house.prisma, viewer, id),
  }),
  standingApprovals: t.field({
    type: StandingApprovalConnection,
    description: 'Newest first; those that are ACTIVE, unless includeEnded asks for all.',
    args: {
      projectId: t.arg.id(),
      teamId: t.arg.id(),
      includeEnded: t.arg.boolean({ defaultValue: false }),
      ...cursorArgs(t.arg),
    },
    resolve: (_, { projectId, teamId, includeEnded, ...page }, { viewer, house }) =>
      listStanding(
        house.database.query,
        viewer,
        { projectId, teamId, includeEnded },
        pageOf(page),
        house.clock.now(),
      ),
  }),
}));
