import fc from 'fast-check';
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { verifyPermit } from '../../src/permits/verify.ts';

const now = new Date('2026-03-02T09:00:00.000Z');
const seconds = now.getTime() / 1000;
const issuer = 'https://hold.example.com';
const digest = 'd'.repeat(64);
const claims = {
  iss: issuer,
  sub: 'approval_1',
  project: 'project_1',
  digest,
  jti: 'j',
  iat: seconds,
  exp: seconds + 60,
};

let ours: CryptoKey;
let foreign: CryptoKey;
let jwks: JSONWebKeySet;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const other = await generateKeyPair('ES256');
  const retired = await generateKeyPair('ES256', { extractable: true });
  [ours, foreign] = [pair.privateKey, other.privateKey];
  const publish = async (key: CryptoKey, kid: string) => ({
    ...(await exportJWK(key)),
    kid,
    use: 'sig',
    alg: 'ES256',
  });
  jwks = { keys: [await publish(retired.publicKey, 'old'), await publish(pair.publicKey, 'new')] };
});

function sign(
  change: JWTPayload = {},
  header: object = {},
  key: CryptoKey | Uint8Array = ours,
): Promise<string> {
  return new SignJWT({ ...claims, ...change })
    .setProtectedHeader({ alg: 'ES256', typ: 'permit+jwt', kid: 'new', ...header })
    .sign(key);
}

const check = (token: string, expected: object = {}) =>
  verifyPermit(jwks, token, { digest, issuer, now, ...expected });
const faultOf = async (token: string, expected: object = {}) => (await check(token, expected)).fault;
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a permit, checked offline (behaviour 5.6)', () => {
  test('is good for its action, at its issuer, until it ends, and says what it is for', async () => {
    const token = await sign();
    expect(await check(token)).toEqual({
      fault: null,
      permit: {
        approvalId: 'approval_1',
        projectId: 'project_1',
        digest,
        jti: 'j',
        issuedAt: now,
        expiresAt: new Date(now.getTime() + 60_000),
      },
    });
    expect(await faultOf(token, { now: new Date(now.getTime() + 59_999) })).toBeNull();
  });

  test('is refused from the second on at which it ends', async () => {
    const token = await sign();
    expect(await faultOf(token, { now: new Date(now.getTime() + 60_000) })).toBe('expired');
  });

  test('is refused for another action, and from another issuer', async () => {
    const token = await sign();
    expect(await faultOf(token, { digest: 'e'.repeat(64) })).toBe('wrong_digest');
    expect(await faultOf(token, { digest: '' })).toBe('wrong_digest');
    expect(await faultOf(token, { issuer: `${issuer}/` })).toBe('wrong_issuer');
    expect(await faultOf(await sign({ iss: undefined }))).toBe('wrong_issuer');
  });

  test('is refused where anything in it was changed', async () => {
    const [header, , signature] = (await sign()).split('.');
    const changed = encode({ ...claims, digest: 'e'.repeat(64) });
    expect(await faultOf(`${header}.${changed}.${signature}`, { digest: 'e'.repeat(64) })).toBe(
      'bad_signature',
    );
    const token = await sign();
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...'aZ0_-.'), async (at, character) => {
        const other = token.slice(0, at) + character + token.slice(at + 1);
        const same = (text: string) =>
          text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'));
        if (String(same(other)) !== String(same(token))) expect((await check(other)).permit).toBeNull();
      }),
    );
  });

  test('is refused without a signature, and where the public key is passed off as a secret', async () => {
    expect(await faultOf(new UnsecuredJWT(claims).encode())).toBe('not_a_permit');
    const body = encode(claims);
    for (const alg of ['none', 'None', 'NONE'])
      expect(await faultOf(`${encode({ alg, typ: 'permit+jwt', kid: 'new' })}.${body}.`)).toBe(
        'not_a_permit',
      );
    const { x, y } = jwks.keys[1]!;
    const secrets = [JSON.stringify(jwks.keys[1]), `${x}${y}`].map((text) => Buffer.from(text));
    const point = Buffer.concat([
      Buffer.from([4]),
      Buffer.from(x!, 'base64url'),
      Buffer.from(y!, 'base64url'),
    ]);
    for (const secret of [...secrets, point])
      expect(await faultOf(await sign({}, { alg: 'HS256' }, secret))).toBe('not_a_permit');
  });

  test('is refused by any other key, whatever its header says', async () => {
    const own = { jwk: await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey) };
    expect(await faultOf(await sign({}, {}, foreign))).toBe('bad_signature');
    expect(await faultOf(await sign({}, { kid: 'old' }))).toBe('bad_signature');
    expect(await faultOf(await sign({}, own, foreign))).toBe('bad_signature');
    expect(await faultOf(await sign({}, { kid: 'newer' }))).toBe('unknown_key');
    expect(await faultOf(await sign({}, { kid: undefined }))).toBe('not_a_permit');
  });

  test('is refused under any other algorithm, though a key for it were published', async () => {
    const pair = await generateKeyPair('ES384', { extractable: true });
    const published = { ...(await exportJWK(pair.publicKey)), kid: 'other', use: 'sig', alg: 'ES384' };
    const token = await sign({}, { alg: 'ES384', kid: 'other' }, pair.privateKey);
    const both = { keys: [...jwks.keys, published] };
    expect((await verifyPermit(both, token, { digest, issuer, now })).fault).toBe('not_a_permit');
  });

  test('is refused where it is another kind of token, or lacks what a permit has', async () => {
    expect(await faultOf(await sign({}, { typ: 'JWT' }))).toBe('not_a_permit');
    expect(await faultOf(await sign({}, { typ: undefined }))).toBe('not_a_permit');
    for (const name of ['sub', 'exp', 'iat', 'jti', 'digest', 'project'])
      expect([name, await faultOf(await sign({ [name]: undefined }))]).toEqual([name, 'not_a_permit']);
    expect(await faultOf(await sign({ digest: 5 }))).toBe('not_a_permit');
  });

  test('is told from whatever else is handed over, without an exception', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.array(fc.base64String()).map((parts) => parts.join('.')),
        ),
        async (text) => {
          expect((await check(text)).permit).toBeNull();
        },
      ),
    );
    for (const bad of [{}, { keys: 5 }, { keys: [{}] }])
      expect(
        (await verifyPermit(bad as JSONWebKeySet, await sign(), { digest, issuer, now })).permit,
      ).toBeNull();
  });
});
