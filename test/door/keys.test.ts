import { expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { makeKey, makeProject } from '../support/world.ts';
import { app, id, instant, run, world } from './desk.ts';

const KEYS =
  'query($id: ID, $all: Boolean) { apiKeys(projectId: $id, includeEnded: $all, first: 100) { nodes { id name role userId projectId createdAt expiresAt revokedAt lastUsedAt } totalCount } }';
const keys = async (all = false) =>
  (await run('ADMIN', KEYS, { id: world.id, all })).nodes as { id: string; name: string; role: string }[];
const revoke = (keyId: string) =>
  run('ADMIN', 'mutation($id: ID!) { revokeApiKey(id: $id) { success } }', { id: keyId });

test('the keys of a project are listed without their secrets, newest first; those that ended on demand (2.2)', async () => {
  const listed = await keys();
  expect(listed.map(({ role }) => role).sort()).toEqual(
    ['ADMIN', 'AGENT', 'MANAGER', 'OPERATOR', 'SUPERVISOR', 'VIEWER'].sort(),
  );
  const made = await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id, 'passing');
  expect((await keys())[0]).toEqual({
    id: made.id,
    name: 'passing',
    role: 'OPERATOR',
    userId: id,
    projectId: world.id,
    createdAt: instant,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
  });
  await revoke(made.id);
  expect((await keys()).map(({ name }) => name)).not.toContain('passing');
  expect((await keys(true))[0]).toMatchObject({ id: made.id, revokedAt: instant });

  const { createApiKey } = await app.ok(
    ADMIN_KEY,
    'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { success errors { code } apiKey { id } } }',
    {
      input: {
        name: 'short',
        role: 'AGENT',
        projectId: world.id,
        expiresAt: new Date(app.clock.now().getTime() + 60_000),
      },
    },
  );
  expect((await keys())[0]).toMatchObject({ id: createApiKey.apiKey.id, userId: null });
  app.clock.advance(60);
  expect((await keys()).map(({ name }) => name)).not.toContain('short');
});

test('an ADMIN of a project sees its keys and people, and none of another’s or of every project (2.2)', async () => {
  const other = await makeProject(app, ADMIN_KEY, 'elsewhere');
  const seen = await run('ADMIN', KEYS, { all: true });
  expect(new Set(seen.nodes.map(({ projectId }: { projectId: string }) => projectId))).toEqual(
    new Set([world.id]),
  );
  const USERS =
    'query($id: ID) { users(projectId: $id, first: 100) { nodes { id name roles projectId createdAt } totalCount } }';
  const users = await run('ADMIN', USERS);
  expect(new Set(users.nodes.map(({ projectId }: { projectId: string }) => projectId))).toEqual(
    new Set([world.id]),
  );
  expect(users.nodes).toContainEqual({
    id,
    name: 'OPERATOR',
    roles: ['VIEWER', 'OPERATOR'],
    projectId: world.id,
    createdAt: instant,
  });
  expect(await run('ADMIN', USERS, { id: other.id })).toEqual({ nodes: [], totalCount: 0 });
  const all = await app.ok(ADMIN_KEY, KEYS, { all: true });
  expect(all.apiKeys.nodes.length).toBeGreaterThan(seen.nodes.length);
});
