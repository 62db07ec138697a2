import { beforeAll, describe, expect, test } from 'vitest';
import { createApiKey, recallApiKey } from '../../src/identity/create-key.ts';
import { hashSecret } from '../../src/identity/secret.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { failingIds, house, viewer } from './house.ts';

const database = withDatabase();
let at: ReturnType<typeof house>;
beforeAll(() => {
  at = house(database());
});

const refusal = (code: string, path?: string) =>
  expect.objectContaining({ errors: [expect.objectContaining({ code, ...(path && { path: [path] }) })] });
const forbidden = expect.objectContaining({ name: 'RequestError', code: 'FORBIDDEN' });

describe('making a key', () => {
  test('behaviour 2.5: a human role’s key comes with a person of its own', async () => {
    const one = await at.create({ name: 'Ada', role: 'SUPERVISOR' });
    const other = await at.create({ name: 'Ada', role: 'SUPERVISOR' });
    const user = await database().prisma.user.findUniqueOrThrow({ where: { id: one.apiKey.userId! } });
    expect(user).toMatchObject({ name: 'Ada', role: 'SUPERVISOR', projectId: null, oidcIssuer: null });
    expect(user.id).toMatch(/^user_/);
    expect(other.apiKey.userId).not.toBe(user.id);
  });

  test('an AGENT’s key stands for no person', async () => {
    const before = await database().prisma.user.count();
    const { apiKey } = await at.create({ role: 'AGENT' });
    expect(apiKey.userId).toBeNull();
    expect(await database().prisma.user.count()).toBe(before);
  });

  test('the secret is random, is kept as a hash alone, and stands in no event', async () => {
    const { apiKey, secret } = await at.create();
    expect(secret).toMatch(/^hp_[\w-]{43}$/);
    expect(apiKey.hash).toBe(hashSecret(secret!));
    const events = await at.events(apiKey.id);
    expect(events.map(({ type }) => type)).toEqual(['api_key_created']);
    const text = JSON.stringify(events, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(text).not.toContain(secret);
    expect(text).not.toContain(apiKey.hash);
  });

  test('behaviour 2.2: a global ADMIN makes keys for any project and for all of them', async () => {
    const project = await at.project('one');
    expect((await at.create({ projectId: project })).apiKey.projectId).toBe(project);
    expect((await at.create({ projectId: null })).apiKey.projectId).toBeNull();
  });

  test('behaviour 2.5: an ADMIN bound to a project makes keys for it and none beyond it', async () => {
    const [own, other] = [await at.project('own'), await at.project('other')];
    const bound = viewer('ADMIN', own);
    expect((await at.create({ projectId: own, role: 'ADMIN' }, bound)).apiKey.projectId).toBe(own);
    const before = await database().prisma.apiKey.count();
    await expect(at.create({ projectId: null }, bound)).rejects.toEqual(refusal('FORBIDDEN', 'projectId'));
    await expect(at.create({ projectId: other }, bound)).rejects.toEqual(refusal('NOT_FOUND', 'projectId'));
    expect(await database().prisma.apiKey.count()).toBe(before);
  });

  test('a project that does not exist is not found, whatever its id looks like', async () => {
    await expect(at.create({ projectId: at.ids.next('project') })).rejects.toEqual(
      refusal('NOT_FOUND', 'projectId'),
    );
    await expect(at.create({ projectId: 'nonsense' })).rejects.toEqual(refusal('NOT_FOUND', 'projectId'));
  });

  test.each(['AGENT', 'VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER'] as const)(
    'behaviour 2.7: a key of role %s may make and revoke none',
    async (role) => {
      await expect(at.create({}, viewer(role, null))).rejects.toEqual(forbidden);
      const { apiKey } = await at.create();
      await expect(at.revoke(apiKey.id, viewer(role, null))).rejects.toEqual(forbidden);
    },
  );

  test('an end that has passed and an empty name are INVALID_INPUT, both told at once', async () => {
    const expiresAt = at.clock.now();
    await expect(at.create({ expiresAt, name: ' ' })).rejects.toMatchObject({
      errors: [
        { code: 'INVALID_INPUT', path: ['name'] },
        { code: 'INVALID_INPUT', path: ['expiresAt'] },
      ],
    });
    await expect(at.create({ name: 'x'.repeat(201) })).rejects.toEqual(refusal('INVALID_INPUT', 'name'));
  });

  test('behaviour 9.1: without its event no key and no person is made', async () => {
    const { prisma } = database();
    const before = [await prisma.apiKey.count(), await prisma.user.count()];
    const deps = { ...at.verbs, ids: failingIds(at.ids) };
    await expect(createApiKey(deps, at.admin, { name: 'x', role: 'VIEWER' })).rejects.toThrow('no event');
    expect([await prisma.apiKey.count(), await prisma.user.count()]).toEqual(before);
  });

  test('behaviour 2.8: a repeat is answered with the key, without the secret, and says so', async () => {
    const { apiKey } = await at.create();
    const repeat = await recallApiKey(database().prisma, apiKey.id);
    expect(repeat).toMatchObject({
      apiKey: { id: apiKey.id },
      secret: null,
      message: expect.stringContaining('once'),
    });
  });
});

describe('revoking a key', () => {
  test('revoking twice answers the key as it is, with one event', async () => {
    const { apiKey } = await at.create();
    const first = await at.revoke(apiKey.id);
    at.clock.advance(60);
    const second = await at.revoke(apiKey.id);
    expect(first.revokedAt).not.toBeNull();
    expect(second).toEqual(first);
    expect((await at.events(apiKey.id)).map(({ type }) => type)).toEqual([
      'api_key_created',
      'api_key_revoked',
    ]);
  });

  test.runIf(onPostgres)('of many that revoke at once, one writes the event', async () => {
    const { apiKey } = await at.create();
    const revoked = await Promise.all(Array.from({ length: 8 }, () => at.revoke(apiKey.id)));
    expect(new Set(revoked.map(({ revokedAt }) => revokedAt?.getTime())).size).toBe(1);
    expect(await at.events(apiKey.id)).toHaveLength(2);
  });

  test('behaviour 2.2: a key of another project and a global one do not exist for a bound ADMIN', async () => {
    const [own, other] = [await at.project('own'), await at.project('other')];
    const bound = viewer('ADMIN', own);
    for (const projectId of [other, null]) {
      const { apiKey } = await at.create({ projectId });
      await expect(at.revoke(apiKey.id, bound)).rejects.toEqual(refusal('NOT_FOUND', 'id'));
      expect(await database().prisma.apiKey.findUnique({ where: { id: apiKey.id } })).toEqual(apiKey);
    }
    const mine = await at.create({ projectId: own });
    expect((await at.revoke(mine.apiKey.id, bound)).revokedAt).not.toBeNull();
  });

  test('an id that is none is not found', async () => {
    await expect(at.revoke('nonsense')).rejects.toEqual(refusal('NOT_FOUND', 'id'));
  });
});
