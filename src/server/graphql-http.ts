import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { type ExecutionResult, type GraphQLError, OperationTypeNode } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller, RequestInfo } from '../graphql/caller.ts';
import type { Engine } from '../graphql/engine.ts';
import type { Params } from '../graphql/prepare.ts';
import { badInput } from '../graphql/strings.ts';
import type { Callers } from './callers.ts';
import type { Credentials } from './credentials.ts';
import { readBody, sendError, sendTooLarge } from './respond.ts';

export interface GraphqlHttpDeps<V extends Caller> {
  engine: Engine;
  callers: Pick<Callers<V>, 'ofRequest'>;
  context: (viewer: V, request: RequestInfo) => object;
  credentials: Credentials;
  production: boolean;
}

export type HttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  about: RequestInfo,
) => void | Promise<void>;

interface Exchange extends RequestInfo {
  req: IncomingMessage;
  res: ServerResponse;
  body: string;
}

/**
 * GraphQL over HTTP: POST of application/json alone, and GraphiQL's page outside production. Yoga speaks the protocol
 * (media types, server-sent events, the page); the engine parses, bounds, executes and masks.
 */
export function createGraphqlHttp<V extends Caller>(
  deps: GraphqlHttpDeps<V>,
): { handle: HttpHandler; stop(): void } {
  const streams = new Set<ServerResponse>();
  const yoga = createYoga<Exchange>({
    graphqlEndpoint: '/graphql',
    cors: false,
    landingPage: false,
    logging: false,
    multipart: false,
    parserAndValidationCache: false,
    maxRequestBodySize: false,
    graphiql: deps.production ? false : { title: 'Holdpoint', subscriptionsProtocol: 'WS' },
    renderGraphiQL,
    maskedErrors: { maskError: (error) => deps.engine.mask(error, { requestId: 'unknown' }) },
    plugins: [throughEngine(deps, streams)],
  });

  const handle: HttpHandler = async (req, res, about) => {
    const page =
      req.method === 'GET' && !deps.production && req.headers.accept?.includes('text/html') === true;
    if (req.method !== 'POST' && !page) {
      res.setHeader('allow', 'POST');
      return sendError(res, 405, 'BAD_USER_INPUT', 'GraphQL is asked by POST.');
    }
    if (!page && !/^application\/json *(;|$)/i.test(req.headers['content-type'] ?? ''))
      return sendError(res, 415, 'BAD_USER_INPUT', 'A GraphQL request is sent as application/json.');
    const body = page ? '' : await readBody(req);
    if (body === null) return sendTooLarge(req, res);
    await yoga(req, res, { req, res, body, ...about });
  };
  return {
    handle,
    // A stream has no end of its own: its client comes again, elsewhere.
    stop: () => streams.forEach((response) => response.destroy()),
  };
}

/** The keys that may stand in a request's body. */
type Body = { query?: unknown; operationName?: unknown; variables?: unknown; extensions?: unknown };

function throughEngine<V extends Caller>(
  deps: GraphqlHttpDeps<V>,
  streams: Set<ServerResponse>,
): Plugin<Exchange> {
  return {
    onRequestParse({ setRequestParser, serverContext, fetchAPI }) {
      setRequestParser(() => {
        const params = readParams((serverContext as unknown as Exchange).body);
        if (typeof params !== 'string') return params as never;
        const body = JSON.stringify({ errors: [badInput(params)] });
        return new fetchAPI.Response(body, {
          status: 400,
          headers: { 'content-type': 'application/json' },
        }) as never;
      });
    },
    onParams({ setParamsHandler }) {
      setParamsHandler(async ({ params, request, context }) => {
        const exchange = context as unknown as Exchange;
        const result = await run(deps, params as Params, exchange, streams);
        const strict = request.headers.get('accept')?.includes('application/graphql-response+json') === true;
        if (strict && 'errors' in result && !('data' in result))
          return { ...result, extensions: { http: { status: statusOf(result.errors?.[0]) } } };
        return result;
      });
    },
  };
}

async function run<V extends Caller>(
  { engine, callers, context, credentials }: GraphqlHttpDeps<V>,
  params: Params,
  exchange: Exchange,
  streams: Set<ServerResponse>,
): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
  const about = { requestId: exchange.requestId, traceparent: exchange.traceparent };
  try {
    const viewer = await callers.ofRequest(exchange.req);
    const operation = engine.prepare(params);
    if (!('document' in operation)) return { errors: operation };
    if (operation.type !== OperationTypeNode.SUBSCRIPTION)
      return await engine.execute(operation, context(viewer, about), about);
    if (exchange.req.headers.accept?.includes('text/event-stream') !== true)
      return { errors: [badInput('A subscription needs a WebSocket, or Accept: text/event-stream.')] };
    const release = credentials.hold(viewer);
    const source = await engine.open(operation, context(viewer, about), about);
    if (!(Symbol.asyncIterator in source)) {
      release();
      return { errors: source };
    }
    // The stream lives as long as its credential does.
    const unwatch = credentials.watch(viewer, () => exchange.res.destroy());
    streams.add(exchange.res);
    exchange.res.once('close', () => {
      streams.delete(exchange.res);
      unwatch();
      release();
    });
    return mapStream(source, (payload) => engine.execute(operation, context(viewer, about), about, payload));
  } catch (error) {
    return { errors: [engine.mask(error, about)] };
  }
}

/** Passes `return` on at once, also while a payload is awaited: a generator would make a closed stream wait for it. */
function mapStream<T, R>(source: AsyncIterable<T>, map: (value: T) => Promise<R>): AsyncGenerator<R> {
  const iterator = source[Symbol.asyncIterator]();
  const over: IteratorResult<R> = { value: undefined, done: true };
  const stream: AsyncGenerator<R> = {
    async next() {
      const { value, done } = await iterator.next();
      return done === true ? over : { value: await map(value), done: false };
    },
    async return() {
      await iterator.return?.();
      return over;
    },
    async throw() {
      await iterator.return?.();
      return over;
    },
    [Symbol.asyncIterator]: () => stream,
    async [Symbol.asyncDispose]() {
      await stream.return(undefined);
    },
  };
  return stream;
}

/** What was asked, or what is wrong with it. Keys that GraphQL over HTTP does not know are left alone. */
function readParams(text: string): { query: string } | string {
  let body: Body;
  try {
    body = JSON.parse(text) as Body;
  } catch {
    return 'The body is not JSON.';
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return 'The body must be a JSON object.';
  const { query, operationName, variables, extensions } = body;
  if (typeof query !== 'string') return 'query must be a string.';
  if (operationName != null && typeof operationName !== 'string') return 'operationName must be a string.';
  if (variables != null && (typeof variables !== 'object' || Array.isArray(variables)))
    return 'variables must be an object.';
  if (extensions != null && (typeof extensions !== 'object' || Array.isArray(extensions)))
    return 'extensions must be an object.';
  return { query, ...(operationName != null && { operationName }), ...(variables != null && { variables }) };
}

const STATUS: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
};

/** For callers of application/graphql-response+json, who expect it; application/json is answered with 200. */
const statusOf = (error: GraphQLError | undefined): number =>
  STATUS[String(error?.extensions['code'])] ?? 400;
