import { request } from 'node:http';
import { pino } from 'pino';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ADMIN_KEY, startApp, type TestApp, type Variables } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
let secrets: TestWorld;
const logged: string[] = [];
beforeAll(async () => {
  const lines = new PassThrough();
  lines.on('data', (line) => logged.push(String(line)));
  app = await startApp({
    database: database(),
    log: pino({ level: 'info' }, lines),
    env: { NODE_ENV: 'production' },
  });
  world = await makeProject(app, ADMIN_KEY, 'outsider');
  secrets = await makeProject(app, ADMIN_KEY, 'topsecret');
});
afterAll(() => app.stop());

/** Sends exactly these headers and bytes. */
function raw(options: { method?: string; path?: string; headers?: Record<string, string>; body?: string }) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const headers = {
        authorization: `Bearer ${world.keys.ADMIN}`,
        'content-type': 'application/json',
        ...options.headers,
      };
      const sent = request(
        { port: app.port, host: '127.0.0.1', path: '/graphql', method: 'POST', ...options, headers },
        (response) => {
          let body = '';
          response.on('data', (chunk) => (body += chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode!, headers: response.headers, body }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(options.body);
    },
  );
}
const make = JSON.stringify({
  query: 'mutation($id: ID!) { createTeam(input: {projectId: $id, name: "smuggled"}) { success } }',
  variables: { id: 'x' },
});
const smuggle = () => make.replace('"x"', JSON.stringify(world.id));
const smuggled = () => database().prisma.team.count({ where: { name: 'smuggled' } });

describe('behaviour 10.5: what a browser could be tricked into', () => {
  test.each<[string, Record<string, string>]>([
    ['text/plain', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['json in a parameter', { 'content-type': 'text/plain; application/json' }],
    ['json as a prefix', { 'content-type': 'application/jsonp' }],
    ['two types', { 'content-type': 'text/plain, application/json' }],
    ['no type', { 'content-type': '' }],
    ['graphql', { 'content-type': 'application/graphql' }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a null origin', { origin: 'null' }],
    ['an origin like ours', { origin: 'http://127.0.0.1.evil.example' }],
    ['our host on another port', { origin: 'http://127.0.0.1:1' }],
    ['a foreign host', { host: 'evil.example' }],
    ['a rebound host', { host: 'localhost.evil.example' }],
  ])('%s is refused and changes nothing', async (_, headers) => {
    const { status, headers: answered } = await raw({ headers, body: smuggle() });
    expect([403, 415]).toContain(status);
    expect(answered['access-control-allow-origin']).toBeUndefined();
    expect(await smuggled()).toBe(0);
  });

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is no way to ask', async (method) => {
    const path = `/graphql?query=${encodeURIComponent('mutation { createTeam(input: {projectId: "x", name: "smuggled"}) { success } }')}`;
    const { status } = await raw({ method, path });
    expect(status).toBe(405);
  });

  test('a method named in a header or the query is not listened to; neither are paths that look like it', async () => {
    const get = await raw({ method: 'GET', headers: { 'x-http-method-override': 'POST' } });
    expect(get.status).toBe(405);
    for (const path of [
      '/graphql/',
      '/GRAPHQL',
      '//graphql',
      '/graphql/../graphql',
      '/%67raphql',
      '/graphql%00',
    ])
      expect((await raw({ path, body: smuggle() })).status).toBe(404);
    expect(await smuggled()).toBe(0);
  });

  test('batches, persisted queries and uploads are bad input', async () => {
    for (const body of [
      `[${smuggle()}]`,
      `[${smuggle()},${smuggle()}]`,
      '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}',
      '{"query":["{viewer{roles}}"]}',
      '""',
      'null',
    ]) {
      const { status, body: answer } = await raw({ body });
      expect(status).toBe(400);
      expect(JSON.parse(answer).errors[0].extensions.code).toBe('BAD_USER_INPUT');
    }
    expect(await smuggled()).toBe(0);
  });

  test('sockets are refused to foreign pages before anything is said', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }]) {
      const socket = new WebSocket(app.wsUrl, 'graphql-transport-ws', { headers });
      const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
      expect(error.message).toContain('403');
    }
  });
});

