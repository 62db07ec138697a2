import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import type { Caller, RequestInfo } from '../graphql/caller.ts';
import { createEngine } from '../graphql/engine.ts';
import type { Limits } from '../graphql/limits.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type Access, type AccessSettings, answerPreflight, createAccess } from './access.ts';
import { type Callers, createCallers } from './callers.ts';
import { createCookies } from './cookies.ts';
import { type OnRevoked, watchCredentials } from './credentials.ts';
import { createGraphqlHttp, type HttpHandler } from './graphql-http.ts';
import { issuerRoutes } from './issuer-door.ts';
import { createMcpHttp } from './mcp-http.ts';
import { type Check, healthRoutes, metricsHandler } from './health.ts';
import type { Metrics } from './metrics.ts';
import { sendError } from './respond.ts';
import { createRouter, pathOf, refuseUpgrade, requestIdOf } from './router.ts';
import { type BrowserSignIn, createSessionDoor } from './session-door.ts';
import { createWebSockets } from './websocket.ts';

export interface ServerSettings extends Omit<AccessSettings, 'publicUrl'> {
  /** 0: any free one. */
  port: number;
  /** null: the address listened on. */
  publicUrl: string | null;
  production: boolean;
  /** Whether the API is served here; else only health and metrics are (a process that only works). */
  api: boolean;
  /** null: `/metrics` needs no credential. */
  metricsToken: string | null;
  limits: Limits;
  /** How long a request's headers, and its whole, may take to arrive. */
  requestTimeoutMs: number;
  pingEveryMs: number;
  /** Enough for a person with a terminal, who types or pastes the first frame. */
  initWithinMs: number;
  /** After so long a stop cuts off what has not finished. */
  stopWithinMs: number;
}

export interface ServerDeps<V extends Caller> {
  settings: ServerSettings;
  clock: Clock;
  log: Log;
  schema: GraphQLSchema;
  metrics: Metrics;
  /** Null: nothing is recorded. */
  tracing?: Tracing | null;
  /** Throws RequestError UNAUTHENTICATED or FORBIDDEN. */
  authenticate: (authorization: string | null) => Promise<V>;
  onRevoked: OnRevoked;
  /** People in browsers, by cookie; left out, every caller brings a credential. */
  browser?: BrowserSignIn<V>;
  /** The context of one execution. In a shared one the viewer is a class: see viewer-class.ts. */
  context: (viewer: V, request: RequestInfo) => object;
  /** Of the product, as MCP clients are told it. */
  version: string;
  /** What `/readyz` asks, by the name it is reported under. */
  checks: Readonly<Record<string, Check>>;
  /** Further routes by path; one that ends in `*` takes everything below it. They come after the house's own. */
  routes?: Readonly<Record<string, HttpHandler>>;
}

export interface Server {
  listen(): Promise<{ port: number }>;
  /** Not ready from now on; finishes what is in flight, closes sockets with 1001, within `stopWithinMs`. */
  stop(): Promise<void>;
}

export const defaultTimes = {
  requestTimeoutMs: 30_000,
  pingEveryMs: 12_000,
  initWithinMs: 15_000,
  stopWithinMs: 8_000,
};

/** Of a route; whatever no route is for is one label, however many paths are tried. */
const labelOf = (path: string | undefined): string => (path === undefined || path === '*' ? 'other' : path);

const aboutOf = ({ headers: { traceparent } }: IncomingMessage, requestId: string): RequestInfo => ({
  requestId,
  traceparent: typeof traceparent === 'string' ? traceparent : undefined,
});

