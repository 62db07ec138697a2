import { createMcpHandler } from '@modelcontextprotocol/server';
import { createServerAdapter } from '@whatwg-node/server';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connection } from '../client/connection.ts';
import type { Caller, RequestInfo } from '../graphql/caller.ts';
import type { Engine } from '../graphql/engine.ts';
import { RequestError } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { createMcpServer } from '../mcp/mcp-server.ts';
import type { Credentials } from './credentials.ts';
import type { HttpHandler } from './graphql-http.ts';
import { connectInProcess } from './in-process.ts';
import type { Metrics } from './metrics.ts';
import { readBody, sendError, sendTooLarge } from './respond.ts';

export interface McpHttpDeps<V extends Caller> {
  engine: Engine;
  authenticate: (authorization: string | null) => Promise<V>;
  context: (viewer: V, request: RequestInfo) => object;
  credentials: Credentials;
  log: Log;
  metrics: Metrics;
  version: string;
}

interface Exchange {
  body: unknown;
  connection: Connection;
}

/**
 * MCP over Streamable HTTP, at `/mcp`, with the credentials of the API (behaviour 1.5, 2.1): each request by itself, of the
 * 2026-07-28 protocol and of those before it. The tools speak to the API as the caller does; an exchange ends with its
 * credential, and with its client.
 */
export function createMcpHttp<V extends Caller>(deps: McpHttpDeps<V>): { handle: HttpHandler; stop(): void } {
  const exchanges = new Set<ServerResponse>();
  const handler = createMcpHandler(
    ({ authInfo }) => createMcpServer((authInfo!.extra as unknown as Exchange).connection, deps.version),
    { onerror: (err) => deps.log.debug({ err }, 'an MCP request was refused') },
  );
  const adapter = createServerAdapter<Exchange>((request, exchange) =>
    handler.fetch(request, {
      parsedBody: exchange.body,
      authInfo: { token: '', clientId: '', scopes: [], extra: exchange as never },
    }),
  );

  const handle: HttpHandler = async (request, response, about) => {
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      return sendError(response, 405, 'BAD_USER_INPUT', 'MCP is asked by POST; it holds no sessions.');
    }
    if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? ''))
      return sendError(response, 415, 'BAD_USER_INPUT', 'An MCP request is sent as application/json.');
    const viewer = await authenticated(deps, request, response);
    if (viewer === null) return;
    const text = await readBody(request);
    if (text === null) return sendTooLarge(request, response);
    const body = parsed(text);
    if (body === undefined) return sendError(response, 400, 'BAD_USER_INPUT', 'The body is not JSON.');
    const unwatch = deps.credentials.watch(viewer, () => response.destroy());
    exchanges.add(response);
    response.once('close', () => {
      exchanges.delete(response);
      unwatch();
    });
    const connection = connectInProcess({
      engine: deps.engine,
      context: deps.context(viewer, about),
      about,
      hold() {
        const release = deps.credentials.hold(viewer);
        deps.metrics.mcpSubscriptions.inc();
        return () => {
          deps.metrics.mcpSubscriptions.dec();
          release();
        };
      },
    });
    await adapter(request, response, { body, connection });
  };
  return {
    handle,
    /** What waits is asked for again, of whoever serves then. */
    stop: () => exchanges.forEach((response) => response.destroy()),
  };
}

async function authenticated<V extends Caller>(
  { authenticate }: McpHttpDeps<V>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<V | null> {
  try {
    return await authenticate(request.headers.authorization ?? null);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const unknown = error.code === 'UNAUTHENTICATED';
    if (unknown) response.setHeader('www-authenticate', 'Bearer');
    const status = unknown ? 401 : error.code === 'SERVICE_UNAVAILABLE' ? 503 : 403;
    sendError(response, status, error.code, error.message);
    return null;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
