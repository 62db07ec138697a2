import type { EmergencyStop as Row } from '../generated/prisma/client.ts';
import { builder } from '../graphql/builder.ts';
import { cursorArgs, pageOf } from '../graphql/connection.ts';
import type { Context } from '../graphql/context.ts';
import { loadNodesWith } from '../graphql/node.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { changeSource } from '../graphql/change-source.ts';
import { authorize } from '../identity/permissions.ts';
import { RequestError } from '../kernel/errors.ts';
import { findProject } from '../projects/schema.ts';
import { findStop, listStops, readStatus } from './queries.ts';
import { triggerEmergencyStop } from './trigger.ts';
import { EmergencyStatus, EmergencyStop, EmergencyStopConnection, Severity } from './types.ts';

loadNodesWith('stop', (id, { viewer, house }) => findStop(house.prisma, viewer, id));

async function statusOf(projectId: string, { viewer, house }: Context) {
  const status = await readStatus(house.prisma, viewer, projectId);
  if (status === null) throw new RequestError('NOT_FOUND', 'there is no such project');
  return status;
}

async function mustSeeProject(projectId: string, context: Context): Promise<void> {
  if ((await findProject(projectId, context)) === null)
    throw new RequestError('NOT_FOUND', 'there is no such project');
}

builder.prismaObjectField('Project', 'emergency', (t) =>
  t.field({ type: EmergencyStatus, resolve: ({ id }, _, context) => statusOf(id, context) }),
);

builder.queryFields((t) => ({
  emergencyStatus: t.field({
    type: EmergencyStatus,
    args: { projectId: t.arg.id({ required: true }) },
    resolve: (_, { projectId }, context) => statusOf(projectId, context),
  }),
  emergencyStops: t.field({
    type: EmergencyStopConnection,
    description: "The project's stops, newest first.",
    args: { projectId: t.arg.id({ required: true }), ...cursorArgs(t.arg) },
    async resolve(_, { projectId, ...page }, context) {
      await mustSeeProject(projectId, context);
      return listStops(context.house.prisma, projectId, pageOf(page));
    },
  }),
}));

type StopFields = { emergencyStop: Row | null };

const EmergencyStopPayload = payloadType<StopFields>('EmergencyStopPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    emergencyStop: t.field({
      type: EmergencyStop,
      nullable: true,
      resolve: ({ emergencyStop }) => emergencyStop,
    }),
  }),
});

builder.mutationField('triggerEmergencyStop', (t) =>
  t.field({
    type: EmergencyStopPayload,
    description:
      'Stops the project: once this has answered, nothing of it is granted or started on any replica. In a stopped ' +
      'project it answers with the stop in force.',
    args: {
      projectId: t.arg.id({ required: true }),
      reason: t.arg.string({ required: true, description: 'At most 20,000 characters.' }),
      severity: t.arg({ type: Severity, defaultValue: 'CRITICAL' }),
    },
    resolve(_, { projectId, reason, severity }, { viewer, house }) {
      authorize(viewer, 'emergency.stop');
      const asked = house.clock.now();
      return answer<StopFields>(
        ({ emergencyStop }) =>
          emergencyStop!.createdAt < asked ? 'the project was stopped already' : 'project stopped',
        async () => ({
          emergencyStop: await triggerEmergencyStop(house, viewer, {
            projectId,
            reason,
            severity: severity ?? 'CRITICAL',
          }),
        }),
        () => ({ emergencyStop: null }),
      );
    },
  }),
);

builder.subscriptionField('emergencyStopUpdates', (t) =>
  t.field({
    type: EmergencyStop,
    description: 'Each stop that was triggered, widened, confirmed or lifted.',
    args: { projectId: t.arg.id() },
    async subscribe(_, { projectId }, context) {
      if (projectId) await mustSeeProject(projectId, context);
      const { prisma } = context.house;
      return changeSource(
        context,
        `emergencyStopUpdates|${projectId ?? '*'}`,
        (changed) => changed.stops.length > 0 && (!projectId || changed.projectId === projectId),
        ({ stops }) =>
          prisma.emergencyStop.findMany({ where: { id: { in: [...stops] } }, orderBy: { id: 'asc' } }),
      );
    },
    resolve: (row: Row) => row,
  }),
);
