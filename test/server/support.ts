import {
  GraphQLBoolean,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { PassThrough } from 'node:stream';
import pino from 'pino';
import WebSocket from 'ws';
import type { Caller } from '../../src/graphql/caller.ts';
import { defaultLimits } from '../../src/graphql/limits.ts';
import { createSharedSource } from '../../src/graphql/shared-source.ts';
import { addSeconds, type Clock } from '../../src/kernel/clock.ts';
import { RequestError } from '../../src/kernel/errors.ts';
import { createServer, defaultTimes, type ServerDeps, type ServerSettings } from '../../src/server/http.ts';
import { createMetrics } from '../../src/server/metrics.ts';

export interface TestViewer extends Caller {
  actor: { name: string };
}

/** A clock that a test moves. */
export function testClock(start = new Date(1_800_000_000_000)) {
  let now = start;
  let timers: { at: Date; callback: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    at(at, callback) {
      const timer = { at, callback };
      timers.push(timer);
      return () => void (timers = timers.filter((each) => each !== timer));
    },
  };
  return {
    clock,
    advance: (seconds: number): void => {
      now = addSeconds(now, seconds);
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { callback } of due) callback();
    },
  };
}

export interface Row {
  position: bigint;
  text: string;
}

/** A log in memory, read the way the event table is: by position, with a tail that tells of what is new. */
export function createFeed() {
  const rows: Row[] = [];
  const listeners = new Set<(row: Row) => void>();
  const enders = new Set<(error?: Error) => void>();
  const state = { attached: 0, reading: async () => {} };
  return {
    rows,
    state,
    publish(text: string): bigint {
      const row = { position: BigInt(rows.length + 1), text };
      rows.push(row);
      for (const listener of listeners) listener(row);
      return row.position;
    },
    end(error?: Error) {
      for (const ender of enders) ender(error);
    },
    source(key: string | null, after?: number | null) {
      const attach = (deliver: (row: Row, position: bigint) => void, end: (error?: Error) => void) => {
        const listener = (row: Row) => deliver(row, row.position);
        listeners.add(listener);
        enders.add(end);
        state.attached++;
        return () => {
          if (listeners.delete(listener)) state.attached--;
          enders.delete(end);
        };
      };
      if (after === undefined || after === null) return createSharedSource<Row>({ key, attach });
      return createSharedSource<Row>({
        key,
        attach,
        async catchUp(send, joined, signal) {
          if (after > rows.length) throw new RequestError('BAD_USER_INPUT', 'The cursor is unknown.');
          let at = after;
          while (at < rows.length) {
            await state.reading();
            for (const row of rows.slice(at, at + 10)) {
              await send(row, row.position);
              at = Number(row.position);
            }
          }
          signal.throwIfAborted();
          joined(BigInt(at));
        },
      });
    },
  };
}

export type Feed = ReturnType<typeof createFeed>;

export interface TestContext {
  viewer: TestViewer;
  requestId: string;
}

const JsonScalar = new GraphQLScalarType({ name: 'JSON' });
const text = { type: new GraphQLNonNull(GraphQLString) };

/** What a test's resolvers can be made to wait for, and what they count. */
export function createProbe() {
  return {
    executions: 0,
    contexts: 0,
    gate: async (_row: Row) => {},
    mutations: 0,
    subscribing: async () => {},
  };
}

export type Probe = ReturnType<typeof createProbe>;

export function createTestSchema(feed: Feed, probe: Probe): GraphQLSchema {
  const Row: GraphQLObjectType = new GraphQLObjectType<Row, TestContext>({
    name: 'Row',
    fields: () => ({
      position: { type: GraphQLInt, resolve: (row) => Number(row.position) },
      text: {
        type: GraphQLString,
        async resolve(row) {
          probe.executions++;
          await probe.gate(row);
          if (row.text === 'throw') throw new Error('select * from secret_table');
          return row.text;
        },
      },
      mine: {
        type: GraphQLString,
        extensions: { personal: true },
        resolve: (_row, _args, { viewer }) => viewer.actor.name,
      },
      careless: { type: GraphQLString, resolve: (_row, _args, { viewer }) => viewer.actor.name },
    }),
  });
  const Item: GraphQLObjectType = new GraphQLObjectType({
    name: 'Item',
    fields: () => ({ name: { type: GraphQLString }, tags: { type: new GraphQLList(Item) }, items: page }),
  });
  const Connection = new GraphQLObjectType({
    name: 'ItemConnection',
    fields: () => ({ nodes: { type: new GraphQLList(Item) }, totalCount: { type: GraphQLInt } }),
  });
  const page = { type: Connection, args: { first: { type: GraphQLInt }, last: { type: GraphQLInt } } };
  const throwing = (error: () => Error) => ({
    type: GraphQLString,
    resolve: () => {
      throw error();
    },
  });
  return new GraphQLSchema({
    query: new GraphQLObjectType<unknown, TestContext>({
      name: 'Query',
      fields: {
        hello: { type: GraphQLString, resolve: () => 'world' },
        who: { type: GraphQLString, resolve: (_root, _args, { viewer }) => viewer.actor.name },
        echo: {
          type: GraphQLString,
          args: { text: { type: GraphQLString }, value: { type: JsonScalar } },
          resolve: (_root, args) => args.text ?? JSON.stringify(args.value),
        },
        item: { type: Item, resolve: () => ({ name: 'one', tags: [] }) },
        items: { ...page, resolve: () => ({ nodes: [], totalCount: 0 }) },
        fails: throwing(() => new Error('select * from secret_table')),
        refused: throwing(() => new RequestError('NOT_FOUND', 'No such item.')),
        gone: throwing(() => Object.assign(new Error('connect ECONNREFUSED 10.0.0.1'), { code: 'P1001' })),
        slow: {
          type: GraphQLString,
          async resolve() {
            await probe.subscribing();
            return 'done';
          },
        },
        count: {
          type: GraphQLInt,
          args: { of: { type: new GraphQLNonNull(GraphQLInt) } },
          resolve: (_root, { of }) => of,
        },
      },
    }),
    mutation: new GraphQLObjectType({
      name: 'Mutation',
      fields: {
        touch: {
          type: GraphQLBoolean,
          args: { text },
          resolve: () => {
            probe.mutations++;
            return true;
          },
        },
      },
    }),
    subscription: new GraphQLObjectType<unknown, TestContext>({
      name: 'Subscription',
      fields: {
        events: {
          type: Row,
          args: { after: { type: GraphQLInt } },
          async subscribe(_root, { after }, { viewer }) {
            await probe.subscribing();
            return feed.source(`events ${viewer.projectId}`, after);
          },
          resolve: (row) => row,
        },
        alone: {
          type: Row,
          async *subscribe() {
            for (const each of ['a', 'b']) yield { position: 1n, text: each };
          },
          resolve: (row) => row,
        },
        denied: {
          type: Row,
          subscribe: () => {
            throw new RequestError('FORBIDDEN', 'Not yours.');
          },
        },
      },
    }),
  });
}

