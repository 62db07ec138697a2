import type { JWTPayload } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createOidc } from '../../src/identity/oidc.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { testClock } from '../support/clock.ts';
import { silent } from '../support/database.ts';
import { type Issuer, openIssuer } from './issuer.ts';

const clock = testClock();
const project = createIds(clock).next('project');
let issuer: Issuer;
beforeEach(async () => {
  issuer = await openIssuer(clock);
});
afterEach(() => issuer.close());

const open = (config: Partial<Issuer['config']> = {}) =>
  createOidc({ config: { ...issuer.config, ...config }, clock, log: silent, cooldown: 0 });
const verify = async (claims: JWTPayload, config = {}) => open(config).verify(await issuer.token(claims));
const refused = (code: string, message: RegExp) => ({
  identity: null,
  refusal: { code, message: expect.stringMatching(message) },
});
const unix = (secondsFromNow: number) => Math.floor(clock.now().getTime() / 1000) + secondsFromNow;

describe('a token of the issuer', () => {
  test.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])(
    'behaviour 2.1: signed with %s says who it is',
    async (algorithm) => {
      const key = await issuer.newKey(algorithm);
      issuer.publish(key);
      const token = await issuer.token({ role: 'MANAGER', project, email: 'ada@example.com' }, key);
      expect(await open().verify(token)).toEqual({
        identity: {
          subject: 'ada',
          name: 'Ada',
          email: 'ada@example.com',
          role: 'MANAGER',
          projectId: project,
          expiresAt: new Date(clock.now().getTime() + 330_000),
        },
        refusal: null,
      });
    },
  );

  test('many tokens cost the issuer one look at its document and one at its keys', async () => {
    const oidc = open();
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, at) => issuer.token({ sub: `person-${at}` })),
    );
    await Promise.all(tokens.map((token) => oidc.verify(token)));
    expect(issuer.asked).toEqual({ discovery: 1, keys: 1 });
  });

  test('a key that the issuer has rotated in is fetched; one that it has dropped is good no more', async () => {
    const oidc = open();
    expect((await oidc.verify(await issuer.token())).refusal).toBeNull();
    const next = await issuer.newKey('RS256');
    issuer.publish(next);
    expect((await oidc.verify(await issuer.token({}, next))).refusal).toBeNull();
    expect(await oidc.verify(await issuer.token())).toEqual(
      refused('UNAUTHENTICATED', /no key of the issuer/),
    );
  });

  test('tokens of unknown keys cannot make us ask the issuer without end', async () => {
    const oidc = createOidc({ config: issuer.config, clock, log: silent });
    await oidc.verify(await issuer.token());
    const forged = await issuer.token({}, await issuer.newKey());
    for (let times = 0; times < 10; times++) await oidc.verify(forged);
    expect(issuer.asked.keys).toBeLessThanOrEqual(2);
  });
});

describe('a token that is refused', () => {
  test.each<[string, JWTPayload, RegExp]>([
    ['for another audience', { aud: 'another' }, /claim aud/],
    ['for no audience', { aud: undefined }, /claim aud/],
    ['of another issuer', { iss: 'https://elsewhere.example.com' }, /claim iss/],
    ['that expired 31 s ago', { exp: unix(-31) }, /has expired/],
    ['that never expires', { exp: undefined }, /claim exp/],
    ['not valid for another 31 s', { nbf: unix(31) }, /claim nbf/],
    ['of nobody', { sub: undefined }, /claim sub/],
    ['of an empty subject', { sub: '' }, /no subject/],
  ])('behaviour 2.1: %s is UNAUTHENTICATED', async (_, claims, message) => {
    expect(await verify(claims)).toEqual(refused('UNAUTHENTICATED', message));
  });

  test('clocks may differ by 30 s either way', async () => {
    expect((await verify({ exp: unix(-29) })).refusal).toBeNull();
    expect((await verify({ nbf: unix(29) })).refusal).toBeNull();
  });

  test('one that nobody signed is UNAUTHENTICATED (alg none)', async () => {
    const claims = (await issuer.token()).split('.')[1]!;
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await open().verify(`${header}.${claims}.`)).toEqual(refused('UNAUTHENTICATED', /algorithm/));
  });

  test('one signed with the public key as an HMAC secret is UNAUTHENTICATED', async () => {
    const privateKey = new TextEncoder().encode(await issuer.pem(issuer.key));
    const token = await issuer.token({}, { kid: issuer.key.kid, algorithm: 'HS256', privateKey });
    expect(await open().verify(token)).toEqual(refused('UNAUTHENTICATED', /algorithm/));
  });

  test('one with a changed body, another’s signature or no sense is UNAUTHENTICATED', async () => {
    const [header, body, signature] = (await issuer.token()).split('.') as [string, string, string];
    const raised = JSON.parse(Buffer.from(body, 'base64url').toString()) as JWTPayload;
    const changed = Buffer.from(JSON.stringify({ ...raised, role: 'ADMIN' })).toString('base64url');
    expect(await open().verify(`${header}.${changed}.${signature}`)).toEqual(
      refused('UNAUTHENTICATED', /signature/),
    );
    const impostor = { ...(await issuer.newKey()), kid: issuer.key.kid };
    expect(await open().verify(await issuer.token({}, impostor))).toEqual(
      refused('UNAUTHENTICATED', /signature/),
    );
    expect(await open().verify('eyJ.eyJ.')).toEqual(refused('UNAUTHENTICATED', /well-formed/));
  });
});

