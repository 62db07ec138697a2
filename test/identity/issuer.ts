import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { Clock } from '../../src/kernel/clock.ts';

interface SigningKey {
  kid: string;
  algorithm: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  /** What is published in place of the public key. */
  publicJwk?: object;
}

export const AUDIENCE = 'holdpoint-test';
/** The workstation's client. */
export const CLIENT = { id: 'workstation', secret: 'a secret of the client' };

/** A code that was given out: what it is good for. */
interface Grant {
  challenge: string;
  redirectUri: string;
  nonce: string | null;
  claims: JWTPayload;
}

/**
 * A real issuer on a real socket: discovery, keys that can be rotated, tokens signed with them, and the code flow with PKCE.
 * `host` is what it calls itself: another name of this machine is another site to a browser.
 */
export async function openIssuer(clock: Clock, host = '127.0.0.1') {
  let published: SigningKey[] = [];
  let up = true;
  let garbled = false;
  let made = 0;
  let named: string | null = null;
  const asked = { discovery: 0, keys: 0 };
  const grants = new Map<string, Grant>();
  /** What its token endpoint heard, and what it says in place of a good ID token. */
  const exchanges: { authorization: string | undefined; form: Record<string, string> }[] = [];
  const idTokens: { next: ((grant: Grant) => Promise<string | undefined>) | null } = { next: null };

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = Object.fromEntries(new URLSearchParams(body));
    const { authorization } = request.headers;
    exchanges.push({ authorization, form });
    const refuse = (status: number, error: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    const basic = Buffer.from(`${CLIENT.id}:${encodeURIComponent(CLIENT.secret).replaceAll('%20', '+')}`);
    if (authorization !== undefined && authorization !== `Basic ${basic.toString('base64')}`)
      return void refuse(401, 'invalid_client');
    const grant = grants.get(form['code'] ?? '');
    // A code is good once.
    grants.delete(form['code'] ?? '');
    const challenge = createHash('sha256')
      .update(form['code_verifier'] ?? '')
      .digest('base64url');
    if (grant === undefined || grant.challenge !== challenge || grant.redirectUri !== form['redirect_uri'])
      return void refuse(400, 'invalid_grant');
    const usual = () => token({ aud: CLIENT.id, nonce: grant.nonce, ...grant.claims });
    const idToken = await (idTokens.next ?? usual)(grant);
    const answer = { access_token: 'a token', token_type: 'Bearer', expires_in: 300, id_token: idToken };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }

  const server = createServer(async (request, response) => {
    if (!up) return void response.writeHead(503).end();
    if (request.url === '/token') return exchange(request, response);
    if (request.url?.startsWith('/authorize?') === true) {
      const { back } = authorize(`${issuer}${request.url}`);
      return void response.writeHead(303, { location: back.href }).end();
    }
    const discovery = request.url === '/.well-known/openid-configuration';
    asked[discovery ? 'discovery' : 'keys'] += 1;
    if (garbled && !discovery) return void response.end('{"keys": [null]}');
    const keys = published.map(async (key) => ({
      ...(key.publicJwk ?? (await exportJWK(key.publicKey))),
      kid: key.kid,
      use: 'sig',
    }));
    const body = discovery
      ? {
          issuer: named ?? issuer,
          jwks_uri: `${issuer}/keys`,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          authorization_response_iss_parameter_supported: true,
          id_token_signing_alg_values_supported: ['ES256'],
        }
      : { keys: await Promise.all(keys) };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://${host}:${(server.address() as AddressInfo).port}`;

  async function newKey(algorithm = 'ES256'): Promise<SigningKey> {
    made += 1;
    return { kid: `key-${made}`, algorithm, ...(await generateKeyPair(algorithm, { extractable: true })) };
  }
  const key = await newKey();
  published = [key];

  /** What a person does whose browser is led to the authorization endpoint: signs in there, and is sent back. */
  function authorize(location: string, claims: JWTPayload = {}) {
    const asked = new URL(location);
    const { searchParams: given } = asked;
    const flow = {
      endpoint: `${asked.origin}${asked.pathname}`,
      ...Object.fromEntries(given),
    } as Record<string, string>;
    const code = `code-${crypto.randomUUID()}`;
    const redirectUri = given.get('redirect_uri')!;
    const challenge = given.get('code_challenge')!;
    grants.set(code, { challenge, redirectUri, nonce: given.get('nonce'), claims });
    const back = new URL(redirectUri);
    back.search = String(new URLSearchParams({ code, state: given.get('state')!, iss: issuer }));
    return { flow, back };
  }

  /** A token as it should be, but for what `claims` says otherwise (undefined leaves the claim out). */
  function token(
    claims: JWTPayload = {},
    by: Pick<SigningKey, 'kid' | 'algorithm'> & { privateKey: CryptoKey | Uint8Array } = key,
  ): Promise<string> {
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
  }

  return {
    issuer,
    key,
    asked,
    config: { issuer, audience: AUDIENCE, roleClaim: 'role', projectClaim: 'project', client: null },
    newKey,
    publish: (...keys: SigningKey[]) => void (published = keys),
    /** From now on it answers 503 to everything, or again as it should. */
    fail: (failing: boolean) => void (up = !failing),
    /** From now on it answers 200 and no keys to who asks for them, or again as it should. */
    garble: (garbling: boolean) => void (garbled = garbling),
    name: (other: string) => void (named = other),
    pem: (of: SigningKey) => exportSPKI(of.publicKey),
    token,
    exchanges,
    /** What the ID token is from now on; null: as it should be. undefined leaves it out. */
    sayInstead: (next: typeof idTokens.next) => void (idTokens.next = next),
    authorize,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
export type Issuer = Awaited<ReturnType<typeof openIssuer>>;
