import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FLOW, isOwnPath } from '../../src/sign-in/issuer.ts';
import { AUDIENCE, CLIENT, type Issuer, openIssuer } from '../identity/issuer.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { type Answered, ask, browserAt, cookieOf } from './browser.ts';

const database = withDatabase();
let issuer: Issuer;
let app: TestApp;
let browser: ReturnType<typeof browserAt>;
const environment = () => ({
  OIDC_ISSUER: issuer.issuer,
  OIDC_AUDIENCE: AUDIENCE,
  OIDC_CLIENT_ID: CLIENT.id,
  OIDC_CLIENT_SECRET: CLIENT.secret,
});
beforeAll(async () => {
  issuer = await openIssuer(database().clock);
  app = await startApp({ database: database(), clock: database().clock, env: environment() });
  browser = browserAt(app.url);
});
afterAll(async () => {
  await app.stop();
  await issuer.close();
});

// An address that failed too often in a minute is told to wait.
beforeEach(() => database().clock.advance(61));

const begin = (to?: string) =>
  browser.ask(`/sign-in/oidc${to === undefined ? '' : `?to=${encodeURIComponent(to)}`}`);
/** Back from the issuer, in the browser that `begun` was answered to, or in one without its cookie. */
const comeBack = (back: URL, begun: Answered | null) =>
  // A navigation that another site begins names no origin, and brings Lax cookies.
  ask(app.url, `${back.pathname}${back.search}`, {
    headers: begun === null ? {} : { cookie: cookieOf(begun) },
  });
async function signIn(claims: Record<string, unknown> = {}, to?: string) {
  const begun = await begin(to);
  const { flow, back } = issuer.authorize(String(begun.headers['location']), claims);
  return { begun, flow, back, answered: await comeBack(back, begun) };
}
const pageOf = async (answered: Answered) => {
  const cookie = cookieOf(answered);
  return { cookie, csrfToken: (await browser.session({ cookie })).body.csrfToken as string };
};

