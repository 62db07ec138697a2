import { type Client, createClient } from 'graphql-ws/client';
import { HoldpointError } from './errors.ts';
import { backoff, pause } from './pause.ts';

export interface ConnectionOptions {
  /** Of the server: `https://holdpoint.example.com`. */
  url: string;
  /** An API key, or a token; a function is asked before each request and each connection, so that an expired one is renewed. */
  token: string | (() => string | Promise<string>);
  fetch?: typeof fetch;
  WebSocket?: typeof WebSocket;
}

/** A document with the types of both its sides, as generators of typed documents make them. */
export interface Document<Data, Variables> {
  toString(): string;
  __apiType?: (variables: Variables) => Data;
}

export interface RequestOptions {
  signal?: AbortSignal | undefined;
  /** It changes nothing, or nothing twice: it is made until it is answered. */
  repeatable?: boolean;
  /** What is on its way when the client is closed is not taken back; it is not made again either. */
  outlastsClose?: boolean;
}

/** What was sent and what came back, over HTTP and over WebSockets that are there while something is subscribed to. */
export interface Connection {
  /** Rejects with a HoldpointError; where it is repeatable, never because the server was away. */
  request<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    options?: RequestOptions,
  ): Promise<Data>;
  /**
   * One query over a socket: what was subscribed to under the same signal before is live when it is answered
   * (behaviour 9.3). What has one signal goes over one socket.
   */
  overSocket<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    signal: AbortSignal,
  ): Promise<Data>;
  /** Of the server, over HTTP without a credential: asked for until it is there. */
  fetchJson<Data>(path: string, signal: AbortSignal | undefined): Promise<Data>;
  /** Ends, by an error, with its socket. */
  subscribe<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    signal: AbortSignal,
  ): AsyncIterator<Data>;
  readonly url: string;
  /** Aborted by `close`. */
  readonly closed: AbortSignal;
  close(): void;
}

/** As GraphQL over HTTP answers. */
export interface GraphQLAnswer {
  data?: unknown;
  errors?: readonly { message: string; extensions?: Readonly<Record<string, unknown>> }[];
}

/** Milliseconds without an answer after which a request, or a silent socket, is given up and made anew. */
const NO_ANSWER = 40_000;
/** Milliseconds for a socket to open: something in between may take the request and never answer it. */
const OPEN_WITHIN = 10_000;
const PING_EVERY = 15_000;
const PONG_WITHIN = 10_000;
/** Waits over one socket: the server takes 100 subscriptions on each (behaviour 10.5). */
const WAITS_ON_A_SOCKET = 90;
/** Milliseconds that an unused socket stays: the next wait comes soon, and a program that has ended should end. */
const IDLE = 500;
/** The server's way of saying that a credential opens nothing. */
const FORBIDDEN_CLOSE = 4403;

const TEMPORARY = new Set(['SERVICE_UNAVAILABLE', 'RATE_LIMITED']);
/** Attempts with tokens that the server does not know, where a function gives a new one each time. */
const MOST_TOKENS = 3;