/** Everything that the house says over HTTP and WebSocket, on one port. Long because it is the wiring, read top to bottom. */
export function createServer<V extends Caller>(deps: ServerDeps<V>): Server {
  const { settings, log, metrics } = deps;
  const engine = createEngine({
    schema: deps.schema,
    limits: settings.limits,
    production: settings.production,
    log,
    tracing: deps.tracing,
  });
  const credentials = watchCredentials(deps.clock, deps.onRevoked);
  // What depends on the port is known once it is listened on, before the first request.
  let known: {
    access: Access;
    publicUrl: string;
    cookies: ReturnType<typeof createCookies>;
    callers: Callers<V>;
  };
  const callers: Callers<V> = {
    ofRequest: (request) => known.callers.ofRequest(request),
    ofSocket: (request, params) => known.callers.ofSocket(request, params),
  };
  const graphql = createGraphqlHttp({
    ...deps,
    engine,
    callers,
    credentials,
    production: settings.production,
  });
  const mcp = createMcpHttp({ ...deps, engine, credentials });
  const { pingEveryMs, initWithinMs } = settings;
  const sockets = createWebSockets({ ...deps, engine, callers, credentials, pingEveryMs, initWithinMs });
  const state = { draining: false };
  const active = new Set<ServerResponse>();

  const house: Record<string, HttpHandler> = {
    ...(settings.api && { '/graphql': graphql.handle, '/mcp': mcp.handle }),
    ...(settings.api && deps.browser && browserRoutes(deps.browser)),
    ...healthRoutes(deps.checks, () => state.draining, log),
    '/metrics': metricsHandler(metrics, deps.checks, settings.metricsToken, log),
  };
  // Probes and scrapers call by address: what holds no secret, or is behind a token of its own, is under any name.
  const anyName = new Set(['/healthz', '/readyz', ...(settings.metricsToken === null ? [] : ['/metrics'])]);
  const route = createRouter({ ...deps.routes, ...house });

  function browserRoutes(browser: BrowserSignIn<V>): Record<string, HttpHandler> {
    const doors = { browser, engine, clock: deps.clock, access: () => known.access };
    return {
      '/session': createSessionDoor({ ...doors, cookie: () => known.cookies.session }),
      ...issuerRoutes({ ...doors, cookies: () => known.cookies, publicUrl: () => known.publicUrl }),
    };
  }

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    about: RequestInfo,
  ) => {
    const found = route(path);
    if (!anyName.has(path)) {
      const { access } = known;
      const refusal = access.refusal(request);
      if (refusal !== null) return sendError(response, 403, 'FORBIDDEN', refusal);
      const configured = access.cors(request, response);
      if (configured && request.method === 'OPTIONS') return answerPreflight(response);
    }
    if (found === null) return sendError(response, 404, 'NOT_FOUND', 'There is nothing here.');
    await found.handler(request, response, about);
  };

  const server = createHttpServer({
    headersTimeout: settings.requestTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, settings.requestTimeoutMs),
  });

  server.on('request', (request, response) => {
    const started = performance.now();
    const path = pathOf(request);
    const requestId = requestIdOf(request);
    response.setHeader('x-request-id', requestId);
    // Of every answer: none is another kind than it says, stands in somebody's frame, or is kept where it does not say so.
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('x-frame-options', 'DENY');
    response.setHeader('cache-control', 'no-store');
    if (state.draining) response.setHeader('connection', 'close');
    active.add(response);
    response.once('close', () => {
      active.delete(response);
      const ms = performance.now() - started;
      const status = response.statusCode;
      metrics.httpDuration.observe(
        { method: request.method ?? '', path: labelOf(route(path)?.path), status },
        ms / 1_000,
      );
      log.info(
        { requestId, method: request.method, path, status, ms: Math.round(ms * 100) / 100 },
        'request',
      );
      if (state.draining) server.closeIdleConnections();
    });
    answer(request, response, path, aboutOf(request, requestId)).catch((err: unknown) => {
      if (request.destroyed && !request.complete) return;
      log.error({ err, requestId }, 'a request could not be answered');
      if (response.headersSent) response.destroy();
      else sendError(response, 500, 'INTERNAL_SERVER_ERROR', 'Unexpected error.');
    });
  });

  server.on('upgrade', (request, connection, head) => {
    connection.on('error', () => connection.destroy());
    if (!settings.api || pathOf(request) !== '/graphql') return refuseUpgrade(connection, '404 Not Found');
    if (known.access.refusal(request) !== null) return refuseUpgrade(connection, '403 Forbidden');
    if (state.draining) return refuseUpgrade(connection, '503 Service Unavailable');
    sockets.upgrade(request, connection, head);
  });

  const stopped = async () => {
    state.draining = true;
    for (const response of active) if (!response.headersSent) response.setHeader('connection', 'close');
    const closed = new Promise((resolve) => server.close(resolve));
    graphql.stop();
    mcp.stop();
    await sockets.stop();
    await closed;
  };
  let stopping: Promise<void> | null = null;

  return {
    async listen() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(settings.port, settings.host, resolve);
      });
      const { port } = server.address() as AddressInfo;
      const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
      const publicUrl = settings.publicUrl ?? `http://${host}:${port}`;
      const access = createAccess({ ...settings, publicUrl }, port);
      const cookies = createCookies(publicUrl);
      const sessions = deps.browser ? { ...deps.browser, cookie: cookies.session } : null;
      known = {
        access,
        publicUrl,
        cookies,
        callers: createCallers({ authenticate: deps.authenticate, sessions, access }),
      };
      return { port };
    },
    stop() {
      stopping ??= (async () => {
        const late = Promise.withResolvers<void>();
        const cut = setTimeout(() => {
          log.warn('the stop took too long: what is left is cut off');
          server.closeAllConnections();
          sockets.terminate();
          late.resolve();
        }, settings.stopWithinMs);
        await Promise.race([stopped(), late.promise]);
        clearTimeout(cut);
        credentials.stop();
      })();
      return stopping;
    },
  };
}