describe('sign-in by the issuer (behaviour 2.13)', () => {
  test('is the code flow, with PKCE, state and nonce', async () => {
    const { begun, flow, back, answered } = await signIn({ sub: 'grace', name: 'Grace' }, '/inbox?mine=1#x');
    expect([begun.status, begun.headers['cache-control']]).toEqual([303, 'no-store']);
    expect(begun.cookies).toEqual([
      expect.stringMatching(
        new RegExp(`^holdpoint-sign-in-${app.port}=[\\w-]+; Path=/; Max-Age=600; HttpOnly; SameSite=Lax$`),
      ),
    ]);
    expect(flow).toMatchObject({
      endpoint: `${issuer.issuer}/authorize`,
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: `${app.url}/sign-in/callback`,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(flow[name]).toMatch(/^[\w-]{43}$/);
    const { form, authorization } = issuer.exchanges.at(-1)!;
    expect(authorization).toMatch(/^Basic /);
    expect(createHash('sha256').update(form['code_verifier']!).digest('base64url')).toBe(
      flow['code_challenge'],
    );
    expect([answered.status, answered.headers['location']]).toEqual([303, `${app.url}/inbox?mine=1#x`]);
    expect(answered.cookies).toEqual([
      expect.stringMatching(/^holdpoint-sign-in-\d+=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax$/),
      expect.stringMatching(/^holdpoint-session-\d+=hps_[\w-]{43}; .*; HttpOnly; SameSite=Strict$/),
    ]);
    const session = await browser.session({ cookie: cookieOf(answered) });
    expect(session.body.viewer).toMatchObject({ kind: 'USER', name: 'Grace', roles: ['VIEWER', 'OPERATOR'] });
    expect((await browser.session({ cookie: '' })).body).toEqual({ signIn: { apiKey: true, oidc: true } });
    expect(back.pathname).toBe('/sign-in/callback');
  });

  test('makes the person, who is the same one as their tokens speak of', async () => {
    const { answered } = await signIn({ sub: 'one and the same', role: 'MANAGER' });
    const page = await pageOf(answered);
    const who = '{ viewer { actor { id } roles } }';
    const byCookie = await browser.graphql(who, { cookie: page.cookie, 'x-csrf-token': page.csrfToken });
    const token = await issuer.token({ sub: 'one and the same', role: 'MANAGER' });
    expect(byCookie.body.data).toEqual((await app.graphql(token, who)).data);
  });

  test('ends the sessions of somebody of whom the issuer then says another role, with their sockets', async () => {
    const page = await pageOf((await signIn({ sub: 'ebbe', role: 'ADMIN' })).answered);
    const same = await pageOf((await signIn({ sub: 'ebbe', role: 'ADMIN', name: 'Ebbe' })).answered);
    const other = await pageOf((await signIn({ sub: 'somebody else' })).answered);
    const socket = await browser.socket(page, { csrfToken: page.csrfToken });
    const now = await pageOf((await signIn({ sub: 'ebbe', role: 'VIEWER' })).answered);
    expect(await socket.closed).toEqual({ code: 4403, reason: 'The session has ended.' });
    for (const each of [page, same]) expect((await browser.session(each)).status).toBe(401);
    expect((await browser.session(now)).body.viewer.roles).toEqual(['VIEWER']);
    expect((await browser.session(other)).status).toBe(200);
  });

  test('is two redirects for a browser that the issuer knows already', async () => {
    const begun = await begin('/inbox');
    const there = await fetch(String(begun.headers['location']), { redirect: 'manual' });
    const answered = await comeBack(new URL(there.headers.get('location')!), begun);
    expect([answered.status, answered.headers['location']]).toEqual([303, `${app.url}/inbox`]);
  });

  test('a public client proves itself by PKCE alone', async () => {
    const { OIDC_CLIENT_SECRET: _, ...env } = environment();
    const own = await startApp({ database: database(), clock: database().clock, env });
    const at = browserAt(own.url);
    const begun = await at.ask('/sign-in/oidc');
    const { back } = issuer.authorize(String(begun.headers['location']));
    const headers = { cookie: cookieOf(begun) };
    const answered = await at.ask(`${back.pathname}${back.search}`, { headers });
    expect(answered.headers['location']).toBe(`${own.url}/`);
    expect(issuer.exchanges.at(-1)).toMatchObject({
      authorization: undefined,
      form: { client_id: CLIENT.id },
    });
    await own.stop();
  });

  test('over https its cookie bears the prefix that no other host can set', async () => {
    const url = 'https://hold.example.com';
    const own = await startApp({
      database: database(),
      clock: database().clock,
      env: { ...environment(), PUBLIC_URL: url },
    });
    const at = browserAt(`http://127.0.0.1:${own.port}`, url);
    const begun = await at.ask('/sign-in/oidc?to=/inbox', { headers: { host: 'hold.example.com' } });
    expect(begun.cookies[0]).toMatch(
      /^__Host-holdpoint-sign-in=[\w-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    );
    const { flow, back } = issuer.authorize(String(begun.headers['location']));
    expect(flow['redirect_uri']).toBe(`${url}/sign-in/callback`);
    const headers = { cookie: cookieOf(begun), host: 'hold.example.com' };
    const answered = await at.ask(`${back.pathname}${back.search}`, { headers });
    expect([answered.status, answered.headers['location']]).toEqual([303, `${url}/inbox`]);
    await own.stop();
  });
});

describe('what comes back is refused', () => {
  const refused = (answered: Answered, status = 401) => {
    expect([answered.status, answered.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
    expect(answered.cookies).toHaveLength(1);
    expect(answered.cookies[0]).toMatch(/^holdpoint-sign-in-\d+=; .*Max-Age=0/);
    expect(answered.headers['content-security-policy']).toContain("default-src 'none'");
    return /<p>(.*?)<\/p>/.exec(answered.text)![1]!;
  };
  const begun = async (claims: Record<string, unknown> = {}) => {
    const first = await begin();
    return { first, ...issuer.authorize(String(first.headers['location']), claims) };
  };

  test('in another browser, or with the cookie of another sign-in', async () => {
    const { back } = await begun();
    expect(refused(await comeBack(back, null))).toContain('was not begun in this browser');
    refused(await comeBack(back, await begin()));
    const before = issuer.exchanges.length;
    for (const cookie of [
      'x',
      Buffer.from('{}').toString('base64url'),
      Buffer.from('{').toString('base64url'),
    ]) {
      const headers = { cookie: `holdpoint-sign-in-${app.port}=${cookie}` };
      refused(await browser.ask(`${back.pathname}${back.search}`, { headers }));
    }
    // The issuer hears of none of them, and the code is not used up.
    expect(issuer.exchanges.length).toBe(before);
  });

  test.each([
    ['another state', 'state', 'x'],
    ['no state', 'state', null],
    ['another issuer', 'iss', 'https://evil.example.com'],
    ['no issuer', 'iss', null],
    ['no code', 'code', null],
  ])('with %s', async (_, name, value) => {
    const { first, back } = await begun();
    if (value === null) back.searchParams.delete(name);
    else back.searchParams.set(name, value);
    const before = issuer.exchanges.length;
    refused(await comeBack(back, first));
    expect(issuer.exchanges.length).toBe(before);
  });

  test('with a state that is named twice', async () => {
    const { first, back } = await begun();
    back.searchParams.append('state', 'x');
    refused(await comeBack(back, first));
  });

  test('with a code that is another one, or was used', async () => {
    const { first, back } = await begun();
    const other = new URL(back);
    other.searchParams.set('code', 'made-up');
    refused(await comeBack(other, first));
    expect((await comeBack(back, first)).status).toBe(303);
    refused(await comeBack(back, first));
  });

  test('with a code that was given for another verifier', async () => {
    const [mine, theirs] = [await begun(), await begun()];
    const mixed = new URL(mine.back);
    mixed.searchParams.set('code', theirs.back.searchParams.get('code')!);
    refused(await comeBack(mixed, mine.first));
    expect(issuer.exchanges.at(-1)!.form['code']).toBe(theirs.back.searchParams.get('code'));
  });

  test('more than ten minutes later', async () => {
    const { first, back } = await begun();
    app.clock.advance(FLOW);
    expect(refused(await comeBack(back, first))).toContain('more than ten minutes ago');
  });

  test('where the issuer says no, without a word of the address', async () => {
    const { first, back } = await begun();
    back.search = String(
      new URLSearchParams({
        error: 'access_denied',
        error_description: '<script>alert(1)</script>',
        state: back.searchParams.get('state')!,
        iss: issuer.issuer,
      }),
    );
    const answered = await comeBack(back, first);
    expect(refused(answered)).toBe('The issuer did not sign you in: access_denied.');
    expect(answered.text).not.toContain('alert');
    back.searchParams.set('error', '<script>');
    expect(refused(await comeBack(back, first))).toBe('The issuer did not sign you in: an error.');
  });

  const wrong: [string, Parameters<Issuer['sayInstead']>[0], number][] = [
    ['another nonce', () => issuer.token({ aud: CLIENT.id, nonce: 'x' }), 401],
    ['no nonce', () => issuer.token({ aud: CLIENT.id }), 401],
    ['another audience', ({ nonce }) => issuer.token({ aud: 'another', nonce }), 401],
    ["the API's audience", ({ nonce }) => issuer.token({ aud: AUDIENCE, nonce }), 401],
    [
      'another issuer',
      ({ nonce }) => issuer.token({ aud: CLIENT.id, nonce, iss: 'https://evil.example.com' }),
      401,
    ],
    ['an end that is past', ({ nonce }) => issuer.token({ aud: CLIENT.id, nonce, exp: 1_700_000_000 }), 401],
    ['no subject', ({ nonce }) => issuer.token({ aud: CLIENT.id, nonce, sub: undefined }), 401],
    ["an agent's role", ({ nonce }) => issuer.token({ aud: CLIENT.id, nonce, role: 'AGENT' }), 403],
    ['no role', ({ nonce }) => issuer.token({ aud: CLIENT.id, nonce, role: undefined }), 403],
    ['no project', ({ nonce }) => issuer.token({ aud: CLIENT.id, nonce, project: undefined }), 403],
    [
      'a signature by nobody known',
      async ({ nonce }) => issuer.token({ aud: CLIENT.id, nonce }, await issuer.newKey()),
      401,
    ],
    ['no ID token', async () => undefined, 401],
  ];
  test.each(wrong)('with a token that has %s', async (_, instead, status) => {
    const sessions = await database().prisma.browserSession.count();
    const { first, back } = await begun();
    issuer.sayInstead(instead);
    try {
      refused(await comeBack(back, first), status);
    } finally {
      issuer.sayInstead(null);
    }
    expect(await database().prisma.browserSession.count()).toBe(sessions);
  });

  test('while the issuer does not answer, and not for longer', async () => {
    const { first, back } = await begun();
    issuer.fail(true);
    const answered = await comeBack(back, first);
    issuer.fail(false);
    refused(answered, 503);
    const again = await begun();
    expect((await comeBack(again.back, again.first)).status).toBe(303);
  });
});

describe('where a sign-in goes on to', () => {
  test.each(['/', '/inbox', '/interventions/x?a=b&c=%2F#d', '/a//b', '/:x', '/@evil.example.com'])(
    '%s is a path of this server',
    (to) => expect(isOwnPath(to)).toBe(true),
  );

  test.each([
    '',
    'inbox',
    '//evil.example.com',
    '///evil.example.com',
    '/\\evil.example.com',
    '/x\\y',
    'https://evil.example.com',
    'javascript:alert(1)',
    '/\tx',
    '/\n/evil.example.com',
    '/x y',
    '/\u00e9',
    ' /x',
    `/${'x'.repeat(1_000)}`,
  ])('%j is not', async (to) => {
    expect(isOwnPath(to)).toBe(false);
    const answered = await begin(to);
    expect([answered.status, answered.cookies]).toEqual([400, []]);
  });

  test('nor may the cookie say so', async () => {
    const first = await begin();
    const [name, value] = cookieOf(first).split('=') as [string, string];
    const flow = JSON.parse(Buffer.from(value, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...flow, to: '//evil.example.com' })).toString('base64url');
    const { back } = issuer.authorize(String(first.headers['location']));
    const answered = await browser.ask(`${back.pathname}${back.search}`, {
      headers: { cookie: `${name}=${forged}` },
    });
    expect(answered.status).toBe(401);
  });

  test('there is none where no client is configured', async () => {
    const { OIDC_ISSUER, OIDC_AUDIENCE } = environment();
    const own = await startApp({ database: database(), env: { OIDC_ISSUER, OIDC_AUDIENCE } });
    for (const path of ['/sign-in/oidc', '/sign-in/callback?code=x'])
      expect((await browserAt(own.url).ask(path)).status).toBe(404);
    await own.stop();
  });

  test('by reading alone', async () => {
    for (const path of ['/sign-in/oidc', '/sign-in/callback'])
      expect((await browser.ask(path, { method: 'POST', body: {} })).status).toBe(405);
  });
});

describe('sign-in by the issuer, in a browser that has a session or a past (behaviour 2.10, 2.13)', () => {
  test('takes the place of the session that was there', async () => {
    const first = await pageOf((await signIn({ sub: 'ada', name: 'Ada' })).answered);
    const begun = await ask(app.url, '/sign-in/oidc', { headers: { cookie: first.cookie } });
    const { back } = issuer.authorize(String(begun.headers['location']), { sub: 'bob', name: 'Bob' });
    // Until it has come to its end, nothing is ended.
    expect((await browser.session({ cookie: first.cookie })).status).toBe(200);
    const answered = await comeBack(back, begun);
    expect((await browser.session({ cookie: cookieOf(answered) })).body.viewer.name).toBe('Bob');
    expect((await browser.session({ cookie: first.cookie })).status).toBe(401);
  });

  test('is told to wait after twenty that failed within a minute, and the issuer is asked no more', async () => {
    const { begun, back } = await signIn();
    for (let n = 0; n < 20; n++) expect((await comeBack(back, begun)).status).toBe(401);
    const asked = issuer.exchanges.length;
    expect((await comeBack(back, begun)).status).toBe(429);
    expect(issuer.exchanges).toHaveLength(asked);
    database().clock.advance(61);
    expect((await comeBack(back, begun)).status).toBe(401);
  });
});
