import type { EmergencyStop as Row } from '../generated/prisma/client.ts';
import { Severity as SeverityEnum, StopCondition as ConditionEnum } from '../generated/prisma/enums.ts';
import { builder } from '../graphql/builder.ts';
import { connectionType } from '../graphql/connection.ts';
import { Node } from '../graphql/node.ts';
import { Actor } from '../identity/schema.ts';
import type { Actor as ActorShape } from '../identity/viewer.ts';
import { shown } from '../privacy/shown.ts';
import { countRunning } from './confirm.ts';
import { Session, Task } from '../sessions/types.ts';
import { sessionsOfStop, tasksOfStop } from './queries.ts';

const keys = <T extends object>(values: T) => Object.keys(values) as (keyof T & string)[];

export const StopCondition = builder.enumType('StopCondition', { values: keys(ConditionEnum) });
export const Severity = builder.enumType('Severity', { values: keys(SeverityEnum) });

export const EmergencyStop = builder.prismaObject('EmergencyStop', {
  interfaces: [Node],
  description: 'Nothing of the project is granted or started while it is in force.',
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeString('projectId'),
    triggeredConditions: t.expose('triggeredConditions', {
      type: [StopCondition],
      description: 'Those that came while it was in force among them.',
    }),
    stopReason: t.string({
      resolve: ({ stopReason, projectId }, _, seer) => shown(seer, projectId, stopReason),
    }),
    severity: t.expose('severity', { type: Severity, description: 'The highest of its conditions.' }),
    triggeredBy: t.field({ type: Actor, resolve: (row) => row.triggeredBy as ActorShape }),
    stoppedSessions: t.field({
      type: [Session],
      description: 'Those that it halted, as they are now: oldest first, the first 1,000.',
      resolve: ({ id }, _, { house }) => sessionsOfStop(house.prisma, id),
    }),
    stoppedTasks: t.field({
      type: [Task],
      description: 'Those that it halted, as they are now: oldest first, the first 1,000.',
      resolve: ({ id }, _, { house }) => tasksOfStop(house.prisma, id),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    haltedAt: t.expose('haltedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last running agent had halted.',
    }),
    runningSessions: t.int({
      description: 'Those that it halted and a worker has not let go of yet: 0 from `haltedAt` on.',
      resolve: ({ id, haltedAt }, _, { house }) =>
        haltedAt === null ? countRunning(house.prisma, id, house.clock.now()) : 0,
    }),
    resolvedAt: t.expose('resolvedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was lifted.',
    }),
  }),
});

export const EmergencyStopConnection = connectionType<Row>('EmergencyStop', EmergencyStop, ({ id }) => id);

/** Whether a project is stopped. */
export const EmergencyStatus = builder
  .objectRef<{ projectId: string; stop: Row | null }>('EmergencyStatus')
  .implement({
    fields: (t) => ({
      projectId: t.exposeString('projectId'),
      stopped: t.boolean({ resolve: ({ stop }) => stop !== null }),
      stop: t.field({
        type: EmergencyStop,
        nullable: true,
        description: 'The one in force.',
        resolve: ({ stop }) => stop,
      }),
    }),
  });
