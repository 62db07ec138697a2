import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from './support.ts';

let server: TestServer;
beforeEach(async () => void (server = await startServer()));
afterEach(() => server.server.stop());

const codeOf = (answer: { errors?: { extensions: Record<string, unknown> }[] }) =>
  answer.errors?.[0]?.extensions['code'];

/** Sends exactly these headers; fetch would not let Host and Origin be chosen. */
function raw(
  port: number,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string },
) {
  return new Promise<{ status: number; headers: Record<string, any>; body: string }>((resolve, reject) => {
    const sent = request(
      { port, host: '127.0.0.1', path: '/graphql', method: 'POST', ...options },
      (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

const json = { 'content-type': 'application/json', authorization: 'Bearer good' };
const hello = JSON.stringify({ query: '{hello}' });

describe('requests', () => {
  test('a query is answered and carries the request id that was given', async () => {
    const response = await server.post({ query: '{hello who}' }, { 'x-request-id': 'abc-1' });
    expect(await response.json()).toEqual({ data: { hello: 'world', who: 'Bearer good' } });
    expect(response.headers.get('x-request-id')).toBe('abc-1');
  });

  test('no answer is taken for another kind, framed, or kept', async () => {
    const { headers } = await server.post({ query: '{hello}' });
    expect(
      ['x-content-type-options', 'x-frame-options', 'cache-control'].map((name) => headers.get(name)),
    ).toEqual(['nosniff', 'DENY', 'no-store']);
  });

  test('a request id that cannot stand in a log is replaced', async () => {
    const response = await server.post({ query: '{hello}' }, { 'x-request-id': 'a b"c' });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('the log tells method, path, status and time of a request and neither body nor credential', async () => {
    await (await server.post({ query: '{echo(text:"very-private")}' })).text();
    await expect.poll(() => server.logged.join('')).toContain('"path":"/graphql"');
    expect(server.logged.join('')).toMatch(/"status":200.*"ms":/);
    expect(server.logged.join('')).not.toMatch(/very-private|Bearer/);
  });

  test('behaviour 2.1: without a credential every operation is UNAUTHENTICATED', async () => {
    for (const query of ['{hello}', '{__typename}', '{__schema{types{name}}}', 'mutation{touch(text:"")}']) {
      const response = await server.post({ query }, { authorization: '' });
      expect(codeOf(await response.json())).toBe('UNAUTHENTICATED');
    }
    expect(server.probe.mutations).toBe(0);
  });

  test('a caller of graphql-response+json is told by the status too', async () => {
    const accept = { accept: 'application/graphql-response+json' };
    expect((await server.post({ query: '{hello}' }, { ...accept, authorization: '' })).status).toBe(401);
    expect((await server.post({ query: '{' }, accept)).status).toBe(400);
    expect((await server.post({ query: '{hello}' }, accept)).status).toBe(200);
  });

  test.each([
    ['[]'],
    ['null'],
    ['{'],
    ['{"query":1}'],
    ['{"query":"{hello}","variables":[]}'],
    ['{"query":"{hello}","operationName":1}'],
  ])('the malformed body %s is bad input', async (body) => {
    const response = await server.post(body);
    expect(response.status).toBe(400);
    expect(codeOf(await response.json())).toBe('BAD_USER_INPUT');
  });

  test('behaviour 10.5: what a form or a link can send is refused', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/graphql',
    ])
      expect((await server.post(hello, { 'content-type': type })).status).toBe(415);
    const get = await fetch(`${server.url}/graphql?query=${encodeURIComponent('mutation{touch(text:"")}')}`, {
      headers: { authorization: 'Bearer good' },
    });
    expect(get.status).toBe(405);
    expect(
      (await fetch(`${server.url}/graphql?query={hello}`, { headers: { authorization: 'Bearer good' } }))
        .status,
    ).toBe(405);
    expect(server.probe.mutations).toBe(0);
  });

  test('behaviour 10.4: a body over 1 MB is refused, announced or not', async () => {
    const large = JSON.stringify({ query: '{hello}', variables: { a: 'x'.repeat(1_100_000) } });
    const announced = await server.post(large);
    expect(announced.status).toBe(413);
    expect((await announced.json()).errors[0].message).toContain('1048576');
    const chunked = await raw(server.port, {
      headers: { ...json, 'transfer-encoding': 'chunked' },
      body: large,
    });
    expect(chunked.status).toBe(413);
    expect(
      (await server.post({ query: '{echo(text:"")}', variables: { a: 'x'.repeat(1_000_000) } })).status,
    ).toBe(200);
  });

  test('behaviour 10.5: a foreign Host or Origin is refused, the own one is not', async () => {
    const send = (headers: Record<string, string>) =>
      raw(server.port, { headers: { ...json, ...headers }, body: hello });
    expect((await send({ host: 'evil.example' })).status).toBe(403);
    expect((await send({ host: `evil.example:${server.port}` })).status).toBe(403);
    expect((await send({ origin: 'http://evil.example' })).status).toBe(403);
    expect((await send({ origin: 'null' })).status).toBe(403);
    expect((await send({ host: `localhost:${server.port}` })).status).toBe(200);
    const own = await send({ origin: server.url });
    expect(own.status).toBe(200);
    expect(own.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('behaviour 10.5: slow headers and slow bodies end', async () => {
    const slow = await startServer({ settings: { requestTimeoutMs: 200 } });
    const end = (sent: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(slow.port, '127.0.0.1', () => socket.write(sent));
        let got = '';
        socket.on('data', (data) => (got += data));
        socket.on('close', () => resolve(got));
      });
    expect(await end('POST /graphql HTTP/1.1\r\nHost: ')).toContain('408');
    const head = `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:${slow.port}\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{`;
    expect(await end(head)).toMatch(/408|^$/);
    await slow.server.stop();
  });
});

describe('origins', () => {
  test('CORS names configured origins alone', async () => {
    const other = await startServer({
      settings: {
        corsOrigins: ['https://desk.example'],
        publicUrl: 'https://hold.example',
        hosts: ['inner:4000'],
      },
    });
    const send = (headers: Record<string, string>, method = 'POST') =>
      raw(other.port, { method, headers: { ...json, ...headers }, body: method === 'POST' ? hello : '' });
    const allowed = await send({ origin: 'https://desk.example' });
    expect(allowed.headers['access-control-allow-origin']).toBe('https://desk.example');
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    expect((await send({ origin: 'https://desk.example' }, 'OPTIONS')).status).toBe(204);
    expect((await send({ origin: 'https://evil.example' }, 'OPTIONS')).status).toBe(403);
    expect((await send({ host: 'hold.example', origin: 'https://hold.example' })).status).toBe(200);
    expect((await send({ host: 'inner:4000' })).status).toBe(200);
    await other.server.stop();
  });
});

describe('other addresses', () => {
  test('behaviour 1.5: readyz names the part that fails and needs no credential', async () => {
    const other = await startServer({
      checks: {
        database: async () => {
          throw new Error('password=hunter2');
        },
        queue: async () => {},
      },
    });
    const response = await fetch(`${other.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'unavailable', failing: { database: 'fails' } });
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await other.server.stop();
  });

  test('a part that does not answer at all fails readiness in time', async () => {
    const other = await startServer({ checks: { queue: () => new Promise(() => {}) } });
    expect(await (await fetch(`${other.url}/readyz`)).json()).toEqual({
      status: 'unavailable',
      failing: { queue: 'does not answer in time' },
    });
    await other.server.stop();
  });

  test('metrics are open, unless METRICS_TOKEN is set', async () => {
    await server.ask('{hello}');
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain('ws_connections 0');
    expect(text).toMatch(
      /http_request_duration_seconds_count\{method="POST",path="\/graphql",status="200"\} 1/,
    );
    const other = await startServer({ settings: { metricsToken: 's3' } });
    expect((await fetch(`${other.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${other.url}/metrics`, { headers: { authorization: 'Bearer s3' } })).status).toBe(
      200,
    );
    await other.server.stop();
  });

  test('further routes are served and the rest is a 404 in JSON', async () => {
    const other = await startServer({
      routes: {
        '/further': (_q, r) => void r.end('further'),
        '/interventions/*': (_q, r) => void r.end('shell'),
      },
    });
    expect(await (await fetch(`${other.url}/further`)).text()).toBe('further');
    expect(await (await fetch(`${other.url}/interventions/x`)).text()).toBe('shell');
    const missing = await fetch(`${other.url}/nothing`);
    expect(missing.status).toBe(404);
    expect(codeOf(await missing.json())).toBe('NOT_FOUND');
    await other.server.stop();
  });

  test('behaviour 10.6, 1.9: GraphiQL loads nothing from elsewhere and is off in production', async () => {
    const page = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain('YogaGraphiQL');
    expect(html).not.toMatch(/<(script|link|img)[^>]+(src|href)="(https?:)?\/\//);
    const production = await startServer({ settings: { production: true } });
    expect((await fetch(`${production.url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(405);
    await production.server.stop();
  });
});

describe('stopping', () => {
  test('behaviour 1.7: a request in flight finishes, readiness is gone, nothing new is accepted', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    server.probe.subscribing = () => {
      entered.resolve();
      return gate.promise;
    };
    const pending = server.ask('{slow}');
    await entered.promise;
    const stopped = server.server.stop();
    await expect(fetch(`${server.url}/readyz`)).rejects.toThrow();
    gate.resolve();
    expect(await pending).toEqual({ data: { slow: 'done' } });
    await stopped;
  });

  test('behaviour 1.7: a request that does not finish is cut off within the bound', async () => {
    const other = await startServer({ settings: { stopWithinMs: 100 } });
    other.probe.subscribing = () => new Promise(() => {});
    const entered = Promise.withResolvers<void>();
    other.probe.subscribing = () => {
      entered.resolve();
      return new Promise(() => {});
    };
    const pending = other.ask('{slow}').catch((error: Error) => error);
    await entered.promise;
    await other.server.stop();
    expect(await pending).toBeInstanceOf(Error);
  });
});