describe('what the claims give', () => {
  test.each<[unknown, string]>([
    ['ADMIN', 'ADMIN'],
    ['viewer', 'VIEWER'],
    [['VIEWER', 'SUPERVISOR', 'everyone', 7], 'SUPERVISOR'],
    [['AGENT'], 'AGENT'],
    [['AGENT', 'VIEWER'], 'VIEWER'],
  ])('the highest known role wins: %j is %s', async (role, expected) => {
    expect((await verify({ role })).identity?.role).toBe(expected);
  });

  test.each([[undefined], ['nobody'], [[]], [7], [{ ADMIN: true }], ['']])(
    'behaviour 2.1: no role of ours (%j) is FORBIDDEN',
    async (role) => {
      expect(await verify({ role })).toEqual(refused('FORBIDDEN', /no role \(claim role\)/));
    },
  );

  test.each([[undefined], [''], ['nonsense'], [[]], [[project, '*']], [7]])(
    'behaviour 2.1: no one project (%j) is FORBIDDEN, for an ADMIN too',
    async (claim) => {
      expect(await verify({ role: 'ADMIN', project: claim })).toEqual(
        refused('FORBIDDEN', /no project \(claim project\)/),
      );
    },
  );

  test('* stands for every project, a list of one for that one', async () => {
    expect((await verify({ project: '*' })).identity?.projectId).toBeNull();
    expect((await verify({ project: [project] })).identity?.projectId).toBe(project);
  });

  test('a dotted path reaches into nested claims, a name with dots of its own is found as it stands', async () => {
    const roleClaim = 'resource_access.holdpoint.roles';
    const nested = { role: undefined, resource_access: { holdpoint: { roles: ['MANAGER'] } } };
    expect((await verify(nested, { roleClaim })).identity?.role).toBe('MANAGER');
    const url = { role: undefined, 'https://example.com/roles': 'SUPERVISOR' };
    expect((await verify(url, { roleClaim: 'https://example.com/roles' })).identity?.role).toBe('SUPERVISOR');
    expect((await verify({}, { roleClaim: 'constructor.name' })).refusal?.code).toBe('FORBIDDEN');
  });

  test.each(['admın', 'ſupervisor', ' ADMIN ', 'ADMIN,VIEWER', '__proto__'])(
    'a role that only looks like one of ours is none: %j',
    async (role) => {
      expect(await verify({ role })).toEqual(refused('FORBIDDEN', /names no role/));
      expect((await verify({ role: [role, 'viewer'] })).identity?.role).toBe('VIEWER');
    },
  );

  test.each([
    ['sub', 'a\0b'],
    ['sub', 'a\ud800'],
    ['exp', 8.64e12],
    ['exp', 1e300],
  ])('a claim that nobody could keep is refused by its name: %s %j', async (claim, value) => {
    expect(await verify({ [claim]: value })).toEqual(
      refused('UNAUTHENTICATED', new RegExp(`claim ${claim} is not acceptable`)),
    );
  });

  test('a name that is no text gives way to the next best', async () => {
    expect((await verify({ name: 7, preferred_username: 'ada.l' })).identity?.name).toBe('ada.l');
    expect((await verify({ name: ' ', email: 'a\0b' })).identity).toMatchObject({ name: 'ada', email: null });
  });
});

describe('an issuer that is down', () => {
  const unavailable = expect.objectContaining({ name: 'RequestError', code: 'SERVICE_UNAVAILABLE' });

  test('is no verdict on a token, and needs no restart once it is back', async () => {
    const oidc = open();
    issuer.fail(true);
    await expect(oidc.verify(await issuer.token())).rejects.toEqual(unavailable);
    issuer.fail(false);
    expect((await oidc.verify(await issuer.token())).refusal).toBeNull();
  });

  test('is not asked again for 2 s', async () => {
    const oidc = createOidc({ config: issuer.config, clock, log: silent });
    issuer.fail(true);
    await expect(oidc.verify(await issuer.token())).rejects.toEqual(unavailable);
    issuer.fail(false);
    await expect(oidc.verify(await issuer.token())).rejects.toEqual(unavailable);
    expect(issuer.asked.discovery).toBe(0);
    clock.advance(2);
    expect((await oidc.verify(await issuer.token())).refusal).toBeNull();
  });

  test('whose keys make no sense is not asked for them again for 2 s', async () => {
    const oidc = createOidc({ config: issuer.config, clock, log: silent });
    issuer.garble(true);
    await expect(oidc.verify(await issuer.token())).rejects.toEqual(unavailable);
    issuer.garble(false);
    await expect(oidc.verify(await issuer.token())).rejects.toEqual(unavailable);
    expect(issuer.asked).toEqual({ discovery: 1, keys: 1 });
    clock.advance(2);
    expect((await oidc.verify(await issuer.token())).refusal).toBeNull();
    expect(issuer.asked.keys).toBe(2);
  });

  test('in which a key of no sense stands costs other keys nothing', async () => {
    const oidc = createOidc({ config: issuer.config, clock, log: silent });
    const broken = await issuer.newKey();
    issuer.publish(issuer.key, { ...broken, publicJwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } });
    await expect(oidc.verify(await issuer.token({}, broken))).rejects.toEqual(unavailable);
    expect((await oidc.verify(await issuer.token())).refusal).toBeNull();
    const unknown = await issuer.newKey();
    await expect(oidc.verify(await issuer.token({}, unknown))).rejects.toEqual(unavailable);
    expect(issuer.asked.keys).toBe(1);
  });

  test('does not disturb tokens whose key is known', async () => {
    const oidc = open();
    await oidc.verify(await issuer.token());
    issuer.fail(true);
    expect((await oidc.verify(await issuer.token({ sub: 'grace' }))).refusal).toBeNull();
  });

  test('one whose document names another issuer is not believed', async () => {
    issuer.name('https://elsewhere.example.com');
    await expect(open().verify(await issuer.token())).rejects.toEqual(unavailable);
  });
});