export const KEY = 'Bearer good';

export async function startServer(
  more: Partial<Omit<ServerDeps<TestViewer>, 'settings'>> & {
    settings?: Partial<ServerSettings>;
    expiresAt?: Date;
  } = {},
) {
  const feed = createFeed();
  const probe = createProbe();
  const { clock, advance } = testClock();
  const revoking = new Set<(id: string, reason: string) => void>();
  const lines = new PassThrough();
  const logged: string[] = [];
  lines.on('data', (line) => logged.push(String(line)));
  const metrics = createMetrics({ process: false });
  const { settings, expiresAt, ...deps } = more;
  const server = createServer<TestViewer>({
    clock,
    log: pino({ level: 'info' }, lines),
    schema: createTestSchema(feed, probe),
    version: '0',
    metrics,
    async authenticate(authorization) {
      const name = /^Bearer (good|other)(.*)$/.exec(authorization ?? '');
      if (name === null) throw new RequestError('UNAUTHENTICATED', 'The credential is missing or unknown.');
      const projectId = name[1] === 'good' ? 'p1' : 'p2';
      return {
        actor: { name: name[0] },
        role: 'VIEWER',
        projectId,
        credentialId: name[0],
        expiresAt: expiresAt ?? null,
      };
    },
    onRevoked(listener) {
      revoking.add(listener);
      return () => revoking.delete(listener);
    },
    context: (viewer, { requestId }) => {
      probe.contexts++;
      return { viewer, requestId };
    },
    checks: {},
    ...deps,
    settings: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      corsOrigins: [],
      hosts: [],
      production: false,
      metricsToken: null,
      api: true,
      limits: defaultLimits,
      ...defaultTimes,
      ...settings,
    },
  });
  const { port } = await server.listen();
  const url = `http://127.0.0.1:${port}`;
  return {
    server,
    feed,
    probe,
    advance,
    logged,
    metrics,
    port,
    url,
    wsUrl: `ws://127.0.0.1:${port}/graphql`,
    revoke: (id: string, reason: string) => revoking.forEach((listener) => listener(id, reason)),
    post: (body: unknown, headers: Record<string, string> = {}) =>
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: KEY, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async ask(query: string, variables?: Record<string, unknown>) {
      const response = await this.post({ query, variables });
      return (await response.json()) as {
        data?: any;
        errors?: { message: string; extensions: Record<string, any> }[];
      };
    },
    client(authorization: string | null = KEY): Client {
      return createClient({
        url: this.wsUrl,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        lazy: true,
        connectionParams: authorization ? { authorization } : {},
        onNonLazyError: () => {},
      });
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof startServer>>;

/** The protocol by hand, for what a well-behaved client never does. */
export async function rawSocket(
  server: Pick<TestServer, 'wsUrl'>,
  authorization: string | Record<string, unknown> = KEY,
  headers: Record<string, string> = {},
) {
  const socket = new WebSocket(server.wsUrl, 'graphql-transport-ws', { headers });
  const messages: any[] = [];
  let arrived = () => {};
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()));
    arrived();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => {
      resolve({ code, reason: String(reason) });
      arrived();
    }),
  );
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const send = (message: object) => socket.send(JSON.stringify(message));
  const until = async (found: () => boolean) => {
    while (!found()) await new Promise<void>((resolve) => (arrived = resolve));
  };
  const raw = {
    socket,
    messages,
    closed,
    send,
    until,
    subscribe: (id: string, query: string, variables?: object) =>
      send({ id, type: 'subscribe', payload: { query, variables } }),
    of: (id: string) => messages.filter((message) => message.id === id),
    /** Every subscribe sent before is accepted or refused when this returns. */
    async settled() {
      const pongs = messages.filter(({ type }) => type === 'pong').length;
      send({ type: 'ping' });
      await until(() => messages.filter(({ type }) => type === 'pong').length > pongs);
    },
  };
  if (authorization !== '') {
    const payload = typeof authorization === 'string' ? { authorization } : authorization;
    send({ type: 'connection_init', payload });
    await until(
      () => messages.some(({ type }) => type === 'connection_ack') || socket.readyState !== WebSocket.OPEN,
    );
  }
  return raw;
}
