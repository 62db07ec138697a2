import type { ApiKey as ApiKeyRow } from '../generated/prisma/client.ts';
import { Role as RoleEnum } from '../generated/prisma/enums.ts';
import { builder } from '../graphql/builder.ts';
import { connectionType, pageArgs, pageOf } from '../graphql/connection.ts';
import { loadNodesWith, Node } from '../graphql/node.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { createApiKey } from './create-key.ts';
import { authorize, can, permissionsOf, rolesOf } from './permissions.ts';
import { listKeys, listUsers, type ShownKey, type ShownUser } from './queries.ts';
import { revokeApiKey } from './revoke-key.ts';
import { type Actor as ActorShape, inScope, type Viewer as ViewerShape } from './viewer.ts';

export const Role = builder.enumType('Role', {
  description: 'Of the human roles each includes those before it; AGENT stands apart.',
  values: Object.keys(RoleEnum) as (keyof typeof RoleEnum)[],
});

const ActorKind = builder.enumType('ActorKind', { values: ['USER', 'AGENT', 'SYSTEM'] as const });

export const Actor = builder.objectRef<ActorShape>('Actor').implement({
  description: "Whoever did something: a person, an agent's credential, or the system (a timeout, a policy).",
  fields: (t) => ({
    kind: t.expose('kind', { type: ActorKind }),
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    role: t.expose('role', { type: Role, nullable: true }),
  }),
});

export const User = builder.prismaObject('User', {
  interfaces: [Node],
  description: 'A person.',
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    email: t.exposeString('email', { nullable: true }),
    roles: t.field({ type: [Role], resolve: ({ role }) => rolesOf(role) }),
    projectId: t.exposeString('projectId', { nullable: true, description: 'Null: every project.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
  }),
});

const Viewer = builder.objectRef<ViewerShape>('Viewer').implement({
  description: 'Who is asking.',
  fields: (t) => ({
    actor: t.field({ type: Actor, resolve: ({ actor }) => actor }),
    roles: t.field({ type: [Role], description: 'Cumulative.', resolve: ({ role }) => rolesOf(role) }),
    permissions: t.stringList({ resolve: ({ role, projectId }) => permissionsOf(role, projectId) }),
  }),
});

const ApiKey = builder.prismaObject('ApiKey', {
  interfaces: [Node],
  description: 'A credential. Its secret is shown once, when it is made.',
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    role: t.expose('role', { type: Role }),
    userId: t.exposeID('userId', {
      nullable: true,
      description: 'The person it stands for; null: an agent.',
    }),
    projectId: t.exposeString('projectId', { nullable: true, description: 'Null: every project.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true, description: 'To the minute.' }),
  }),
});

// By scope alone, not also "or oneself": an event's subject may be a person, and is shown to many at once.
loadNodesWith('user', async (id, { viewer, house }) => {
  const user = await house.prisma.user.findUnique({ where: { id } });
  return user && inScope(viewer, user.projectId) ? user : null;
});
loadNodesWith('key', async (id, { viewer, house }) => {
  if (!can(viewer, 'key.manage')) return null;
  const key = await house.prisma.apiKey.findUnique({ where: { id } });
  return key && inScope(viewer, key.projectId) ? key : null;
});

const ApiKeyConnection = connectionType<ShownKey>('ApiKey', ApiKey, ({ id }) => id);
const UserConnection = connectionType<ShownUser>('User', User, ({ id }) => id);

builder.queryFields((t) => ({
  apiKeys: t.field({
    type: ApiKeyConnection,
    description:
      'Newest first; those that were neither revoked nor expired, unless includeEnded asks for all. For an ADMIN.',
    args: {
      projectId: t.arg.id(),
      includeEnded: t.arg.boolean({ defaultValue: false }),
      ...pageArgs(t.arg),
    },
    resolve(_, { projectId, includeEnded, ...page }, { viewer, house }) {
      authorize(viewer, 'key.manage');
      const openAt = includeEnded === true ? null : house.clock.now();
      const wanted = { projectId: projectId ?? null, page: pageOf(page), openAt };
      return listKeys(house.database.query, viewer, wanted);
    },
  }),
  users: t.field({
    type: UserConnection,
    description: 'People, newest first. For an ADMIN.',
    args: { projectId: t.arg.id(), ...pageArgs(t.arg) },
    resolve(_, { projectId, ...page }, { viewer, house }) {
      authorize(viewer, 'key.manage');
      return listUsers(house.database.query, viewer, { projectId: projectId ?? null, page: pageOf(page) });
    },
  }),
}));

builder.queryField('viewer', (t) => t.field({ type: Viewer, resolve: (_, __, { viewer }) => viewer }));

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'projectId null: every project (ADMIN alone may make one).',
  fields: (t) => ({
    name: t.string({ required: true }),
    role: t.field({ type: Role, required: true }),
    projectId: t.id(),
    expiresAt: t.field({ type: 'DateTime' }),
    idempotencyKey: t.string(),
  }),
});

type MadeKey = { apiKey: ApiKeyRow | null; secret: string | null };
type RevokedKey = Pick<MadeKey, 'apiKey'>;

const ApiKeyPayload = payloadType<MadeKey>('ApiKeyPayload').implement({
  interfaces: [MutationPayload],
  description: 'secret is shown this once; only its hash is kept.',
  fields: (t) => ({
    apiKey: t.field({ type: ApiKey, nullable: true, resolve: ({ apiKey }) => apiKey }),
    secret: t.exposeString('secret', { nullable: true }),
  }),
});

const RevokeApiKeyPayload = payloadType<RevokedKey>('RevokeApiKeyPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({ apiKey: t.field({ type: ApiKey, nullable: true, resolve: ({ apiKey }) => apiKey }) }),
});

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: ApiKeyPayload,
    description: 'A key of a human role stands for one person, made with it.',
    args: { input: t.arg({ type: CreateApiKeyInput, required: true }) },
    resolve(_, { input }, { viewer, house }) {
      authorize(viewer, 'key.manage');
      return answer<MadeKey>(
        'API key created',
        () => createApiKey(house, viewer, input),
        () => ({ apiKey: null, secret: null }),
      );
    },
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyPayload,
    description: 'From the commit on the key opens nothing; what is connected with it is closed.',
    args: { id: t.arg.id({ required: true }) },
    resolve(_, { id }, { viewer, house }) {
      authorize(viewer, 'key.manage');
      return answer<RevokedKey>(
        'API key revoked',
        async () => ({ apiKey: await revokeApiKey(house, viewer, id) }),
        () => ({ apiKey: null }),
      );
    },
  }),
}));
