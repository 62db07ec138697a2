import type { Query } from '../database/query.ts';
import type { ApiKey, User } from '../generated/prisma/client.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Listing, Page } from '../graphql/connection.ts';
import { equals, listNewestFirst } from '../graphql/list.ts';
import type { Viewer } from './viewer.ts';

export type ShownKey = Omit<ApiKey, 'hash'>;
export type ShownUser = Omit<User, 'oidcIssuer' | 'oidcSubject'>;

const keyColumns = {
  id: 'text',
  name: 'text',
  role: 'role',
  projectId: 'text',
  userId: 'text',
  bootstrap: 'boolean',
  createdAt: 'timestamptz',
  expiresAt: 'timestamptz',
  revokedAt: 'timestamptz',
  lastUsedAt: 'timestamptz',
} satisfies { [Field in keyof ShownKey]: string };

const userColumns = {
  id: 'text',
  name: 'text',
  email: 'text',
  role: 'role',
  projectId: 'text',
  createdAt: 'timestamptz',
} satisfies { [Field in keyof ShownUser]: string };

interface Wanted {
  projectId: string | null;
  page: Page;
}

/** Keys that the viewer may manage, newest first. `openAt`: only those that open something at this instant. */
export const listKeys = (
  query: Query,
  viewer: Viewer,
  { projectId, page, openAt }: Wanted & { openAt: Date | null },
): Promise<Listing<ShownKey>> =>
  listNewestFirst(
    query,
    { name: 'api_keys', prefix: 'key', columns: keyColumns },
    [
      ...equals('project_id', viewer.projectId),
      ...equals('project_id', projectId),
      ...(openAt === null
        ? []
        : [Prisma.sql`revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ${openAt}::timestamptz)`]),
    ],
    page,
  );

/** People whom the viewer may see, newest first. */
export const listUsers = (
  query: Query,
  viewer: Viewer,
  { projectId, page }: Wanted,
): Promise<Listing<ShownUser>> =>
  listNewestFirst(
    query,
    { name: 'users', prefix: 'user', columns: userColumns },
    [...equals('project_id', viewer.projectId), ...equals('project_id', projectId)],
    page,
  );
