import type { Event as Row } from '../generated/prisma/client.ts';
import { builder } from '../graphql/builder.ts';
import { connectionType, cursorArgs, pageOf, TimeRangeInput } from '../graphql/connection.ts';
import { findNode, loadNodesWith, Node } from '../graphql/node.ts';
import { Actor } from '../identity/schema.ts';
import { type Actor as ActorShape, inScope } from '../identity/viewer.ts';
import { shown } from '../privacy/shown.ts';
import { encodeCursor } from './chain.ts';
import { listEvents } from './query.ts';

/** Who did it is gone with the rest once an event has been erased. */
const erased: ActorShape = { kind: 'SYSTEM', id: 'erased', name: 'erased', role: null };

const Event = builder.prismaObject('Event', {
  interfaces: [Node],
  description: 'One fact that happened, written in the same transaction as the change it tells of.',
  fields: (t) => ({
    id: t.exposeID('id'),
    cursor: t.field({ type: 'EventCursor', resolve: ({ position }) => encodeCursor(position) }),
    type: t.exposeString('type', { description: 'snake_case, such as intervention_requested.' }),
    projectId: t.exposeString('projectId', { nullable: true }),
    teamId: t.exposeString('teamId', { nullable: true }),
    sessionId: t.exposeString('sessionId', { nullable: true }),
    subject: t.field({
      type: Node,
      nullable: true,
      description: 'The object the event is about, as it is now; null where the viewer may not see it.',
      resolve: ({ subjectId }, _, context) => findNode(subjectId, context),
    }),
    subjectId: t.exposeID('subjectId'),
    actor: t.field({ type: Actor, resolve: ({ actor }) => (actor as ActorShape | null) ?? erased }),
    data: t.field({
      type: 'JSON',
      description: 'What happened, in few words; {} once erased.',
      resolve: ({ data, projectId }, _, seer) =>
        projectId === null ? (data ?? {}) : shown(seer, projectId, data ?? {}),
    }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
    hash: t.exposeString('hash', {
      description:
        "The project's tamper-evident chain (hex SHA-256). Events show once they are sealed, milliseconds after the commit.",
    }),
    previousHash: t.exposeString('previousHash', {
      nullable: true,
      description: 'Null at the beginning of a chain.',
    }),
  }),
});

const EventConnection = connectionType<Row>('Event', Event, ({ position }) => encodeCursor(position));

const EventFilter = builder.inputType('EventFilter', {
  description: 'All that is given must hold.',
  fields: (t) => ({
    types: t.stringList(),
    projectId: t.id(),
    teamId: t.id(),
    sessionId: t.id(),
    subjectId: t.id(),
    actor: t.string({ description: 'The id of who acted, or a part of their name.' }),
    occurredAt: t.field({ type: TimeRangeInput }),
  }),
});

loadNodesWith('event', async (id, { viewer, house }) => {
  const event = await house.prisma.event.findUnique({ where: { id } });
  return event && inScope(viewer, event.projectId) ? event : null;
});

builder.queryField('events', (t) =>
  t.field({
    type: EventConnection,
    description: 'The log, oldest first.',
    args: { filter: t.arg({ type: EventFilter }), ...cursorArgs(t.arg) },
    resolve(_, { filter, ...args }, { viewer, house }) {
      const page = pageOf(args);
      if (page.kind === 'offset') throw new Error('events are not paged by number');
      return listEvents(house.prisma, { projectId: viewer.projectId }, filter ?? {}, page);
    },
  }),
);

builder.subscriptionField('events', (t) =>
  t.field({
    type: Event,
    description:
      'Every event once, in order, from just after `after` (or from now): a client that reconnects with the last cursor it saw misses nothing.',
    args: { after: t.arg({ type: 'EventCursor' }), filter: t.arg({ type: EventFilter }) },
    subscribe: (_, { after, filter }, { viewer, house }) =>
      house.eventFeed({ projectId: viewer.projectId }, after ?? null, filter ?? {}),
    resolve: (event: Row) => event,
  }),
);
