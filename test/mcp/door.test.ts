import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeKey, makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database() });
  world = await makeProject(app, ADMIN_KEY, 'mcp door');
});
afterAll(() => app.stop());

const PROTOCOL = '2026-07-28';
const request = (method: string, params: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: {
    ...params,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': PROTOCOL,
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});

const post = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${app.url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': PROTOCOL,
      authorization: `Bearer ${world.keys.AGENT}`,
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

async function connected(key: string): Promise<Client> {
  const client = new Client({ name: 'tests', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${app.url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${key}` } },
    }),
  );
  return client;
}

describe('/mcp', () => {
  test('is for whoever has a credential, and for no page of another origin (2.1, 10.5)', async () => {
    const unknown = await post(request('tools/list'), { authorization: 'Bearer wrong' });
    expect(unknown.status).toBe(401);
    expect(unknown.headers.get('www-authenticate')).toBe('Bearer');
    expect(await unknown.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect((await post(request('tools/list'), { authorization: '' })).status).toBe(401);
    const foreign = await post(request('tools/list'), { origin: 'https://evil.example.com' });
    expect(foreign.status).toBe(403);
  });

  test.each([
    ['a form', 415, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', 415, '{}', { 'content-type': 'text/plain' }],
    ['what is not JSON', 400, '{', {}],
    ['more than 1 MB', 413, JSON.stringify({ pad: 'x'.repeat(1_100_000) }), {}],
  ])('refuses %s (10.4, 10.5)', async (_, status, body, headers) => {
    expect((await post(body, headers)).status).toBe(status);
  });

  test('is asked by POST alone, and holds no sessions', async () => {
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(`${app.url}/mcp`, {
        method,
        headers: { authorization: `Bearer ${world.keys.AGENT}`, accept: 'text/event-stream' },
      });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });

  test('lets nobody do more than over the API: a VIEWER asks nothing, another project sees nothing (2.2, 2.3)', async () => {
    const sessionId = await world.session();
    const viewer = await connected(world.keys.VIEWER);
    const answer = await viewer.callTool({
      name: 'request_human_intervention',
      arguments: { intervention_type: 'decision', message: 'x', context: { session_id: sessionId } },
    });
    expect(answer).toMatchObject({ isError: true, structuredContent: { code: 'FORBIDDEN' } });
    await viewer.close();
    const stranger = await makeProject(app, ADMIN_KEY, 'another');
    const client = await connected(stranger.keys.AGENT);
    expect(
      await client.callTool({ name: 'get_session_context', arguments: { session_id: sessionId } }),
    ).toMatchObject({ isError: true, structuredContent: { code: 'NOT_FOUND' } });
    await client.close();
  });

  test('counts what was spent also where it does not fit any more (6.2)', async () => {
    const spender = await makeProject(app, ADMIN_KEY, 'spender');
    const client = await connected(spender.keys.AGENT);
    const report = (tokens: number) =>
      client.callTool({ name: 'report_usage', arguments: { project_id: spender.id, tokens, cost: '0' } });
    const { structuredContent } = await report(100_001);
    const lines = (structuredContent as { budget: { limitType: string; remaining: string }[] }).budget;
    expect(lines.find(({ limitType }) => limitType === 'TOKEN_DAILY')).toMatchObject({
      remaining: '-1.0000',
    });
    expect(await report(1)).toMatchObject({ isError: true, structuredContent: { code: 'BUDGET_EXCEEDED' } });
    await client.close();
  });

  test('tells a client that waits that it does, and nobody once it has given up', async () => {
    const id = await world.ask();
    const client = await connected(world.keys.AGENT);
    const told: unknown[] = [];
    const give = new AbortController();
    const waiting = client.callTool(
      { name: 'wait_for_decision', arguments: { id, max_seconds: 50 } },
      { onprogress: (progress) => told.push(progress), signal: give.signal },
    );
    await until('it is told', () => told.length > 0);
    expect(told[0]).toMatchObject({ progress: 1, message: 'waiting for a person' });
    give.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
    await client.close();
    await until('nothing is subscribed to any more', async () => (await subscriptions()) === 0);
  });

  test('ends what waits with its credential (2.1)', async () => {
    const id = await world.ask();
    const key = await makeKey(app, ADMIN_KEY, 'AGENT', world.id, 'short');
    const client = await connected(key.secret);
    const waiting = client.callTool({ name: 'wait_for_decision', arguments: { id } });
    waiting.catch(() => {});
    await until('it waits', async () => (await subscriptions()) > 0);
    await app.ok(ADMIN_KEY, 'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { code } } }', {
      id: key.id,
    });
    await expect(waiting).rejects.toThrow();
    await until('nothing is subscribed to any more', async () => (await subscriptions()) === 0);
  });

  test('answers garbage of the protocol with an error of the protocol', async () => {
    for (const body of [
      [],
      {},
      { jsonrpc: '2.0' },
      request('no/such'),
      request('tools/call', { name: 5 }),
      5,
      null,
    ]) {
      const response = await post(body);
      expect(response.status, JSON.stringify(body)).toBeLessThan(500);
      expect(await response.text()).toMatch(/error/);
    }
    expect((await post(request('tools/list'), { 'mcp-method': 'tools/list' })).status).toBe(200);
  });

  /** As the server's own metrics count them. */
  async function subscriptions(): Promise<number> {
    const text = await (await fetch(`${app.url}/metrics`)).text();
    return Number(/^mcp_subscriptions (\d+)/m.exec(text)?.[1] ?? Number.NaN);
  }
});

test('npm run mcp says what it lacks, on the error output alone', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../scripts/mcp.ts', import.meta.url))], {
    env: { PATH: process.env.PATH, HOLDPOINT_URL: 'nowhere' },
    stdio: 'pipe',
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/HOLDPOINT_URL must be[^]*HOLDPOINT_TOKEN is missing/);
});
