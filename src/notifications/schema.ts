import { NotificationChannelType, NotificationDeliveryStatus } from '../generated/prisma/enums.ts';
import { builder } from '../graphql/builder.ts';
import { connectionType, pageArgs, pageOf } from '../graphql/connection.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import { listDeliveries, type ShownDelivery } from './queries.ts';
import { redeliverNotification } from './redeliver.ts';

const Status = builder.enumType('NotificationDeliveryStatus', {
  description:
    'WAITING_FOR_PLACE until few enough requests before it are pending; PENDING until it is sent; DEAD once it was refused ' +
    'or tried too often; CANCELLED where its request was settled before it had a place.',
  values: Object.values(NotificationDeliveryStatus),
});
const ChannelType = builder.enumType('NotificationChannelType', {
  values: Object.values(NotificationChannelType),
});

const Delivery = builder.objectRef<ShownDelivery>('NotificationDelivery').implement({
  description: 'One event on its way to one channel of a team.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'The same at every attempt: `webhook-id`, and part of the Message-ID.',
    }),
    teamId: t.exposeID('teamId', { description: 'The team in whose configuration the channel stands.' }),
    channel: t.expose('channel', { type: ChannelType }),
    name: t.exposeString('name', {
      description: 'What the channel asked for, such as intervention_required.',
    }),
    subjectId: t.exposeID('subjectId', { description: 'What it is about.' }),
    status: t.expose('status', { type: Status }),
    edits: t.exposeID('edits', {
      nullable: true,
      description:
        'The delivery of a message that this one edits, once what it asked for is over; null: a new message.',
    }),
    attempts: t.exposeInt('attempts', { description: 'Begun since it was made or delivered again.' }),
    nextAttemptAt: t.expose('nextAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'While it is being tried: when it counts as given up by whoever tries.',
    }),
    lastError: t.exposeString('lastError', {
      nullable: true,
      description: 'Why the last attempt failed; says nothing of the address, nor what the receiver said.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    deliveredAt: t.expose('deliveredAt', { type: 'DateTime', nullable: true }),
  }),
});

const DeliveryConnection = connectionType<ShownDelivery>('NotificationDelivery', Delivery, ({ id }) => id);

const DeliveryFilter = builder.inputType('NotificationDeliveryFilter', {
  description: 'All that is given must hold; a list matches any of its values.',
  fields: (t) => ({
    teamId: t.id(),
    status: t.field({ type: [Status] }),
    channel: t.field({ type: [ChannelType] }),
    subjectId: t.id(),
  }),
});

builder.queryField('notificationDeliveries', (t) =>
  t.field({
    type: DeliveryConnection,
    description: 'Newest first. For an OPERATOR and up.',
    args: { filter: t.arg({ type: DeliveryFilter }), ...pageArgs(t.arg) },
    resolve(_, { filter, ...page }, { viewer, house }) {
      authorize(viewer, 'notification.read');
      return listDeliveries(house.database.query, viewer, filter ?? {}, pageOf(page));
    },
  }),
);

type DeliveryFields = { delivery: ShownDelivery | null };
const DeliveryPayload = payloadType<DeliveryFields>('NotificationDeliveryPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    delivery: t.field({ type: Delivery, nullable: true, resolve: ({ delivery }) => delivery }),
  }),
});

builder.mutationField('redeliverNotification', (t) =>
  t.field({
    type: DeliveryPayload,
    description:
      'Tries a DEAD delivery again, from its first attempt and under its old id, with the channel as the configuration in ' +
      'force has it. For a SUPERVISOR and up.',
    args: { id: t.arg.id({ required: true }) },
    resolve(_, { id }, { viewer, house }) {
      authorize(viewer, 'notification.redeliver');
      return answer<DeliveryFields>(
        'notification to be delivered again',
        async () => ({ delivery: await redeliverNotification(house, viewer, id) }),
        () => ({ delivery: null }),
      );
    },
  }),
);
