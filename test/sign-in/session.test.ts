import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { browserAt, cookieOf, type Page } from './browser.ts';

const database = withDatabase();
let app: TestApp;
let browser: ReturnType<typeof browserAt>;
beforeAll(async () => {
  app = await startApp({ database: database(), clock: database().clock });
  browser = browserAt(app.url);
});
afterAll(() => app.stop());

const WHO = '{ viewer { actor { id kind name } roles } }';

async function makeKey(input: object): Promise<{ id: string; secret: string }> {
  const { createApiKey } = await app.ok(
    ADMIN_KEY,
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { success apiKey { id } secret } }',
    { input: { name: 'a person', role: 'OPERATOR', ...input } },
  );
  return { id: createApiKey.apiKey.id, secret: createApiKey.secret };
}
const revoke = (id: string) =>
  app.ok(ADMIN_KEY, 'mutation ($id: ID!) { revokeApiKey(id: $id) { success } }', { id });
const byCookie = ({ cookie, csrfToken }: Page, query = WHO) =>
  browser.graphql(query, { cookie, 'x-csrf-token': csrfToken });

describe('a session in a browser (behaviour 2.10)', () => {
  test('is opened by an API key, and stands for the person of the key', async () => {
    const { secret } = await makeKey({ name: 'Ada' });
    const answered = await browser.open({ apiKey: secret });
    expect([answered.status, answered.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answered.body).toEqual({
      viewer: {
        id: expect.stringMatching(/^user_/),
        name: 'Ada',
        kind: 'USER',
        roles: ['VIEWER', 'OPERATOR'],
        projectId: null,
      },
      csrfToken: expect.stringMatching(/^[0-9a-f]{64}$/),
      expiresAt: new Date(app.clock.now().getTime() + 12 * 3_600_000).toISOString(),
    });
    const page = { cookie: cookieOf(answered), csrfToken: answered.body.csrfToken };
    expect((await browser.session(page)).body).toEqual(answered.body);
    const { data } = (await byCookie(page)).body;
    expect(data.viewer.actor.id).toBe(answered.body.viewer.id);
  });

  test('whoever is not signed in is told how to be, and nothing of it is kept by a cache', async () => {
    for (const cookie of ['', 'other=1', `holdpoint-session-${app.port}=hps_${'a'.repeat(43)}`]) {
      const answered = await browser.session({ cookie });
      expect([answered.status, answered.body]).toEqual([401, { signIn: { apiKey: true, oidc: false } }]);
      expect(answered.headers['cache-control']).toBe('no-store');
    }
  });

  test('the cookie is HttpOnly, Strict and for the whole host; a page over http has no secure one', async () => {
    const { cookies } = await browser.open({ apiKey: ADMIN_KEY });
    expect(cookies).toEqual([
      expect.stringMatching(
        new RegExp(
          `^holdpoint-session-${app.port}=hps_[\\w-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict$`,
        ),
      ),
    ]);
  });

  test('over https it is Secure, and bears the prefix that no other host can set', async () => {
    const https = await startApp({
      database: database(),
      env: { PUBLIC_URL: 'https://hold.example.com', ADMIN_API_KEY: ADMIN_KEY },
    });
    const behind = browserAt(`http://127.0.0.1:${https.port}`, 'https://hold.example.com');
    const { cookies } = await behind.open({ apiKey: ADMIN_KEY }, { host: 'hold.example.com' });
    expect(cookies).toEqual([
      expect.stringMatching(
        /^__Host-holdpoint-session=hps_[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure$/,
      ),
    ]);
    // The same name over plain http is whoever's was on the way.
    const plain = await browserAt(`http://127.0.0.1:${https.port}`, 'http://hold.example.com').open({
      apiKey: ADMIN_KEY,
    });
    expect(plain.status).toBe(403);
    await https.stop();
  });

  test('only hashes of its secret are kept, and its secret is no API key', async () => {
    const page = await browser.signIn({ apiKey: ADMIN_KEY });
    const secret = page.cookie.split('=')[1]!;
    const rows = await database().prisma.browserSession.findMany();
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect((await app.graphql(secret, WHO)).errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
    expect((await browser.open({ apiKey: secret })).status).toBe(401);
    expect((await browser.open({ link: secret })).status).toBe(401);
    await app.ok(ADMIN_KEY, WHO);
    const asCookie = { cookie: `holdpoint-session-${app.port}=${ADMIN_KEY}` };
    expect((await browser.session(asCookie)).status).toBe(401);
  });

  test.each([
    ['an unknown key', { apiKey: 'hp_nobody' }, 401, 'UNAUTHENTICATED'],
    ['no key at all', { apiKey: ' ' }, 401, 'UNAUTHENTICATED'],
    ['an unknown link', { link: 'hpl_nobody' }, 401, 'UNAUTHENTICATED'],
    ['both', { apiKey: ADMIN_KEY, link: 'x' }, 400, 'BAD_USER_INPUT'],
    ['neither', {}, 400, 'BAD_USER_INPUT'],
    ['a key that is no text', { apiKey: 1 }, 400, 'BAD_USER_INPUT'],
    ['a list', [ADMIN_KEY], 400, 'BAD_USER_INPUT'],
  ])('is not opened by %s', async (_, credential, status, code) => {
    const answered = await browser.open(credential);
    expect([answered.status, answered.body.error.code]).toEqual([status, code]);
    expect(answered.cookies).toEqual([]);
  });

  test('is not opened by the key of an agent, nor is one that stands for an agent good', async () => {
    const agent = await makeKey({ name: 'coder', role: 'AGENT' });
    const answered = await browser.open({ apiKey: agent.secret });
    expect([answered.status, answered.cookies]).toEqual([403, []]);
    expect(answered.body.error).toEqual({
      code: 'FORBIDDEN',
      message: "An AGENT key is for agents; sign in with a person's.",
    });
    expect(await database().prisma.browserSession.count({ where: { apiKeyId: agent.id } })).toBe(0);
    // The key is good all the same.
    expect((await app.ok(agent.secret, WHO)).viewer.roles).toEqual(['AGENT']);

    const person = await makeKey({ name: 'Grace' });
    const page = await browser.signIn({ apiKey: person.secret });
    await database().prisma.browserSession.updateMany({
      where: { apiKeyId: person.id },
      data: { apiKeyId: agent.id },
    });
    expect((await browser.session(page)).status).toBe(200);
    database().clock.advance(3);
    expect((await browser.session(page)).status).toBe(401);
    expect((await byCookie(page)).body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  test('10.5: is not opened by what a browser could be tricked into', async () => {
    const body = JSON.stringify({ apiKey: ADMIN_KEY });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])
      expect(
        (await browser.ask('/session', { method: 'POST', body, headers: { 'content-type': type } })).status,
      ).toBe(400);
    expect((await browser.ask('/session', { method: 'POST', body: '{' })).status).toBe(400);
    expect((await browser.ask('/session', { method: 'PUT', body })).headers['allow']).toBe(
      'GET, POST, DELETE',
    );
    const foreign = browserAt(app.url, 'https://evil.example.com');
    expect((await foreign.open({ apiKey: ADMIN_KEY })).status).toBe(403);
    expect((await browser.open({ apiKey: ADMIN_KEY }, { host: 'evil.example.com' })).status).toBe(403);
  });

  test('pages of CORS_ORIGINS may call the API, and neither sign in nor use a cookie', async () => {
    const other = 'https://other.example.com';
    const open = await startApp({ database: database(), env: { CORS_ORIGINS: other } });
    const [own, theirs] = [browserAt(open.url), browserAt(open.url, other)];
    const page = await own.signIn({ apiKey: ADMIN_KEY });
    expect((await theirs.open({ apiKey: ADMIN_KEY })).status).toBe(403);
    expect((await theirs.session(page)).status).toBe(403);
    const headers = { cookie: page.cookie, 'x-csrf-token': page.csrfToken };
    expect((await theirs.graphql(WHO, headers)).body.errors[0].extensions.code).toBe('FORBIDDEN');
    expect((await theirs.graphql(WHO, { authorization: `Bearer ${ADMIN_KEY}` })).body.data).toBeTruthy();
    expect((await own.graphql(WHO, headers)).body.data).toBeTruthy();
    await open.stop();
  });

  test('signing out needs the token, ends it everywhere, and takes the cookie back', async () => {
    const page = await browser.signIn({ apiKey: ADMIN_KEY });
    const other = await browser.signIn({ apiKey: ADMIN_KEY });
    for (const csrfToken of ['', other.csrfToken])
      expect((await browser.signOut({ ...page, csrfToken })).status).toBe(403);
    const socket = await browser.socket(page, { csrfToken: page.csrfToken });
    const still = await browser.socket(other, { csrfToken: other.csrfToken });
    const answered = await browser.signOut(page);
    expect([answered.status, answered.cookies[0]]).toEqual([
      204,
      expect.stringMatching(/=; Path=\/; Max-Age=0;/),
    ]);
    expect(await socket.closed).toEqual({ code: 4403, reason: 'The session has ended.' });
    expect((await browser.session(page)).status).toBe(401);
    expect((await byCookie(page)).body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect((await browser.signOut(page)).status).toBe(401);
    // Another session of the same key goes on.
    await still.settled();
    expect((await browser.session(other)).status).toBe(200);
    still.socket.close();
  });

  test('signing in anew ends the session that the browser had', async () => {
    const page = await browser.signIn({ apiKey: ADMIN_KEY });
    const anew = await browser.open({ apiKey: ADMIN_KEY }, { cookie: page.cookie });
    expect(cookieOf(anew)).not.toBe(page.cookie);
    expect((await browser.session(page)).status).toBe(401);
    // A failed attempt ends nothing.
    const kept = { cookie: cookieOf(anew) };
    expect((await browser.open({ apiKey: 'hp_nobody' }, kept)).status).toBe(401);
    expect((await browser.session(kept)).status).toBe(200);
  });

  test('ends with its key: at its revocation, with its sockets', async () => {
    const { id, secret } = await makeKey({ name: 'leaving' });
    const page = await browser.signIn({ apiKey: secret });
    const socket = await browser.socket(page, { csrfToken: page.csrfToken });
    await revoke(id);
    expect(await socket.closed).toEqual({ code: 4403, reason: 'The API key was revoked.' });
    expect((await browser.session(page)).status).toBe(401);
    expect((await byCookie(page)).body.errors[0]).toMatchObject({
      message: 'The API key was revoked.',
      extensions: { code: 'UNAUTHENTICATED' },
    });
  });

  test('ends with its key: when that expires, with its sockets', async () => {
    const expiresAt = new Date(app.clock.now().getTime() + 60_000).toISOString();
    const { secret } = await makeKey({ name: 'for a minute', expiresAt });
    const page = await browser.signIn({ apiKey: secret });
    expect((await browser.session(page)).body.expiresAt).toBe(expiresAt);
    const socket = await browser.socket(page, { csrfToken: page.csrfToken });
    app.clock.advance(61);
    expect(await socket.closed).toMatchObject({ code: 4403 });
    expect((await browser.session(page)).status).toBe(401);
  });

  test.runIf(onPostgres)('signing out at one replica closes the sockets at another', async () => {
    const other = await database().replica();
    const second = await startApp({ database: other, clock: database().clock });
    const page = await browser.signIn({ apiKey: ADMIN_KEY });
    // Either replica takes the cookie: its name is that of the address that people know.
    const cookie = page.cookie.replace(String(app.port), String(second.port));
    const there = browserAt(second.url);
    const socket = await there.socket({ cookie }, { csrfToken: page.csrfToken });
    expect((await browser.signOut(page)).status).toBe(204);
    expect(await socket.closed).toEqual({ code: 4403, reason: 'The session has ended.' });
    expect((await there.session({ cookie })).status).toBe(401);
    await second.stop();
  });
});

describe('a request by cookie (behaviour 2.12)', () => {
  let page: Page;
  beforeAll(async () => {
    page = await browser.signIn({ apiKey: ADMIN_KEY });
  });

  test('needs the token of its own session', async () => {
    const other = await browser.signIn({ apiKey: ADMIN_KEY });
    const { cookie, csrfToken } = page;
    for (const token of [
      undefined,
      '',
      'x',
      other.csrfToken,
      csrfToken.slice(1),
      `${csrfToken} `.repeat(2),
    ]) {
      const answered = await browser.graphql(WHO, {
        cookie,
        ...(token !== undefined && { 'x-csrf-token': token }),
      });
      expect(answered.body.errors[0]).toEqual({
        message: "A request by cookie carries the session's CSRF token.",
        extensions: expect.objectContaining({ code: 'FORBIDDEN' }),
      });
    }
    expect((await byCookie(page)).body.data.viewer.roles).toContain('ADMIN');
  });

  test('needs an origin of ours, where it names one', async () => {
    const headers = { cookie: page.cookie, 'x-csrf-token': page.csrfToken };
    expect((await browser.graphql(WHO, { ...headers, origin: 'null' })).status).toBe(403);
    expect(
      (await browser.graphql(WHO, { ...headers, origin: `http://localhost:${app.port}` })).body.data,
    ).toBeTruthy();
  });

  test('with Authorization is by that alone, good or bad', async () => {
    const { secret } = await makeKey({ name: 'Grace', role: 'VIEWER' });
    const both = { cookie: page.cookie, 'x-csrf-token': page.csrfToken };
    const good = await browser.graphql(WHO, { ...both, authorization: `Bearer ${secret}` });
    expect(good.body.data.viewer.actor.name).toBe('Grace');
    const withoutToken = { cookie: page.cookie, authorization: `Bearer ${secret}` };
    expect((await browser.graphql(WHO, withoutToken)).body.data.viewer.actor.name).toBe('Grace');
    for (const authorization of ['Bearer hp_nobody', 'Basic x', '']) {
      const answered = await browser.graphql(WHO, { ...both, authorization });
      expect(answered.body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    }
  });

  test('is nothing to /mcp', async () => {
    const headers = { cookie: page.cookie, 'x-csrf-token': page.csrfToken };
    const answered = await browser.ask('/mcp', { method: 'POST', body: {}, headers });
    expect([answered.status, answered.headers['www-authenticate']]).toEqual([401, 'Bearer']);
  });

  test('over a socket needs the token, and an origin of ours', async () => {
    const { csrfToken } = page;
    const good = await browser.socket(page, { csrfToken });
    expect(good.messages).toEqual([{ type: 'connection_ack' }]);
    good.subscribe('1', WHO);
    await good.until(() => good.of('1').length > 1);
    expect(good.of('1')[0].payload.data.viewer.roles).toContain('ADMIN');
    good.socket.close();
    const refused = [
      await browser.socket(page, {}),
      await browser.socket(page, { csrfToken: '' }),
      await browser.socket(page, { csrfToken: [csrfToken] }),
      await browser.socket(page, { csrfToken }, null),
      await browser.socket(page, { csrfToken, authorization: 'Bearer hp_nobody' }),
    ];
    for (const socket of refused) expect((await socket.closed).code).toBe(4403);
    await expect(browser.socket(page, { csrfToken }, 'https://evil.example.com')).rejects.toThrow('403');
  });

  test('a stream of server-sent events ends with its session', async () => {
    const own = await browser.signIn({ apiKey: ADMIN_KEY });
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        cookie: own.cookie,
        'x-csrf-token': own.csrfToken,
      },
      body: JSON.stringify({ query: 'subscription { interventionUpdates { id } }' }),
    });
    const reader = response.body!.getReader();
    await reader.read();
    await browser.signOut(own);
    const drained = (async () => {
      while (!(await reader.read()).done);
    })();
    await expect(drained).rejects.toThrow('terminated');
  });
});

describe('many attempts that fail', () => {
  test('at once are no more than one after the other', async () => {
    app.clock.advance(61);
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => browser.open({ apiKey: `hp_${'x'.repeat(43)}` })),
    );
    const tried = answers.filter(({ status }) => status === 401).length;
    expect([tried, answers.filter(({ status }) => status === 429).length]).toEqual([20, 40]);
    app.clock.advance(61);
  });

  test('are told to wait a minute, which keeps nobody out who is in', async () => {
    const page = await browser.signIn({ apiKey: ADMIN_KEY });
    app.clock.advance(61);
    for (let times = 0; times < 20; times++)
      expect((await browser.open({ apiKey: 'hp_nobody' })).status).toBe(401);
    app.clock.advance(20);
    const answered = await browser.open({ apiKey: ADMIN_KEY });
    expect([answered.status, answered.headers['retry-after'], answered.body.error.code]).toEqual([
      429,
      '40',
      'RATE_LIMITED',
    ]);
    expect((await browser.session(page)).status).toBe(200);
    app.clock.advance(40);
    expect((await browser.open({ apiKey: ADMIN_KEY })).status).toBe(200);
  });
});
