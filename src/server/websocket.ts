import type { ExecutionResult, GraphQLError } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Caller, RequestInfo } from '../graphql/caller.ts';
import type { Engine } from '../graphql/engine.ts';
import type { Log } from '../kernel/log.ts';
import type { Callers } from './callers.ts';
import type { Credentials } from './credentials.ts';
import { createFanOut } from './fan-out.ts';
import type { Metrics } from './metrics.ts';
import { type Accepted, type Connection, createOperations } from './operations.ts';
import { Flusher, limitReason, Outbox } from './outbox.ts';
import { LARGEST_BODY } from './respond.ts';

export interface WebSocketDeps<V extends Caller> {
  engine: Engine;
  callers: Pick<Callers<V>, 'ofSocket'>;
  context: (viewer: V, request: RequestInfo) => object;
  credentials: Credentials;
  metrics: Metrics;
  log: Log;
  /** Between pings; a peer that has not answered the one before is dropped. */
  pingEveryMs: number;
  /** From the connection to its connection_init, else it is closed with 4408. */
  initWithinMs: number;
}

export interface WebSockets {
  /** Takes over a connection whose upgrade has been allowed. */
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void;
  /** Lets operations in flight finish, closes every socket with 1001. */
  stop(): Promise<void>;
  terminate(): void;
}

const GOING_AWAY = 1001;
const FORBIDDEN = 4403;
const TRY_AGAIN_LATER = 1013;
const BAD_REQUEST = 4400;

/** Messages of the protocol that only a server sends. */
const OF_SERVERS = new Set(['connection_ack', 'next', 'error']);

export function createWebSockets<V extends Caller>(deps: WebSocketDeps<V>): WebSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_BODY,
    perMessageDeflate: false,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  const state = { draining: false, inFlight: new Set<Promise<unknown>>() };
  const flusher = new Flusher();
  const operations = createOperations(deps, createFanOut(), state);
  const connections = new Set<Connection<V>>();

  const protocol = makeServer<Record<string, unknown>, Connection<V>>({
    connectionInitWaitTimeout: deps.initWithinMs,
    execute: (args) => (args as Accepted).accepted.start() as Promise<ExecutionResult>,
    subscribe: (args) => (args as Accepted).accepted.start() as AsyncGenerator<ExecutionResult>,
    onConnect: ({ extra, connectionParams }) => admit(deps, extra, connectionParams),
    onSubscribe: ({ extra }, id, payload) => operations.accept(extra, id, payload),
    // A pong says that every subscribe sent before the ping is live or has been refused: the way to know that this
    // protocol leaves. The refusal itself is written in the same turn of the loop.
    onPing: async ({ extra }) => {
      await extra.accepted;
      await new Promise((resolve) => setImmediate(resolve));
    },
    onError: (_context, _id, _payload, errors) =>
      errors.map((error) => masked(deps.engine, error as GraphQLError).toJSON()),
  });

  const opened = (webSocket: WebSocket, request: IncomingMessage, socket: Duplex) => {
    const connection: Connection<V> = {
      request,
      webSocket,
      outbox: new Outbox(webSocket, socket, flusher, deps.metrics.sockets),
      viewer: null,
      subscriptions: 0,
      opening: new Set(),
      accepted: Promise.resolve(),
      unwatch: () => {},
      alive: true,
    };
    connections.add(connection);
    deps.metrics.connections.inc();
    const closed = protocol.opened(protocolSocket(connection, deps.log), connection);
    webSocket.on('pong', () => (connection.alive = true));
    webSocket.on('error', (err) => deps.log.debug({ err }, 'a socket failed'));
    webSocket.once('close', (code, reason) => {
      connections.delete(connection);
      deps.metrics.connections.dec();
      connection.unwatch();
      void closed(code, String(reason));
    });
  };

  const pinging = setInterval(() => {
    for (const connection of connections) {
      if (!connection.alive) connection.webSocket.terminate();
      else if (connection.outbox.open) connection.webSocket.ping();
      connection.alive = false;
    }
  }, deps.pingEveryMs);
  pinging.unref();

  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (webSocket) => opened(webSocket, request, socket)),
    async stop() {
      state.draining = true;
      await Promise.allSettled(state.inFlight);
      // Their answers are written in the same turn of the loop.
      await new Promise((resolve) => setImmediate(resolve));
      clearInterval(pinging);
      const gone = [...connections].map(
        ({ webSocket }) => new Promise((resolve) => webSocket.once('close', resolve)),
      );
      for (const { outbox } of connections) outbox.close(GOING_AWAY, 'Going away');
      await Promise.all(gone);
    },
    terminate() {
      for (const { webSocket } of connections) webSocket.terminate();
    },
  };
}

function protocolSocket<V>({ webSocket, outbox }: Connection<V>, log: Log) {
  return {
    protocol: webSocket.protocol,
    send: (text: string) => outbox.send(text),
    close: (code?: number, reason?: string) => outbox.close(code ?? 1000, reason ?? ''),
    onPing: (payload: unknown) => outbox.send(pongTo(payload)),
    onMessage: (received: (text: string) => Promise<void>) => {
      webSocket.on('message', (data: Buffer) => {
        const text = data.toString();
        received(text).catch((err: unknown) => {
          if (isOfServers(text)) return outbox.close(BAD_REQUEST, 'Invalid message received');
          log.error({ err }, 'a socket message could not be handled');
          outbox.close(4500, 'Internal server error');
        });
      });
    },
  };
}

/** Looked at once it could not be handled: it is well-formed then. */
const isOfServers = (text: string): boolean => OF_SERVERS.has((JSON.parse(text) as { type: string }).type);

/** With what came along, unless that is nested more deeply than it can be written again. */
function pongTo(payload: unknown): string {
  try {
    return JSON.stringify({ type: 'pong', payload });
  } catch {
    return JSON.stringify({ type: 'pong' });
  }
}

/** behaviour 2.1: no credential or a bad one closes with 4403 and the reason, so does its end while connected. */
async function admit<V extends Caller>(
  { callers, credentials, engine }: WebSocketDeps<V>,
  connection: Connection<V>,
  params: Readonly<Record<string, unknown>> | undefined,
): Promise<boolean> {
  const { outbox, request } = connection;
  try {
    connection.viewer = await callers.ofSocket(request, params);
  } catch (error) {
    const { message, extensions } = engine.mask(error, { requestId: randomUUID() });
    const refused = extensions['code'] === 'UNAUTHENTICATED' || extensions['code'] === 'FORBIDDEN';
    outbox.close(refused ? FORBIDDEN : TRY_AGAIN_LATER, message);
    return false;
  }
  // The peer may have gone while it was looked up: a watch made now would never be taken back.
  if (!outbox.open) return false;
  connection.unwatch = credentials.watch(connection.viewer, (reason) =>
    outbox.close(FORBIDDEN, limitReason(reason)),
  );
  return outbox.open;
}

/** An error that ended a subscription: the protocol wraps whatever its iterator threw. */
const masked = (engine: Engine, error: GraphQLError): GraphQLError =>
  error.originalError || typeof error.extensions['code'] !== 'string'
    ? engine.mask(error, { requestId: randomUUID() })
    : error;
