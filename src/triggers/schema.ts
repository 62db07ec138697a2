import { builder } from '../graphql/builder.ts';
import { authorize } from '../identity/permissions.ts';
import type { Json } from '../kernel/json.ts';
import { readFor } from '../supervision/check.ts';
import type { ConfigurationFault } from '../supervision/configuration.ts';
import { requireTeam, SupervisionFault } from '../supervision/schema.ts';
import { parseEvent, simulate } from './simulate.ts';

interface Simulation {
  faults: ConfigurationFault[];
  eventFaults: string[];
  answer: Json;
}

const SupervisionSimulation = builder.objectRef<Simulation>('SupervisionSimulation').implement({
  fields: (t) => ({
    faults: t.field({
      type: [SupervisionFault],
      description: 'Of the text.',
      resolve: ({ faults }) => faults,
    }),
    eventFaults: t.exposeStringList('eventFaults'),
    answer: t.field({
      type: 'JSON',
      nullable: true,
      description:
        'The directive and, where a trigger asks, which one, what it asks and on what terms. Null where there are faults.',
      resolve: ({ answer }) => answer,
    }),
  }),
});

builder.queryField('simulateSupervision', (t) =>
  t.field({
    type: SupervisionSimulation,
    description:
      'What reportExecutionEvent would answer to this event were the text in force. The budget is not looked at. Records ' +
      'nothing. For an ADMIN.',
    args: {
      teamId: t.arg.id({ required: true }),
      yaml: t.arg.string({ required: true }),
      event: t.arg({
        type: 'JSON',
        required: true,
        description: 'An ExecutionEventInput without sessionId and idempotencyKey.',
      }),
    },
    async resolve(_, { teamId, yaml, event }, context): Promise<Simulation> {
      const { viewer, house } = context;
      authorize(viewer, 'supervision.update');
      const { id } = await requireTeam(teamId, context);
      const { configuration, faults } = await readFor(house, viewer, id, yaml);
      const read = parseEvent(event);
      const eventFaults = 'faults' in read ? read.faults : [];
      const answer = 'faults' in read || faults.length > 0 ? null : simulate(configuration, read.event);
      return { faults, eventFaults, answer };
    },
  }),
);
