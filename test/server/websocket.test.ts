import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { defaultTimes } from '../../src/server/http.ts';
import { RequestError } from '../../src/kernel/errors.ts';
import { KEY, rawSocket, startServer, type TestServer } from './support.ts';

let server: TestServer;
beforeEach(async () => void (server = await startServer()));
afterEach(() => server.server.stop());

const EVENTS = 'subscription{events{position text}}';
const live = async () => Number(/ws_subscriptions (\d+)/.exec(await server.metrics.registry.metrics())![1]);

describe('connecting', () => {
  test('behaviour 2.1: no credential or a bad one closes with 4403 and the reason', async () => {
    for (const authorization of ['Bearer bad', 'nonsense']) {
      const raw = await rawSocket(server, authorization);
      expect(await raw.closed).toEqual({ code: 4403, reason: 'The credential is missing or unknown.' });
    }
    const none = await rawSocket(server, '');
    none.send({ type: 'connection_init' });
    expect((await none.closed).code).toBe(4403);
  });

  test("the upgrade's header is taken where connectionParams hold none", async () => {
    const raw = await rawSocket(server, '', { authorization: KEY });
    raw.send({ type: 'connection_init' });
    await raw.until(() => raw.messages.length > 0);
    expect(raw.messages[0].type).toBe('connection_ack');
    raw.socket.close();
  });

  test('behaviour 10.5: a foreign Origin or Host is refused with 403, other paths with 404', async () => {
    const status = (url: string, headers: Record<string, string>) =>
      new Promise((resolve) => {
        const socket = new WebSocket(url, 'graphql-transport-ws', { headers });
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
        socket.on('open', () => resolve('open'));
        socket.on('error', () => {});
      });
    expect(await status(server.wsUrl, { origin: 'https://evil.example' })).toBe(403);
    expect(await status(server.wsUrl, { host: 'evil.example' })).toBe(403);
    expect(await status(`ws://127.0.0.1:${server.port}/other`, {})).toBe(404);
    expect(await status(server.wsUrl, { origin: server.url })).toBe('open');
  });

  test('behaviour 2.1: a revoked credential closes its sockets with 4403 and the reason, and no others', async () => {
    const [mine, other] = [await rawSocket(server), await rawSocket(server, 'Bearer other')];
    mine.subscribe('1', EVENTS);
    await mine.settled();
    server.revoke('Bearer good', 'The key was revoked.');
    expect(await mine.closed).toEqual({ code: 4403, reason: 'The key was revoked.' });
    await expect.poll(live).toBe(0);
    await other.settled();
    other.socket.close();
  });

  test('a revocation that overtakes the authentication closes the socket too', async () => {
    server.revoke('Bearer good', 'The key was revoked.');
    expect((await (await rawSocket(server)).closed).code).toBe(4403);
  });

  test('behaviour 2.1: a credential that expires closes its socket with 4403', async () => {
    const other = await startServer({ expiresAt: new Date(1_800_000_000_000 + 60_000) });
    const raw = await rawSocket(other);
    other.advance(59);
    await raw.settled();
    other.advance(1);
    expect(await raw.closed).toEqual({ code: 4403, reason: 'The credential has expired.' });
    await other.server.stop();
  });

  test('a database that is gone is no verdict on the credential', async () => {
    const other = await startServer({
      authenticate: async () => {
        throw Object.assign(new Error('x'), { code: 'P1001' });
      },
    });
    expect((await (await rawSocket(other)).closed).code).toBe(1013);
    await other.server.stop();
  });

  test('a dead peer is dropped', async () => {
    const other = await startServer({ settings: { pingEveryMs: 50 } });
    const alive = await rawSocket(other);
    const dead = await rawSocket(other);
    dead.socket.pong = () => {};
    (dead.socket as unknown as { _autoPong: boolean })._autoPong = false;
    expect((await dead.closed).code).toBe(1006);
    expect(alive.socket.readyState).toBe(WebSocket.OPEN);
    await other.server.stop();
  });

  test('who connects and never says who they are is closed with 4408', async () => {
    expect(defaultTimes.initWithinMs).toBeGreaterThanOrEqual(15_000);
    const other = await startServer({ settings: { initWithinMs: 50 } });
    const socket = new WebSocket(other.wsUrl, 'graphql-transport-ws');
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(4408);
    await other.server.stop();
  });

  test('behaviour 1.7: stopping finishes operations in flight and closes with 1001', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    server.probe.subscribing = () => {
      entered.resolve();
      return gate.promise;
    };
    const raw = await rawSocket(server);
    raw.subscribe('1', '{slow}');
    await entered.promise;
    const stopped = server.server.stop();
    raw.subscribe('2', '{hello}');
    await raw.until(() => raw.of('2').length > 0);
    expect(raw.of('2')[0].payload[0].extensions.code).toBe('SERVICE_UNAVAILABLE');
    gate.resolve();
    expect((await raw.closed).code).toBe(1001);
    expect(raw.of('1')[0].payload).toEqual({ data: { slow: 'done' } });
    await stopped;
  });
});