export function connect({ url, token, ...given }: ConnectionOptions): Connection {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new HoldpointError('INVALID_INPUT', `url must be an http(s) address, not ${JSON.stringify(url)}`);
  const base = url.replace(/\/+$/, '');
  const post = given.fetch ?? globalThis.fetch.bind(globalThis);
  let hadToken = false;
  async function currentToken(): Promise<string> {
    if (typeof token !== 'function') return headerOf(token);
    try {
      const current = headerOf(await token());
      hadToken = true;
      return current;
    } catch (error) {
      // Whoever gives tokens may be away as the server may, once it has given one. What it says itself is final.
      if (!hadToken || error instanceof HoldpointError) throw error;
      throw new HoldpointError('NETWORK', `no new token could be had (${String(error)})`, [], error);
    }
  }
  const sockets: { client: Client; waits: number }[] = [];
  const socketOf = new WeakMap<AbortSignal, Client>();
  const closed = new AbortController();

  async function request<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    { signal, repeatable = false, outlastsClose = false }: RequestOptions = {},
  ): Promise<Data> {
    let tokens = 1;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await once(document, variables, signal, outlastsClose);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof HoldpointError) || closed.signal.aborted) throw error;
        const renewable = error.code === 'UNAUTHENTICATED' && typeof token === 'function';
        if (renewable && tokens < MOST_TOKENS) tokens += 1;
        else if (!repeatable || !isTemporary(error)) throw error;
        await pause(backoff(attempt), AbortSignal.any([closed.signal, ...(signal ? [signal] : [])]));
      }
    }
  }

  async function once<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    signal: AbortSignal | undefined,
    outlastsClose: boolean,
  ): Promise<Data> {
    const authorization = `Bearer ${await currentToken()}`;
    const body = bodyOf({ query: document.toString(), variables });
    let status = 0;
    try {
      const response = await post(`${base}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', authorization },
        body,
        signal: AbortSignal.any([
          ...(outlastsClose ? [] : [closed.signal]),
          AbortSignal.timeout(NO_ANSWER),
          ...(signal === undefined ? [] : [signal]),
        ]),
      });
      ({ status } = response);
      return dataOf((await response.json()) as GraphQLAnswer, status) as Data;
    } catch (error) {
      if (error instanceof HoldpointError) throw error;
      if (closed.signal.aborted) throw closed.signal.reason;
      signal?.throwIfAborted();
      throw new HoldpointError('NETWORK', `${base} gave no answer (${status || String(error)})`, [], error);
    }
  }

  async function fetchJson<Data>(path: string, signal: AbortSignal | undefined): Promise<Data> {
    const givenUp = AbortSignal.any([closed.signal, ...(signal ? [signal] : [])]);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const ended = AbortSignal.any([givenUp, AbortSignal.timeout(NO_ANSWER)]);
        const response = await post(`${base}${path}`, { signal: ended });
        if (response.ok) return (await response.json()) as Data;
      } catch {
        // Away, or something in between that speaks no JSON.
      }
      await pause(backoff(attempt), givenUp);
    }
  }

  const open = (): Client => {
    const webSocketImpl = given.WebSocket ?? globalThis.WebSocket;
    if (webSocketImpl === undefined) throw new HoldpointError('NETWORK', 'there are no sockets here');
    return createClient({
      url: `${base.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: openInTime(webSocketImpl),
      connectionParams: async () => ({ authorization: `Bearer ${await currentToken()}` }),
      // Whoever waits subscribes again from where it was.
      retryAttempts: 0,
      lazyCloseTimeout: IDLE,
      keepAlive: PING_EVERY,
      connectionAckWaitTimeout: NO_ANSWER,
      on: giveUpWhereNoPongComes(),
    });
  };

  /** The socket of everything under this signal: the first one that has room, until the signal is aborted. */
  function socketFor(signal: AbortSignal): Client {
    closed.signal.throwIfAborted();
    const known = socketOf.get(signal);
    if (known !== undefined) return known;
    let socket = sockets.find(({ waits }) => waits < WAITS_ON_A_SOCKET);
    if (socket === undefined) sockets.push((socket = { client: open(), waits: 0 }));
    const { client } = socket;
    socketOf.set(signal, client);
    if (signal.aborted) return client;
    socket.waits += 1;
    signal.addEventListener('abort', () => (socket.waits -= 1), { once: true });
    return client;
  }

  return {
    url: base,
    closed: closed.signal,
    fetchJson,
    request,
    async overSocket(document, variables, signal) {
      const answers = iterate(socketFor(signal), document, variables, signal);
      const { value, done } = await answers.next();
      await answers.return?.();
      if (done) throw new HoldpointError('NETWORK', 'the connection ended before its answer');
      return value;
    },
    subscribe: (document, variables, signal) => iterate(socketFor(signal), document, variables, signal),
    close() {
      closed.abort(new HoldpointError('CLOSED', 'this client was closed'));
      for (const { client } of sockets) void client.dispose();
    },
  };
}

