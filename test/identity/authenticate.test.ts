import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Authenticator, AuthenticatorDeps } from '../../src/identity/authenticate.ts';
import { revokeApiKey } from '../../src/identity/revoke-key.ts';
import { makeSecret } from '../../src/identity/secret.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { house, watched } from './house.ts';

const database = withDatabase();
let at: ReturnType<typeof house>;
beforeAll(() => {
  at = house(database());
});

const opened: Authenticator[] = [];
function open(more: Partial<AuthenticatorDeps> = {}): Authenticator {
  const authenticator = at.authenticator(more);
  opened.push(authenticator);
  return authenticator;
}
afterEach(async () => {
  for (const authenticator of opened.splice(0)) await authenticator.close();
});

const bearer = (secret: string | null) => `Bearer ${secret}`;
const unauthenticated = (message: RegExp) =>
  expect.objectContaining({
    name: 'RequestError',
    code: 'UNAUTHENTICATED',
    message: expect.stringMatching(message),
  });
const rowOf = (id: string) => database().prisma.apiKey.findUniqueOrThrow({ where: { id } });

describe('who is it', () => {
  test('behaviour 2.5: a human key acts as its person', async () => {
    const project = await at.project('one');
    const { apiKey, secret } = await at.create({ name: 'Ada', role: 'MANAGER', projectId: project });
    expect(await open().authenticate(bearer(secret))).toEqual({
      actor: { kind: 'USER', id: apiKey.userId, name: 'Ada', role: 'MANAGER' },
      role: 'MANAGER',
      projectId: project,
      credentialId: apiKey.id,
      expiresAt: null,
    });
  });

  test('an AGENT key acts as itself', async () => {
    const { apiKey, secret } = await at.create({ name: 'coder', role: 'AGENT' });
    const viewer = await open().authenticate(bearer(secret));
    expect(viewer.actor).toEqual({ kind: 'AGENT', id: apiKey.id, name: 'coder', role: 'AGENT' });
  });

  test('the scheme may stand in any case', async () => {
    const { apiKey, secret } = await at.create();
    expect((await open().authenticate(`bearer  ${secret} `)).credentialId).toBe(apiKey.id);
  });

  test.each([
    ['nothing', null, /is needed/],
    ['an empty value', '  ', /is needed/],
    ['another scheme', 'Basic aGk6aGk=', /not of the form/],
    ['no token', 'Bearer', /not of the form/],
    ['two tokens', 'Bearer a b', /not of the form/],
    ['a NUL', 'Bearer hp_\0', /not of the form/],
    ['a huge token', bearer('x'.repeat(20_000)), /not of the form/],
    ['an unknown key', bearer(makeSecret()), /not known/],
    ['a JWT where no issuer is configured', 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.', /not known/],
  ])('behaviour 2.1: %s is UNAUTHENTICATED', async (_, authorization, message) => {
    await expect(open().authenticate(authorization)).rejects.toEqual(unauthenticated(message));
  });

  test('a revoked key is UNAUTHENTICATED and says so', async () => {
    const { apiKey, secret } = await at.create();
    await at.revoke(apiKey.id);
    await expect(open().authenticate(bearer(secret))).rejects.toEqual(unauthenticated(/was revoked/));
  });

  test('an expiry is obeyed at the very instant, also by what remembers the key', async () => {
    const expiresAt = new Date(at.clock.now().getTime() + 1_000);
    const { secret } = await at.create({ expiresAt });
    const authenticator = open();
    expect((await authenticator.authenticate(bearer(secret))).expiresAt).toEqual(expiresAt);
    at.clock.set(new Date(expiresAt.getTime() - 1));
    await authenticator.authenticate(bearer(secret));
    at.clock.set(expiresAt);
    await expect(authenticator.authenticate(bearer(secret))).rejects.toEqual(unauthenticated(/expired at/));
  });

  test('a database that can’t be asked is no verdict: its error is passed on and not remembered', async () => {
    const { secret, apiKey } = await at.create();
    let broken = true;
    const { database: asked } = watched(database(), () =>
      broken ? Promise.reject(new Error('gone')) : Promise.resolve(),
    );
    const authenticator = open({ database: asked });
    await expect(authenticator.authenticate(bearer(secret))).rejects.toThrow('gone');
    broken = false;
    expect((await authenticator.authenticate(bearer(secret))).credentialId).toBe(apiKey.id);
  });
});

describe('what it costs', () => {
  test('a valid key costs one query, however many ask with it, until 2 s have passed', async () => {
    const { secret } = await at.create();
    const { seen, database: asked } = watched(database());
    const authenticator = open({ database: asked });
    await Promise.all(Array.from({ length: 50 }, () => authenticator.authenticate(bearer(secret))));
    for (let times = 0; times < 50; times++) await authenticator.authenticate(bearer(secret));
    expect(seen.queries).toBe(1);
    at.clock.advance(1.999);
    await authenticator.authenticate(bearer(secret));
    expect(seen.queries).toBe(1);
    at.clock.advance(0.001);
    await authenticator.authenticate(bearer(secret));
    expect(seen.queries).toBe(2);
  });

  test('a flood of unknown keys shares its queries, and drives no good key out', async () => {
    const { secret } = await at.create();
    const { seen, database: asked } = watched(database());
    const authenticator = open({ database: asked });
    await authenticator.authenticate(bearer(secret));
    const flood = Array.from({ length: 3_000 }, () => authenticator.authenticate(bearer(makeSecret())));
    const refused = await Promise.allSettled(flood);
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
    expect(seen.queries).toBeLessThanOrEqual(1 + 3_000 / 500 + 1);
    const before = seen.queries;
    await authenticator.authenticate(bearer(secret));
    expect(seen.queries).toBe(before);
  });

  test('an unknown key that is tried again and again is asked about once', async () => {
    const { seen, database: asked } = watched(database());
    const authenticator = open({ database: asked });
    const unknown = bearer(makeSecret());
    for (let times = 0; times < 5; times++)
      await expect(authenticator.authenticate(unknown)).rejects.toThrow(/not known/);
    expect(seen.queries).toBe(1);
  });

  test('lastUsedAt is kept to the minute and written for many keys in one statement, after the requests', async () => {
    const [one, other] = [await at.create(), await at.create()];
    const authenticator = open();
    const used = at.clock.now();
    for (const { secret } of [one, other, one]) await authenticator.authenticate(bearer(secret));
    expect((await rowOf(one.apiKey.id)).lastUsedAt).toBeNull();
    at.clock.advance(5);
    await expect.poll(async () => (await rowOf(one.apiKey.id)).lastUsedAt).toEqual(used);
    expect((await rowOf(other.apiKey.id)).lastUsedAt).toEqual(used);
    at.clock.advance(60);
    const later = at.clock.now();
    await authenticator.authenticate(bearer(one.secret));
    await authenticator.close();
    expect((await rowOf(one.apiKey.id)).lastUsedAt).toEqual(later);
    expect((await rowOf(other.apiKey.id)).lastUsedAt).toEqual(used);
  });
});

describe('a revocation', () => {
  test('behaviour 2.1: ends the key at once, in the process that revoked it, and is announced with a reason', async () => {
    const { apiKey, secret } = await at.create();
    const bystander = await at.create();
    const authenticator = open();
    const told: string[][] = [];
    const release = authenticator.onRevoked((...each) => told.push(each));
    for (const each of [secret, bystander.secret]) await authenticator.authenticate(bearer(each));
    await revokeApiKey({ ...at.verbs, forget: authenticator.forget }, at.admin, apiKey.id);
    expect(told).toEqual([[apiKey.id, 'The API key was revoked.']]);
    await expect(authenticator.authenticate(bearer(secret))).rejects.toEqual(unauthenticated(/was revoked/));
    expect((await authenticator.authenticate(bearer(bystander.secret))).credentialId).toBe(
      bystander.apiKey.id,
    );
    release();
    authenticator.forget(apiKey.id);
    expect(told.every(([id]) => id === apiKey.id)).toBe(true);
  });

  test('a look-up that began before it does not answer for the key after it', async () => {
    const { apiKey, secret } = await at.create();
    const [read, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { database: asked } = watched(database(), () => {
      read.resolve();
      return goOn.promise;
    });
    const authenticator = open({ database: asked });
    const answer = authenticator.authenticate(bearer(secret));
    answer.catch(() => {});
    await read.promise;
    await revokeApiKey({ ...at.verbs, forget: authenticator.forget }, at.admin, apiKey.id);
    goOn.resolve();
    await expect(answer).rejects.toEqual(unauthenticated(/was revoked/));
  });

  test('whose signal was lost is found within ten seconds, and announced once', async () => {
    const { apiKey } = await at.create();
    const deaf = { send: () => {}, on: () => () => {}, onReconnect: () => () => {} };
    const authenticator = open({ database: { prisma: database().prisma, signals: deaf } });
    const told: string[] = [];
    authenticator.onRevoked((id) => told.push(id));
    await at.revoke(apiKey.id);
    const mine = () => told.filter((id) => id === apiKey.id);
    at.clock.advance(10);
    await expect.poll(mine).toEqual([apiKey.id]);
    at.clock.advance(10);
    const next = await at.create();
    await at.revoke(next.apiKey.id);
    await expect.poll(() => (at.clock.advance(10), told.includes(next.apiKey.id))).toBe(true);
    expect(mine()).toEqual([apiKey.id]);
  });

  test.runIf(onPostgres)('behaviour 2.1: reaches the other replicas by a signal', async () => {
    const { apiKey, secret } = await at.create();
    const replica = await database().replica();
    const authenticator = open({ database: replica });
    const told = new Promise((resolve) => authenticator.onRevoked(resolve));
    await authenticator.authenticate(bearer(secret));
    await at.revoke(apiKey.id);
    expect(await told).toBe(apiKey.id);
    await expect(authenticator.authenticate(bearer(secret))).rejects.toEqual(unauthenticated(/was revoked/));
  });
});
