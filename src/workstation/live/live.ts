// What is open while somebody is signed in: the client of the API, one socket that comes back by itself, and the feed
// over it. Pages take from here through the hooks of use-live.ts and use-change.ts.
import {
  cacheExchange,
  Client,
  type ClientOptions,
  fetchExchange,
  type OperationResult,
  subscriptionExchange,
} from '@urql/core';
import { type Client as SocketClient, createClient as createSocketClient } from 'graphql-ws';
import { FeedDocument, FeedStartDocument, type TypedDocumentString } from '../generated/graphql.ts';
import { chance, now } from './clock.ts';
import {
  type Ending,
  endingOf,
  type FeedAction,
  type FeedEffect,
  type FeedEvent,
  feedAtRest,
  nextFeed,
} from './feed.ts';
import { feedTypes } from './feed-types.ts';
import { retryDelay, serverReached, waitToRetry } from './retry.ts';
import { createStore, type Store } from './store.ts';

/** How things stand with the server, and since when (milliseconds): what is shown may be as old as that. */
export type Connection =
  | { phase: 'connecting'; since: number }
  | { phase: 'live'; since: number }
  | { phase: 'lost'; since: number };

export interface Live {
  readonly client: Client;
  readonly connection: Store<Connection>;
  /** Reads once, past every cache: for what is kept elsewhere, or too much to be kept twice. */
  read<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
  ): Promise<OperationResult<Data>>;
  /** Each event once, in the log's order. */
  onEvent(listener: (event: FeedEvent) => void): () => void;
  /** Whatever is shown may have changed unseen, and is to be read again. */
  onRefresh(listener: () => void): () => void;
  close(): void;
}

export interface LiveOptions {
  csrfToken: string;
  /** The server no longer takes this session: it was ended, it expired, its key was revoked. */
  onRefused: () => void;
  /** Something was forbidden: by a role, or because another page of this browser has signed in anew. */
  onForbidden: () => unknown;
}

/** Milliseconds: a socket that says nothing for so long is dead, whatever the machine believes. */
const PING_EVERY = 12_000;
const PONG_WITHIN = 6_000;
/** The server's code for whom it does not let in (behaviour 2.1). */
const FORBIDDEN = 4403;

const socketAddress = (): string =>
  `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/graphql`;