/** What no header can carry would be refused before it is sent, and that looks like a server that is away. */
function headerOf(token: string): string {
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token.trim())) return token.trim();
  throw new HoldpointError('UNAUTHENTICATED', 'the token is missing, or has characters that no token has');
}

/** What JSON cannot say (a cycle, a BigInt) is the caller's fault, and stays so however often it is tried. */
function bodyOf(operation: object): string {
  try {
    return JSON.stringify(operation);
  } catch (error) {
    throw new HoldpointError('INVALID_INPUT', `this is no JSON: ${String(error)}`, [], error);
  }
}

function isTemporary({ code }: HoldpointError): boolean {
  return code === 'NETWORK' || TEMPORARY.has(code);
}

/** The data of an answer; throws its errors. One of something in between (a proxy's page) is none. */
export function dataOf({ data, errors }: GraphQLAnswer, status: number): unknown {
  const [error] = errors ?? [];
  if (error !== undefined) throw refusal(error, status >= 500);
  if (data === undefined || data === null)
    throw new HoldpointError('NETWORK', `an answer without data came (${status})`);
  return data;
}

const refusal = (
  { message, extensions }: { message: string; extensions?: Readonly<Record<string, unknown>> },
  unavailable: boolean,
): HoldpointError =>
  new HoldpointError(
    typeof extensions?.['code'] === 'string'
      ? extensions['code']
      : unavailable
        ? 'SERVICE_UNAVAILABLE'
        : 'NETWORK',
    message,
  );

/** The values of one operation. Whatever the socket ends by is thrown as a HoldpointError. */
function iterate<Data, Variables>(
  client: Client,
  document: Document<Data, Variables>,
  variables: Variables,
  signal: AbortSignal,
): AsyncIterator<Data> {
  const values = client.iterate<Data>({
    query: document.toString(),
    variables: variables as Record<string, unknown>,
  });
  const end = () => void values.return?.();
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return {
    async next() {
      try {
        const { value, done } = await values.next();
        if (done) {
          signal.removeEventListener('abort', end);
          return { value: undefined, done: true };
        }
        return { value: dataOf(value as GraphQLAnswer, 200) as Data, done: false };
      } catch (error) {
        signal.removeEventListener('abort', end);
        throw errorOf(error);
      }
    },
    async return() {
      signal.removeEventListener('abort', end);
      await values.return?.();
      return { value: undefined, done: true };
    },
  };
}

/** graphql-ws throws an operation's errors as a list, and a socket's end as its event. */
function errorOf(error: unknown): HoldpointError {
  if (error instanceof HoldpointError) return error;
  if (Array.isArray(error) && error.length > 0) return refusal(error[0] as { message: string }, false);
  const { code, reason } = (error ?? {}) as { code?: number; reason?: string };
  if (code === FORBIDDEN_CLOSE)
    return new HoldpointError('UNAUTHENTICATED', reason || 'the socket was refused');
  return new HoldpointError(
    'NETWORK',
    `the socket ended (${code ?? String(error)} ${reason ?? ''})`,
    [],
    error,
  );
}

/** Sockets that are closed where they do not open in time. */
function openInTime(Socket: typeof WebSocket): typeof WebSocket {
  return class extends Socket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols);
      const timer = setTimeout(() => {
        if (this.readyState === Socket.CONNECTING) this.close();
      }, OPEN_WITHIN);
      const over = () => clearTimeout(timer);
      this.addEventListener('open', over);
      this.addEventListener('close', over);
    }
  };
}

/** A network that is gone says nothing: the socket is closed where a ping goes unanswered. */
function giveUpWhereNoPongComes() {
  let open: { close(code?: number, reason?: string): void } | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    opened(socket: unknown) {
      open = socket as typeof open;
    },
    ping(received: boolean) {
      if (received) return;
      timer = setTimeout(() => open?.close(4408, 'no pong came'), PONG_WITHIN);
    },
    pong(received: boolean) {
      if (received) clearTimeout(timer);
    },
    closed() {
      clearTimeout(timer);
      open = null;
    },
  };
}