describe('behaviour 10.4: what is too much', () => {
  const ask = (query: string, variables?: Variables) => app.graphql(world.keys.VIEWER, query, variables);
  const nested = (depth: number) =>
    `query($id: ID!) { session(id: $id) { ${'interventions { nodes { session { '.repeat(depth)} id ${'} } }'.repeat(depth)} } }`;
  test.each([
    ['depth', () => nested(5), 'depth'],
    [
      'aliases',
      () => `{ ${Array.from({ length: 60 }, (_, n) => `a${n}: viewer { roles }`).join(' ')} }`,
      'number of aliases',
    ],
    ['fields', () => `{ viewer { ${'roles '.repeat(600)} } }`, 'number of fields'],
    [
      'cost',
      () =>
        '{ sessions(first: 100) { nodes { interventions(first: 100) { nodes { id message status } } } } }',
      'cost',
    ],
    ['tokens', () => `{ viewer { ${'roles '.repeat(5000)} } }`, 'number of tokens'],
    [
      'brackets',
      () => `{ interventions(filter: ${'{a:['.repeat(200)}${']}'.repeat(200)}) { totalCount } }`,
      'nesting of brackets',
    ],
  ])('%s is bounded, the bound named', async (_, document, limit) => {
    const { data, errors } = await ask(document(), { id: await world.session() });
    expect(data).toBeUndefined();
    expect(errors![0]).toMatchObject({
      extensions: { code: 'TOO_COMPLEX', limit, maximum: expect.any(Number) },
    });
    expect(errors![0]!.message).toContain(String(errors![0]!.extensions['maximum']));
  });

  test('a body over 1 MB is 413', async () => {
    expect(
      (await app.post(world.keys.VIEWER, '{ viewer { roles } }', { x: 'x'.repeat(1_050_000) })).status,
    ).toBe(413);
  });

  test('many mutations in one document run one after the other and count as aliases', async () => {
    const { errors } = await app.graphql(
      world.keys.ADMIN,
      `mutation($id: ID!) { ${Array.from({ length: 51 }, (_, n) => `t${n}: createTeam(input: {projectId: $id, name: "smuggled"}) { success }`).join(' ')} }`,
      { id: world.id },
    );
    expect(errors).toMatchObject([{ extensions: { code: 'TOO_COMPLEX' } }]);
    expect(await smuggled()).toBe(0);
  });
});

describe('behaviour 10.4, 1.9: errors tell no more than they must', () => {
  test('nothing that an outsider writes brings out a stack, SQL, or what lies elsewhere', async () => {
    const theirs = await secrets.ask({ message: 'very topsecret', agentName: 'topsecret agent' });
    const nasty = [
      "'",
      "';--",
      '\\',
      '%',
      '${7*7}',
      '{{7*7}}',
      '__proto__',
      'constructor',
      theirs,
      secrets.id,
      '\u202e',
      '-1',
      '1e999',
      'null',
    ];
    const documents = [
      'query($x: ID!) { node(id: $x) { id } intervention(id: $x) { id } session(id: $x) { id } project(id: $x) { id } team(id: $x) { id } teamInterventions(teamId: $x) { id } sessions(teamId: $x) { totalCount } events(filter: {subjectId: $x}) { totalCount } }',
      'query($x: String) { interventions(filter: {search: $x, agentName: $x}) { totalCount nodes { id } } }',
      'query($x: String) { interventions(after: $x) { totalCount } }',
      'query($x: String) { events(after: $x) { totalCount nodes { id } } }',
      'query($x: ID!) { interventionStats(teamId: $x) { total } }',
      'query($x: DateTime) { interventions(filter: {createdAt: {from: $x}}) { totalCount } }',
      'mutation($x: ID!) { resolveIntervention(id: $x, resolution: {resolutionType: APPROVE}) { success message errors { message } sessionId intervention { id } } }',
      'mutation($x: ID!) { resumeSession(sessionId: $x, humanResponse: {responseType: "approve", content: "x"}) { success message session { id } } }',
      'query($x: InterventionStatus) { sessions(status: $x) { totalCount } }',
      'query { nosuchfield intervntions }',
      'subscription { interventionUpdates { id } }',
    ];
    for (const query of documents)
      for (const x of nasty) {
        const text = JSON.stringify(await app.graphql(world.keys.ADMIN, query, { x }));
        expect(text).not.toMatch(
          /\bat \S+:\d+|node_modules|\/src\/|SELECT|prisma|postgres|relation "|very topsecret|topsecret agent|Did you mean|INTERNAL_SERVER_ERROR/i,
        );
      }
    expect(logged.join('')).not.toContain('unexpected error');
  });

  test('secrets stand in no log line', () => {
    for (const secret of [ADMIN_KEY, ...Object.values(world.keys)])
      expect(logged.join('')).not.toContain(secret);
  });

  test('production shows no GraphiQL', async () => {
    expect((await fetch(`${app.url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(405);
  });
});

describe('floods', () => {
  test('500 unknown keys at once are refused, and a good one is served meanwhile', async () => {
    const flood = Promise.all(
      Array.from({ length: 500 }, (_, n) => app.graphql(`hp_bad${n}`, '{ viewer { roles } }')),
    );
    expect((await app.ok(world.keys.VIEWER, '{ viewer { roles } }')).viewer.roles).toEqual(['VIEWER']);
    const codes = new Set((await flood).map(({ errors }) => errors![0]!.extensions.code));
    expect(codes).toEqual(new Set(['UNAUTHENTICATED']));
  });

  test('a key is looked up by its hash: one that shares all but its end with a good one is as unknown as any', async () => {
    const near = world.keys.ADMIN.slice(0, -1) + (world.keys.ADMIN.endsWith('A') ? 'B' : 'A');
    const [a, b] = [
      await app.graphql(near, '{ viewer { roles } }'),
      await app.graphql('hp_nothing', '{ viewer { roles } }'),
    ];
    expect(a).toEqual(b);
  });
});
