import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Clock } from '../../src/kernel/clock.ts';

interface SigningKey {
  kid: string;
  algorithm: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

export const AUDIENCE = 'holdpoint-test';

/** A real issuer on a real socket: discovery, keys that can be rotated, and tokens signed with them. */
export async function openIssuer(clock: Clock) {
  let published: SigningKey[] = [];
  let up = true;
  let made = 0;
  let named: string | null = null;
  const asked = { discovery: 0, keys: 0 };
  const server = createServer(async (request, response) => {
    if (!up) return void response.writeHead(503).end();
    const discovery = request.url === '/.well-known/openid-configuration';
    asked[discovery ? 'discovery' : 'keys'] += 1;
    const keys = published.map(async (key) => ({
      ...(await exportJWK(key.publicKey)),
      kid: key.kid,
      use: 'sig',
    }));
    const body = discovery
      ? { issuer: named ?? issuer, jwks_uri: `${issuer}/keys` }
      : { keys: await Promise.all(keys) };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function newKey(algorithm = 'ES256'): Promise<SigningKey> {
    made += 1;
    return { kid: `key-${made}`, algorithm, ...(await generateKeyPair(algorithm, { extractable: true })) };
  }
  const key = await newKey();
  published = [key];

  return {
    issuer,
    key,
    asked,
    config: { issuer, audience: AUDIENCE, roleClaim: 'role', projectClaim: 'project' },
    newKey,
    publish: (...keys: SigningKey[]) => void (published = keys),
    /** From now on it answers 503 to everything, or again as it should. */
    fail: (failing: boolean) => void (up = !failing),
    name: (other: string) => void (named = other),
    pem: (of: SigningKey) => exportSPKI(of.publicKey),
    /** A token as it should be, but for what `claims` says otherwise (undefined leaves the claim out). */
    token(
      claims: JWTPayload = {},
      by: Pick<SigningKey, 'kid' | 'algorithm'> & { privateKey: CryptoKey | Uint8Array } = key,
    ) {
      const now = Math.floor(clock.now().getTime() / 1000);
      const usual = {
        iss: issuer,
        aud: AUDIENCE,
        sub: 'ada',
        name: 'Ada',
        iat: now,
        exp: now + 300,
        role: 'OPERATOR',
        project: '*',
      };
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg: by.algorithm, kid: by.kid })
        .sign(by.privateKey);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
export type Issuer = Awaited<ReturnType<typeof openIssuer>>;
