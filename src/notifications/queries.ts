import type { Query } from '../database/query.ts';
import type { NotificationDelivery } from '../generated/prisma/client.ts';
import type { NotificationChannelType, NotificationDeliveryStatus } from '../generated/prisma/enums.ts';
import type { Listing, Page } from '../graphql/connection.ts';
import { equals, listNewestFirst, oneOf } from '../graphql/list.ts';
import type { Viewer } from '../identity/viewer.ts';

/** What is shown of a delivery; where it goes is not. */
export type ShownDelivery = Pick<
  NotificationDelivery,
  | 'id'
  | 'projectId'
  | 'teamId'
  | 'channel'
  | 'name'
  | 'subjectId'
  | 'edits'
  | 'status'
  | 'attempts'
  | 'nextAttemptAt'
  | 'lastError'
  | 'createdAt'
  | 'deliveredAt'
>;

export interface DeliveryFilter {
  teamId?: string | null;
  status?: NotificationDeliveryStatus[] | null;
  channel?: NotificationChannelType[] | null;
  subjectId?: string | null;
}

const columns = {
  id: 'text',
  projectId: 'text',
  teamId: 'text',
  channel: 'notification_channel_type',
  name: 'text',
  subjectId: 'text',
  edits: 'text',
  status: 'notification_delivery_status',
  attempts: 'int',
  nextAttemptAt: 'timestamptz',
  lastError: 'text',
  createdAt: 'timestamptz',
  deliveredAt: 'timestamptz',
} satisfies { [Field in keyof ShownDelivery]: string };

const table = { name: 'notification_deliveries', prefix: 'delivery', columns } as const;

/** Newest first, of what the viewer sees. */
export const listDeliveries = (
  query: Query,
  viewer: Viewer,
  filter: DeliveryFilter,
  page: Page,
): Promise<Listing<ShownDelivery>> =>
  listNewestFirst(
    query,
    table,
    [
      ...equals('project_id', viewer.projectId),
      ...equals('team_id', filter.teamId),
      ...equals('subject_id', filter.subjectId),
      ...oneOf('status', filter.status),
      ...oneOf('channel', filter.channel),
    ],
    page,
  );
