// What the workstation's live layer needs of a browser, without one: a cookie, a socket that sends it, and an address.
import { vi } from 'vitest';
import { WebSocket } from 'ws';
import type { FeedEvent } from '../../../src/workstation/live/feed.ts';
import { type Live, openLive } from '../../../src/workstation/live/live.ts';

export interface Headless {
  live: Live;
  /** Each event that the page was told of, in that order. */
  events: FeedEvent[];
  /** What it did: the feed began, everything was read anew, the session was refused. */
  counts: { started: number; refreshed: number; refused: number };
  /** Where each of the feed's subscriptions began, null: now. */
  resumed: (string | null)[];
  /** How things stood with the server, one after the other. */
  phases: string[];
  /** The page hears this as if the server had said it of the present subscription of this name. */
  hears(message: { type: 'next' | 'error' | 'complete'; payload?: unknown }, of?: string): void;
  close(): void;
}

const post = globalThis.fetch;

/** Signs in with an API key, and opens what a page has open while somebody is signed in. */
export async function openHeadless(url: string, apiKey: string): Promise<Headless> {
  const { host, origin, protocol } = new URL(url);
  const signedIn = await fetch(`${url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ apiKey }),
  });
  const { csrfToken } = (await signedIn.json()) as { csrfToken: string };
  const cookie = signedIn.headers.getSetCookie()[0]!.split(';')[0]!;
  const counts = { started: 0, refreshed: 0, refused: 0 };
  const resumed: (string | null)[] = [];
  const present = new Map<string, { socket: WebSocket; id: string }>();

  // Left as they are when the page is closed: what it still waits for looks at them.
  vi.stubGlobal('window', Object.assign(new EventTarget(), { location: { host, protocol } }));
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
    if (!path.startsWith('/') || init === undefined) return post(path, init);
    if (String(init.body).includes('query FeedStart')) counts.started += 1;
    return post(`${url}${path}`, { ...init, headers: { ...init.headers, cookie, origin } });
  });
  class Socket extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers: { cookie, origin } });
    }
    override send(text: string): void {
      const { id, payload } = JSON.parse(text) as {
        id: string;
        payload?: { query?: string; variables?: { after?: string | null } };
      };
      const name = /subscription (\w+)/.exec(payload?.query ?? '')?.[1];
      if (name !== undefined) present.set(name, { socket: this, id });
      if (name === 'Feed') resumed.push(payload?.variables?.after ?? null);
      super.send(text);
    }
  }
  vi.stubGlobal('WebSocket', Socket);

  const live = openLive({ csrfToken, onRefused: () => (counts.refused += 1), onForbidden: () => {} });
  const events: FeedEvent[] = [];
  live.onEvent((event) => events.push(event));
  live.onRefresh(() => (counts.refreshed += 1));
  const phases: string[] = [];
  live.connection.watch(() => phases.push(live.connection.get().phase));
  return {
    live,
    phases,
    events,
    counts,
    resumed,
    hears(message, of = 'Feed') {
      const { socket, id } = present.get(of)!;
      socket.emit('message', Buffer.from(JSON.stringify({ id, ...message })), false);
    },
    close: () => live.close(),
  };
}
