import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bootstrapAdmin } from '../../src/identity/bootstrap-admin.ts';
import { hashSecret } from '../../src/identity/secret.ts';
import { onPostgres, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { house } from './house.ts';

let database: TestDatabase;
let at: ReturnType<typeof house>;
beforeEach(async () => {
  database = await openTestDatabase();
  at = house(database);
});
afterEach(() => database.close());

const bootstrap = (key: string | null = null) => bootstrapAdmin(at.deps, key);
const keyOf = (secret: string) => database.prisma.apiKey.findUnique({ where: { hash: hashSecret(secret) } });
const good = () => database.prisma.apiKey.count({ where: { revokedAt: null } });

describe('the bootstrap admin', () => {
  test('behaviour 1.1: the first start makes the admin’s key, the next ones none', async () => {
    const { madeKey } = await bootstrap();
    expect(await keyOf(madeKey!)).toMatchObject({
      role: 'ADMIN',
      projectId: null,
      bootstrap: true,
      revokedAt: null,
    });
    expect(await bootstrap()).toEqual({ madeKey: null });
    expect(await database.prisma.apiKey.count()).toBe(1);
  });

  test('behaviour 1.1: a start makes a new one where every key of a global ADMIN has been revoked or has expired', async () => {
    const { madeKey } = await bootstrap();
    const expiresAt = new Date(at.clock.now().getTime() + 60_000);
    await at.create({ role: 'ADMIN', expiresAt });
    await at.create({ role: 'ADMIN', projectId: await at.project('a project') });
    await at.revoke((await keyOf(madeKey!))!.id);
    expect(await bootstrap()).toEqual({ madeKey: null });
    at.clock.advance(61);
    const again = await bootstrap();
    expect(again.madeKey).toMatch(/^hp_/);
    expect(again.madeKey).not.toBe(madeKey);
  });

  test('behaviour 1.3: ADMIN_API_KEY is the admin’s key, at every start the same one', async () => {
    expect(await bootstrap('configured-1')).toEqual({ madeKey: null });
    await bootstrap('configured-1');
    expect(await database.prisma.apiKey.count()).toBe(1);
    const key = (await keyOf('configured-1'))!;
    expect((await at.events(key.id)).map(({ type }) => type)).toEqual(['api_key_created']);
  });

  test('behaviour 1.10: a changed ADMIN_API_KEY takes the old one’s place, which is revoked; the person stays', async () => {
    const { madeKey } = await bootstrap();
    const bystander = await at.create({ role: 'ADMIN' });
    const told: string[] = [];
    database.signals.on('keys', (id) => told.push(id));
    await bootstrap('configured-1');
    const [old, now] = [(await keyOf(madeKey!))!, (await keyOf('configured-1'))!];
    expect(old.revokedAt).not.toBeNull();
    expect(now).toMatchObject({ revokedAt: null, role: 'ADMIN', projectId: null, userId: old.userId });
    expect((await at.events(old.id)).map(({ type }) => type)).toEqual(['api_key_created', 'api_key_revoked']);
    expect(await database.prisma.apiKey.findUnique({ where: { id: bystander.apiKey.id } })).toEqual(
      bystander.apiKey,
    );
    await expect.poll(() => told).toEqual([old.id]);
  });

  test('behaviour 1.10: a key that only its successor pushed aside comes back when it is configured again', async () => {
    await bootstrap('configured-1');
    await bootstrap('configured-2');
    await bootstrap('configured-1');
    expect((await keyOf('configured-1'))?.revokedAt).toBeNull();
    expect((await keyOf('configured-2'))?.revokedAt).not.toBeNull();
  });

  test('a key that a person revoked stays revoked, though ADMIN_API_KEY still names it', async () => {
    await bootstrap('configured-1');
    await at.revoke((await keyOf('configured-1'))!.id);
    expect(await bootstrap('configured-1')).toEqual({ madeKey: null });
    expect(await good()).toBe(0);
  });

  test('behaviour 1.4: an ADMIN_API_KEY that is somebody’s ordinary key is refused, and nothing is changed', async () => {
    const { secret, apiKey } = await at.create({ role: 'VIEWER' });
    const refused = bootstrap(secret);
    await expect(refused).rejects.toMatchObject({
      name: 'ConfigError',
      faults: [{ variable: 'ADMIN_API_KEY' }],
    });
    await expect(refused).rejects.not.toThrow(secret!);
    expect(await database.prisma.apiKey.findMany()).toEqual([apiKey]);
  });

  test('starts at the same moment make one key between them', async () => {
    const results = await Promise.all(Array.from({ length: 4 }, () => bootstrap()));
    expect(results.filter(({ madeKey }) => madeKey !== null)).toHaveLength(1);
    expect(await database.prisma.apiKey.count()).toBe(1);
  });

  test.runIf(onPostgres)(
    'replicas starting at the same moment with one configured key agree on it',
    async () => {
      const replica = await database.replica();
      const start = (each: typeof replica) => bootstrapAdmin({ ...at.deps, database: each }, 'configured-1');
      await Promise.all([start(replica), start(database), start(replica), start(database)]);
      expect(await database.prisma.apiKey.count()).toBe(1);
      expect(await database.prisma.unsealedEvent.count()).toBe(1);
    },
  );
});