export function openLive({ csrfToken, onRefused, onForbidden }: LiveOptions): Live {
  const connection = createStore<Connection>({ phase: 'connecting', since: now() });
  const eventListeners = new Set<(event: FeedEvent) => void>();
  const refreshListeners = new Set<() => void>();
  let closed = false;

  const lost = () => {
    if (connection.get().phase !== 'lost') connection.set({ phase: 'lost', since: now() });
  };

  const openSocket = (): SocketClient => {
    let silence: ReturnType<typeof setTimeout> | undefined;
    const socket = createSocketClient({
      url: socketAddress(),
      connectionParams: { csrfToken },
      lazy: false,
      keepAlive: PING_EVERY,
      retryAttempts: Infinity,
      shouldRetry: (event) => !closed && (event as CloseEvent).code !== FORBIDDEN,
      retryWait: (attempt) => waitToRetry(retryDelay(attempt, chance())),
      onNonLazyError: (event) => void ended(event as CloseEvent),
      on: {
        connected: () => {
          connection.set({ phase: 'live', since: now() });
          serverReached();
          advance({ type: 'connected' });
        },
        closed: () => {
          clearTimeout(silence);
          if (closed) return;
          lost();
          advance({ type: 'closed' });
        },
        ping: (received) => {
          if (!received) silence = setTimeout(() => socket.terminate(), PONG_WITHIN);
        },
        pong: () => clearTimeout(silence),
      },
    });
    return socket;
  };

  /** The socket will not come back by itself: either we are not let in, or something said what the protocol forbids. */
  async function ended({ code }: CloseEvent): Promise<void> {
    if (closed) return;
    if (code === FORBIDDEN) return onRefused();
    await waitToRetry(retryDelay(10, chance()));
    if (!closed) socket = openSocket();
  }

  const overHttp = {
    url: '/graphql',
    preferGetMethod: false,
    fetchOptions: { credentials: 'same-origin', headers: { 'x-csrf-token': csrfToken } },
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (response.status === 401) onRefused();
      if (response.status === 403) void onForbidden();
      return response;
    },
  } satisfies Partial<ClientOptions>;
  const client = new Client({
    ...overHttp,
    requestPolicy: 'cache-and-network',
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe({ query: query ?? '', variables: { ...variables } }, sink as never),
          }),
        }),
      }),
    ],
  });

  const uncached = new Client({ ...overHttp, requestPolicy: 'network-only', exchanges: [fetchExchange] });

  const read = <Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables) =>
    uncached.query<Data>(document.toString(), variables as Record<string, unknown>).toPromise();

  // The feed's machine decides; what it wants done is done here.
  let feed = feedAtRest;
  let stopFollowing = () => {};
  /** Ends since the last event: a server that ends it every time is not asked as fast as it can answer. */
  let ends = 0;

  function advance(action: FeedAction): void {
    const [next, effects] = nextFeed(feed, action);
    if (next.generation !== feed.generation) {
      stopFollowing();
      stopFollowing = () => {};
    }
    feed = next;
    for (const effect of effects) perform(effect);
  }

  function perform(effect: FeedEffect): void {
    switch (effect.do) {
      case 'read-start':
        return void readStart(effect.generation);
      case 'subscribe':
        return follow(effect.generation, effect.after);
      case 'rest':
        return void rest(effect.generation, effect.why);
      case 'deliver':
        for (const listener of eventListeners) listener(effect.event);
        return;
      case 'refresh':
        for (const listener of refreshListeners) listener();
    }
  }

  async function readStart(generation: number): Promise<void> {
    for (let attempt = 0; !closed && feed.generation === generation; attempt += 1) {
      const { data } = await read(FeedStartDocument, {});
      if (data) return advance({ type: 'started', generation, cursor: data.events.pageInfo.endCursor });
      await waitToRetry(retryDelay(attempt, chance()));
    }
  }

  function follow(generation: number, after: string | null): void {
    const over = (why: Ending) => {
      if (!closed) advance({ type: 'ended', generation, why });
    };
    const unsubscribe = socket.subscribe<{ events: FeedEvent }>(
      { query: FeedDocument.toString(), variables: { after, types: feedTypes } },
      {
        next: ({ data, errors }) => {
          // An event that could not be shown is none.
          if (!data) return over(endingOf(errors ?? []));
          ends = 0;
          advance({ type: 'event', generation, event: data.events });
        },
        error: (errors) =>
          over(Array.isArray(errors) ? endingOf(errors as Parameters<typeof endingOf>[0]) : 'later'),
        complete: () => over('later'),
      },
    );
    stopFollowing = unsubscribe;
    if (connection.get().phase !== 'live') tellWhenFollowing(generation);
  }

  /** As long as nothing is heard of what happens, what is shown may be out of date, whether or not the socket stands. */
  async function rest(generation: number, why: Ending): Promise<void> {
    lost();
    // A place that is gone is gone: another one is asked for at once, but not again and again.
    if (why !== 'cursor' || ends > 0) await waitToRetry(retryDelay(ends, chance()));
    ends += 1;
    if (!closed) advance({ type: 'rested', generation, why });
  }

  /** What was subscribed to on a socket before a query is live, or was refused, when that is answered (behaviour 9.3). */
  function tellWhenFollowing(generation: number): void {
    socket.subscribe(
      { query: '{ __typename }' },
      {
        next() {
          if (closed || feed.generation !== generation) return;
          connection.set({ phase: 'live', since: now() });
        },
        error: () => {},
        complete: () => {},
      },
    );
  }

  let socket = openSocket();
  return {
    client,
    connection,
    read,
    onEvent: (listener) => added(eventListeners, listener),
    onRefresh: (listener) => added(refreshListeners, listener),
    close() {
      closed = true;
      stopFollowing();
      void socket.dispose();
    },
  };
}

function added<Item>(items: Set<Item>, item: Item): () => void {
  items.add(item);
  return () => items.delete(item);
}
