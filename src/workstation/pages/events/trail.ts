// The log as one looks at it: its newest page, what comes after it, and older pages on demand. Nothing is left out and
// nothing is shown twice, whatever the connection does: each subscription begins at the last entry that was taken, and the
// first at where the log ended before its newest page was read.
import { type CombinedError, createRequest } from '@urql/core';
import {
  type EventFilter,
  type TrailEventFragment,
  TrailFeedDocument,
  TrailPageDocument,
  TrailStartDocument,
} from '../../generated/graphql.ts';
import { chance } from '../../live/clock.ts';
import { type Fault, faultOf } from '../../live/fault.ts';
import { endingOf } from '../../live/feed.ts';
import type { Live } from '../../live/live.ts';
import { retryDelay, waitToRetry } from '../../live/retry.ts';
import { createStore, type Store } from '../../live/store.ts';
import { asQuery } from '../../live/use-live.ts';

export type TrailEvent = TrailEventFragment;

/** Events of a page; those that are kept on the page while it follows, and at most; those that wait while it is paused. */
const PAGE = 50;
const KEPT = 500;
export const MOST = 2_000;
const MOST_WAITING = 500;
/** Milliseconds: what comes within this is drawn at once. */
const TOGETHER = 200;

export interface TrailState {
  /** Oldest first; null: not read yet. */
  events: readonly TrailEvent[] | null;
  /** There are older ones than these. */
  older: boolean;
  readingOlder: boolean;
  paused: boolean;
  /** Came while it was paused; `more`: and others, which are read when it follows again. */
  waiting: number;
  more: boolean;
  /** It was begun anew, because its place in the log was gone. */
  again: boolean;
  fault: Fault | null;
}

export interface Trail {
  readonly state: Store<TrailState>;
  pause(on: boolean): void;
  readOlder(): Promise<void>;
  close(): void;
}

const NETWORK = { requestPolicy: 'network-only' } as const;
const begun: TrailState = {
  events: null,
  older: false,
  readingOlder: false,
  paused: false,
  waiting: 0,
  more: false,
  again: false,
  fault: null,
};

export function openTrail(live: Live, filter: EventFilter): Trail {
  const state = createStore<TrailState>(begun);
  const set = (part: Partial<TrailState>) => state.set({ ...state.get(), ...part });
  /** Of the last entry that was taken, or of where the log ended; null: it was empty. Undefined: not known yet. */
  let cursor: string | null | undefined;
  let taken = new Set<string>();
  let fresh: TrailEvent[] = [];
  let drawing: ReturnType<typeof setTimeout> | undefined;
  let unsubscribe = () => {};
  let closed = false;
  let beginning = false;
  /** Ends of the subscription since the last entry. */
  let ends = 0;
  /** The fault that is shown is of the subscription. */
  let failing = false;

  async function begin(): Promise<void> {
    if (beginning) return;
    beginning = true;
    for (let attempt = 0; !closed; attempt += 1) {
      const started = await live.client.query(asQuery(TrailStartDocument), {}, NETWORK).toPromise();
      const page = started.error
        ? started
        : await live.client
            .query(asQuery(TrailPageDocument), { filter, last: PAGE, before: null }, NETWORK)
            .toPromise();
      if (closed) break;
      const error = started.error ?? page.error;
      if (!error && started.data && page.data && 'nodes' in page.data.events) {
        const { nodes, pageInfo } = page.data.events;
        cursor = started.data.events.pageInfo.endCursor ?? null;
        taken = new Set(nodes.map(({ id }) => id));
        fresh = [];
        set({ events: nodes, older: pageInfo.hasPreviousPage, fault: null, waiting: 0, more: false });
        break;
      }
      if (error) set({ fault: faultOf(error) });
      await waitToRetry(retryDelay(attempt, chance()));
    }
    beginning = false;
    follow();
  }

  function follow(): void {
    unsubscribe();
    unsubscribe = () => {};
    const full = state.get().paused && state.get().more;
    if (closed || cursor === undefined || full || live.connection.get().phase !== 'live') return;
    const request = createRequest(asQuery(TrailFeedDocument), { filter, after: cursor });
    const subscription = live.client.executeSubscription(request);
    let wanted = true;
    const { unsubscribe: end } = subscription.subscribe(({ data, error }) => {
      if (!wanted) return;
      if (error) return ended(error);
      if (data) take(data.events);
    });
    unsubscribe = () => {
      wanted = false;
      end();
    };
  }

  /** It is gone on after the last entry; where that place in the log is gone (pruned, another database), begun anew. */
  function ended(error: CombinedError): void {
    unsubscribe();
    unsubscribe = () => {};
    const why = error.networkError ? 'later' : endingOf(error.graphQLErrors);
    if (why === 'cursor') cursor = undefined;
    if (why === 'failed') {
      failing = true;
      set({ fault: faultOf(error) });
    }
    void waitToRetry(retryDelay(ends, chance())).then(() => {
      ends += 1;
      if (closed) return;
      if (why !== 'cursor') return follow();
      set({ again: true });
      void begin();
    });
  }

  function take(event: TrailEvent): void {
    ends = 0;
    if (failing) set({ fault: null });
    failing = false;
    cursor = event.cursor;
    if (taken.has(event.id)) return;
    taken.add(event.id);
    fresh.push(event);
    if (state.get().paused && fresh.length >= MOST_WAITING) {
      set({ waiting: fresh.length, more: true });
      return follow();
    }
    drawing ??= setTimeout(draw, TOGETHER);
  }

  function draw(): void {
    clearTimeout(drawing);
    drawing = undefined;
    const { paused, events, older } = state.get();
    if (closed || events === null) return;
    if (paused) return set({ waiting: fresh.length });
    const all = [...events, ...fresh.splice(0)];
    // Whoever has read back keeps what they read; whoever only follows keeps the newest.
    const kept = all.slice(-Math.max(KEPT, Math.min(events.length, MOST)));
    set({ events: kept, older: older || kept.length < all.length, waiting: 0, more: false });
    taken = new Set(kept.map(({ id }) => id));
  }

  async function readOlder(): Promise<void> {
    const { events, readingOlder } = state.get();
    const first = events?.[0];
    if (!first || readingOlder) return;
    set({ readingOlder: true });
    const { data, error } = await live.client
      .query(asQuery(TrailPageDocument), { filter, last: PAGE, before: first.cursor }, NETWORK)
      .toPromise();
    if (closed) return;
    const now = state.get();
    if (error || !data || now.events?.[0]?.id !== first.id)
      return set({ readingOlder: false, fault: error ? faultOf(error) : null });
    const { nodes, pageInfo } = data.events;
    for (const { id } of nodes) taken.add(id);
    set({
      events: [...nodes, ...now.events],
      older: pageInfo.hasPreviousPage,
      readingOlder: false,
      fault: null,
    });
  }

  const offConnection = live.connection.watch(() => follow());
  void begin();
  return {
    state,
    pause(on) {
      set({ paused: on });
      if (on) return;
      draw();
      follow();
    },
    readOlder,
    close() {
      closed = true;
      clearTimeout(drawing);
      offConnection();
      unsubscribe();
    },
  };
}