describe('operations', () => {
  test('queries and mutations work over the socket, masked like over HTTP', async () => {
    const client = server.client();
    const one = async (query: string) => {
      for await (const result of client.iterate({ query })) return result as any;
    };
    expect(await one('{hello who}')).toEqual({ data: { hello: 'world', who: 'Bearer good' } });
    expect(await one('mutation{touch(text:"a")}')).toEqual({ data: { touch: true } });
    expect((await one('{fails}')).errors[0]).toMatchObject({
      message: 'Unexpected error.',
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
    await client.dispose();
  });

  test('a subscribe resolver that refuses answers with error, not with data', async () => {
    const raw = await rawSocket(server);
    raw.subscribe('1', 'subscription{denied{text}}');
    await raw.settled();
    expect(raw.of('1')).toEqual([
      {
        id: '1',
        type: 'error',
        payload: [expect.objectContaining({ message: 'Not yours.', extensions: { code: 'FORBIDDEN' } })],
      },
    ]);
    expect(await live()).toBe(0);
    raw.socket.close();
  });

  test('a payload whose execution fails is a next with errors, and the subscription goes on', async () => {
    const raw = await rawSocket(server);
    raw.subscribe('1', EVENTS);
    await raw.settled();
    server.feed.publish('throw');
    server.feed.publish('fine');
    await raw.until(() => raw.of('1').length === 2);
    expect(raw.of('1')[0]).toMatchObject({
      type: 'next',
      payload: { data: { events: { position: 1, text: null } }, errors: [{ message: 'Unexpected error.' }] },
    });
    expect(raw.of('1')[1].payload).toEqual({ data: { events: { position: 2, text: 'fine' } } });
    raw.socket.close();
  });

  test('complete from the client ends it, the id can be taken again, a live one cannot', async () => {
    const raw = await rawSocket(server);
    raw.subscribe('1', EVENTS);
    await raw.settled();
    raw.send({ id: '1', type: 'complete' });
    await raw.settled();
    expect(server.feed.state.attached).toBe(0);
    expect(await live()).toBe(0);
    raw.subscribe('1', EVENTS);
    await raw.settled();
    server.feed.publish('again');
    await raw.until(() => raw.of('1').length === 1);
    raw.subscribe('1', EVENTS);
    expect((await raw.closed).code).toBe(4409);
    await expect.poll(() => server.feed.state.attached).toBe(0);
  });

  test.each(['connection_ack', 'next', 'error'])(
    'behaviour 10.5: a %s of the client closes with 4400, and is no fault of the server',
    async (type) => {
      const raw = await rawSocket(server);
      const payload = type === 'error' ? [{ message: 'no' }] : type === 'next' ? { data: null } : undefined;
      raw.send({ id: '1', type, payload });
      expect(await raw.closed).toEqual({ code: 4400, reason: 'Invalid message received' });
      expect(server.logged.join('')).not.toContain('"level":50');
    },
  );

  test('a ping is answered with what came along, and without it where that is too deep to be written', async () => {
    const raw = await rawSocket(server);
    raw.send({ type: 'ping', payload: { at: 5 } });
    raw.send({ type: 'ping' });
    raw.socket.send(`{"type":"ping","payload":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`);
    const pongs = () => raw.messages.filter(({ type }) => type === 'pong');
    await raw.until(() => pongs().length === 3 || raw.socket.readyState !== WebSocket.OPEN);
    expect(pongs()).toEqual([{ type: 'pong', payload: { at: 5 } }, { type: 'pong' }, { type: 'pong' }]);
    expect(server.logged.join('')).not.toContain('"level":50');
    raw.socket.close();
  });

  test('completing before it is accepted, or closing, leaves nothing behind', async () => {
    const gate = Promise.withResolvers<void>();
    server.probe.subscribing = () => gate.promise;
    const [raw, gone] = [await rawSocket(server), await rawSocket(server)];
    raw.subscribe('1', EVENTS);
    raw.send({ id: '1', type: 'complete' });
    gone.subscribe('1', EVENTS);
    await expect.poll(live).toBe(2);
    gone.socket.terminate();
    await expect
      .poll(async () => /ws_connections (\d+)/.exec(await server.metrics.registry.metrics())![1])
      .toBe('1');
    gate.resolve();
    await raw.settled();
    await expect.poll(live).toBe(0);
    expect(server.feed.state.attached).toBe(0);
    raw.socket.close();
  });

  test("the source's end completes, its error is sent as error", async () => {
    const raw = await rawSocket(server);
    raw.subscribe('1', EVENTS);
    await raw.settled();
    server.feed.publish('last');
    server.feed.end();
    await raw.until(() => raw.of('1').length === 2);
    expect(raw.of('1').map(({ type }) => type)).toEqual(['next', 'complete']);
    raw.subscribe('2', EVENTS);
    await raw.settled();
    server.feed.end(new RequestError('BAD_USER_INPUT', 'The cursor is too old.'));
    await raw.until(() => raw.of('2').length === 1);
    expect(raw.of('2')).toMatchObject([
      {
        type: 'error',
        payload: [{ message: 'The cursor is too old.', extensions: { code: 'BAD_USER_INPUT' } }],
      },
    ]);
    raw.subscribe('3', 'subscription{events(after:99){text}}');
    await raw.until(() => raw.of('3').length === 1);
    expect(raw.of('3')).toMatchObject([{ type: 'error', payload: [{ message: 'The cursor is unknown.' }] }]);
    await expect.poll(live).toBe(0);
    raw.socket.close();
  });

  test('an ordinary async generator can be subscribed to as well', async () => {
    const raw = await rawSocket(server);
    raw.subscribe('1', 'subscription{alone{text}}');
    await raw.until(() => raw.of('1').length === 3);
    expect(raw.of('1').map(({ type, payload }) => payload?.data.alone.text ?? type)).toEqual([
      'a',
      'b',
      'complete',
    ]);
    raw.socket.close();
  });

  test('behaviour 9.3: what is asked behind a subscribe on one socket runs when that is live', async () => {
    const gate = Promise.withResolvers<void>();
    server.probe.subscribing = () => gate.promise;
    const raw = await rawSocket(server);
    raw.subscribe('1', EVENTS);
    raw.subscribe('2', 'mutation{touch(text:"a")}');
    await expect.poll(live).toBe(1);
    expect(server.probe.mutations).toBe(0);
    gate.resolve();
    await raw.until(() => raw.of('2').length > 0);
    expect(server.feed.state.attached).toBe(1);
    raw.socket.close();
  });

  test('behaviour 10.5: a socket holds 100 subscriptions, a credential 1,000; one more is RATE_LIMITED', async () => {
    const sockets = await Promise.all(Array.from({ length: 11 }, () => rawSocket(server)));
    for (const raw of sockets.slice(0, 10)) for (let n = 0; n < 100; n++) raw.subscribe(String(n), EVENTS);
    await Promise.all(sockets.map((raw) => raw.settled()));
    expect(await live()).toBe(1_000);
    sockets[0]!.subscribe('more', EVENTS);
    sockets[10]!.subscribe('more', EVENTS);
    await Promise.all([sockets[0]!.settled(), sockets[10]!.settled()]);
    for (const raw of [sockets[0]!, sockets[10]!])
      expect(raw.of('more')).toMatchObject([
        { type: 'error', payload: [{ extensions: { code: 'RATE_LIMITED' } }] },
      ]);
    sockets[0]!.send({ id: '0', type: 'complete' });
    await sockets[0]!.settled();
    sockets[10]!.subscribe('now', EVENTS);
    await sockets[10]!.settled();
    expect(sockets[10]!.of('now')).toEqual([]);
    sockets.forEach((raw) => raw.socket.close());
    await expect.poll(live).toBe(0);
  });

  test('server-sent events carry the same and end with their credential', async () => {
    const response = await server.post(
      { query: 'subscription{events(after:0){text}}' },
      { accept: 'text/event-stream' },
    );
    server.feed.publish('over http');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('over http')) text += (await reader.read()).value;
    expect(server.feed.state.attached).toBe(1);
    server.revoke('Bearer good', 'The key was revoked.');
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow();
    await expect.poll(() => server.feed.state.attached).toBe(0);
  });
});
