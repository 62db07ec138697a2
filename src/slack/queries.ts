import type { Query } from '../database/query.ts';
import type { SlackUser } from '../generated/prisma/client.ts';
import type { Listing, Page } from '../graphql/connection.ts';
import { equals, listNewestFirst } from '../graphql/list.ts';
import type { Viewer } from '../identity/viewer.ts';

export type ShownSlackUser = Omit<SlackUser, 'linkedBy'>;

const columns = {
  id: 'text',
  slackTeamId: 'text',
  slackUserId: 'text',
  apiKeyId: 'text',
  scope: 'text',
  createdAt: 'timestamptz',
} satisfies { [Field in keyof ShownSlackUser]: string };

const table = { name: 'slack_users', prefix: 'slackuser', columns } as const;

/** Newest first, of what the viewer sees; slack_users_scope_id_idx serves it. */
export const listSlackUsers = (
  query: Query,
  viewer: Viewer,
  projectId: string | null,
  page: Page,
): Promise<Listing<ShownSlackUser>> =>
  listNewestFirst(query, table, [...equals('scope', viewer.projectId), ...equals('scope', projectId)], page);
