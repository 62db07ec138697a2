import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Authenticator } from '../../src/identity/authenticate.ts';
import { withDatabase } from '../support/database.ts';
import { house } from './house.ts';
import { type Issuer, openIssuer } from './issuer.ts';

const database = withDatabase();
let at: ReturnType<typeof house>;
let issuer: Issuer;
beforeAll(async () => {
  at = house(database());
  issuer = await openIssuer(at.clock);
});
afterAll(() => issuer.close());

const opened: Authenticator[] = [];
function open(): Authenticator {
  const authenticator = at.authenticator({ oidc: issuer.config });
  opened.push(authenticator);
  return authenticator;
}
afterEach(async () => {
  for (const authenticator of opened.splice(0)) await authenticator.close();
});

const bearer = async (claims: Record<string, unknown>) => `Bearer ${await issuer.token(claims)}`;
const userOf = (sub: string) => database().prisma.user.findMany({ where: { oidcSubject: sub } });

describe('a person who signs in', () => {
  test('behaviour 2.1: gets a user of its own at the first request, and is the same one ever after', async () => {
    const project = await at.project('one');
    const authenticator = open();
    const claims = { sub: 'ada', name: 'Ada', email: 'ada@example.com', role: 'MANAGER', project };
    const first = await authenticator.authenticate(await bearer(claims));
    const [user] = await userOf('ada');
    expect(user).toMatchObject({
      name: 'Ada',
      email: 'ada@example.com',
      role: 'MANAGER',
      projectId: project,
    });
    expect(first).toEqual({
      actor: { kind: 'USER', id: user!.id, name: 'Ada', role: 'MANAGER' },
      role: 'MANAGER',
      projectId: project,
      credentialId: user!.id,
      expiresAt: new Date(at.clock.now().getTime() + 330_000),
    });
    at.clock.advance(10);
    expect((await open().authenticate(await bearer(claims))).actor.id).toBe(user!.id);
    expect((await at.events(user!.id)).map(({ type }) => type)).toEqual(['user_created']);
  });

  test('first requests at the same moment, by several replicas, make one user', async () => {
    const replicas = [open(), open(), open()];
    const authorization = await bearer({ sub: 'grace' });
    const viewers = await Promise.all(replicas.map((each) => each.authenticate(authorization)));
    expect(new Set(viewers.map(({ actor }) => actor.id)).size).toBe(1);
    expect(await userOf('grace')).toHaveLength(1);
    expect(await at.events(viewers[0]!.actor.id)).toHaveLength(1);
  });

  test('is kept as later tokens say; what changed is an event, and what did not is none', async () => {
    const authenticator = open();
    const { actor } = await authenticator.authenticate(await bearer({ sub: 'alan', role: 'ADMIN' }));
    const viewer = await authenticator.authenticate(await bearer({ sub: 'alan', role: 'VIEWER' }));
    expect(viewer).toMatchObject({ role: 'VIEWER', actor: { id: actor.id, role: 'VIEWER' } });
    await authenticator.authenticate(await bearer({ sub: 'alan', role: 'VIEWER', jti: 'another' }));
    expect(await userOf('alan')).toMatchObject([{ role: 'VIEWER' }]);
    const events = await at.events(actor.id);
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['user_created', { role: 'ADMIN' }],
      ['user_changed', { role: 'VIEWER', previousRole: 'ADMIN' }],
    ]);
  });

  test('behaviour 2.1: without a role or a project is FORBIDDEN, and leaves no user behind', async () => {
    const forbidden = expect.objectContaining({ name: 'RequestError', code: 'FORBIDDEN' });
    const authenticator = open();
    await expect(authenticator.authenticate(await bearer({ sub: 'eve', role: 'none' }))).rejects.toEqual(
      forbidden,
    );
    await expect(
      authenticator.authenticate(await bearer({ sub: 'eve', project: undefined })),
    ).rejects.toEqual(forbidden);
    expect(await userOf('eve')).toEqual([]);
  });

  test('a token is good until 30 s after its expiry, also while it is remembered', async () => {
    const authenticator = open();
    const exp = Math.floor(at.clock.now().getTime() / 1000) + 1;
    const authorization = await bearer({ sub: 'edsger', exp });
    at.clock.set(new Date((exp + 29) * 1000));
    await authenticator.authenticate(authorization);
    at.clock.set(new Date((exp + 30) * 1000));
    await expect(authenticator.authenticate(authorization)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  test('API keys go on working beside the issuer, and while it is down', async () => {
    const { apiKey, secret } = await at.create();
    const authenticator = open();
    issuer.fail(true);
    expect((await authenticator.authenticate(`Bearer ${secret}`)).credentialId).toBe(apiKey.id);
    await expect(authenticator.authenticate(await bearer({ sub: 'new' }))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    issuer.fail(false);
  });
});
