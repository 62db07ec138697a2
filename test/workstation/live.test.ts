// The feed against the real server, over a network that is cut, held up and worse: nothing is lost, nothing is repeated.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { appendEvents } from '../../src/events/append.ts';
import { encodeCursor } from '../../src/events/chain.ts';
import { feedTypes } from '../../src/workstation/live/feed-types.ts';
import { openTrail } from '../../src/workstation/pages/events/trail.ts';
import { event, ids, pruneOn } from '../events/support.ts';
import { ADMIN_KEY, clientOf, startApp, type TestApp } from '../support/app.ts';
import { testClock } from '../support/clock.ts';
import { withDatabase } from '../support/database.ts';
import { makeProject, type TestWorld } from '../support/world.ts';
import { type Headless, openHeadless } from './support/headless.ts';
import { startWire, type Wire } from './support/wire.ts';

/** Milliseconds: whatever a busy machine takes for some thousands of events. */
const LONG = { timeout: 100_000, interval: 20 };
vi.setConfig({ testTimeout: 300_000 });

describe('the feed of a page', () => {
  const database = withDatabase({ clock: testClock(new Date()) });
  let wire: Wire;
  let app: TestApp;
  let world: TestWorld;
  let page: Headless;
  beforeAll(async () => {
    wire = await startWire(() => app.port);
    const env = { PUBLIC_URL: wire.url };
    const started = await startApp({ database: database(), clock: database().clock, env });
    // A test's own calls do not go over the network that it cuts.
    app = { ...started, ...clientOf(`http://127.0.0.1:${started.port}`) };
  });
  beforeEach(async () => {
    world = await makeProject(app, ADMIN_KEY, 'Feed');
    // What the making of it says is in the log before the page looks where that ends.
    await sealed();
    page = await openHeadless(wire.url, world.keys.OPERATOR);
    await following();
  });
  afterEach(() => {
    wire.hold(false);
    wire.away(false);
    page.close();
  });
  afterAll(async () => {
    await wire?.stop();
    await app?.stop();
  });

  const phase = () => page.live.connection.get().phase;
  const following = () => vi.waitUntil(() => phase() === 'live' && page.resumed.length > 0, LONG);
  const happens = async (count: number, actorName = 'Ada') => {
    for (let left = count; left > 0; left -= 500)
      await appendEvents(
        database().prisma,
        ids,
        Array.from({ length: Math.min(left, 500) }, () =>
          event({
            projectId: world.id,
            actor: { kind: 'SYSTEM', id: 'system', name: actorName, role: null },
            occurredAt: database().clock.now(),
          }),
        ),
      );
  };
  const sealed = () => vi.waitUntil(async () => (await database().prisma.unsealedEvent.count()) === 0, LONG);
  const logged = async () => {
    const { prisma } = database();
    await sealed();
    const events = await prisma.event.findMany({
      where: { projectId: world.id, type: { in: [...feedTypes] } },
      orderBy: { position: 'asc' },
      select: { id: true, position: true },
    });
    return events.map(({ id, position }) => ({ id, cursor: encodeCursor(position) }));
  };
  /** What the page was told is what the log says after where the page began, each once. */
  const toldAll = async () => {
    const all = await logged();
    const after = all.filter(({ cursor }) => cursor > page.resumed[0]!);
    await vi.waitUntil(() => page.events.at(-1)?.id === after.at(-1)?.id, LONG);
    expect(page.events.map(({ id }) => id)).toEqual(after.map(({ id }) => id));
    return after;
  };

  test('goes on after an absence in which thousands of events happened', async () => {
    await happens(3);
    await toldAll();
    wire.away(true);
    await vi.waitUntil(() => phase() === 'lost', LONG);
    await happens(4_000);
    await logged();
    wire.away(false);
    // And once more, while it still catches up.
    await new Promise<void>((resolve) => page.live.onEvent(() => page.events.length === 100 && resolve()));
    const before = page.resumed.length;
    wire.cut();
    await vi.waitUntil(() => page.resumed.length > before, LONG);
    expect(await toldAll()).toHaveLength(4_003);
    expect(page.counts.started).toBe(1);
  });

  test('is closed where it reads too slowly, and goes on after what it has read (9.1)', async () => {
    const fat = 'a'.repeat(100_000);
    await happens(2);
    await toldAll();
    wire.hold(true);
    // More than the server and all of the network between may keep for one reader.
    await happens(150, fat);
    await logged();
    // Or the page gave up a silent network before that, on a busy machine: either way it goes on.
    await vi.waitUntil(async () => (await closedAsSlow()) > 0 || phase() === 'lost', LONG);
    wire.hold(false);
    await happens(1);
    expect(await toldAll()).toHaveLength(153);
    expect(page.counts.started).toBe(1);
    expect(page.resumed.length).toBeGreaterThan(1);
  });
  const closedAsSlow = async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${app.port}/metrics`)).text();
    return Number(/^ws_slow_closed_total (\d+)$/m.exec(metrics)?.[1]);
  };

  test('keeps its place while the server takes no more subscriptions (RATE_LIMITED)', async () => {
    await happens(2);
    await toldAll();
    wire.away(true);
    await vi.waitUntil(() => phase() === 'lost', LONG);
    // All that a credential may hold, and more (10.5).
    const others = await Promise.all(
      Array.from({ length: 11 }, async () => {
        const socket = await app.socket(world.keys.OPERATOR);
        for (let n = 0; n < 100; n += 1) socket.subscribe(`s${n}`, 'subscription { sessionUpdates { id } }');
        await socket.settled();
        return socket;
      }),
    );
    expect(others.flatMap(({ messages }) => messages).filter(({ type }) => type === 'error')).toHaveLength(
      100,
    );
    const tried = page.resumed.length;
    wire.away(false);
    await vi.waitUntil(() => page.resumed.length >= tried + 3, LONG);
    // There is a socket, and still it does not say that what is shown is how things are.
    expect(phase()).toBe('lost');
    await happens(5);
    for (const { socket } of others) socket.terminate();
    await vi.waitUntil(() => phase() === 'live', LONG);
    expect(await toldAll()).toHaveLength(7);
    expect(page.counts.started).toBe(1);
    expect(new Set(page.resumed.slice(tried))).toEqual(new Set([page.resumed[tried]]));
    expect(page.counts.refused).toBe(0);
  });

  const error = (code: string) => ({ message: 'no', extensions: { code } });
  test.each([
    ['is ended as too far behind', { type: 'error', payload: [error('SERVICE_UNAVAILABLE')] }, 0],
    ['is ended without a word', { type: 'complete' }, 0],
    [
      'is told that it cannot be served',
      { type: 'next', payload: { data: null, errors: [error('SERVICE_UNAVAILABLE')] } },
      0,
    ],
    // What that event would have told is read.
    [
      'is told that an event cannot be shown',
      { type: 'next', payload: { data: null, errors: [error('INTERNAL_SERVER_ERROR')] } },
      1,
    ],
    ['is told nothing at all', { type: 'next', payload: { data: null } }, 1],
  ] as const)('goes on after its last event where it %s', async (_how, message, readAnew) => {
    await happens(2);
    await toldAll();
    const { refreshed } = page.counts;
    page.phases.length = 0;
    page.hears(message);
    // The server did not end it, and goes on: these come on the subscription that is not listened to any more.
    await happens(3);
    await vi.waitUntil(() => page.phases.length > 1, LONG);
    expect(page.phases).toEqual(['lost', 'live']);
    const last = page.events[1]!.cursor;
    expect(page.resumed.slice(1)).toEqual([last]);
    expect(await toldAll()).toHaveLength(5);
    expect(page.counts).toEqual({ started: 1, refreshed: refreshed + readAnew, refused: 0 });
  });

  test('so does the log that is looked at, and says what it could not show', async () => {
    const trail = openTrail(page.live, { projectId: world.id });
    try {
      const shown = () => trail.state.get().events?.map(({ id }) => id) ?? [];
      const showsAll = async () => {
        const all = await logged();
        await vi.waitUntil(() => shown().at(-1) === all.at(-1)?.id, LONG);
        expect(shown()).toEqual(all.map(({ id }) => id));
      };
      await happens(2);
      await showsAll();
      page.hears({ type: 'error', payload: [error('SERVICE_UNAVAILABLE')] }, 'TrailFeed');
      await happens(3);
      await showsAll();
      const failed = { data: null, errors: [error('INTERNAL_SERVER_ERROR')] };
      page.hears({ type: 'next', payload: failed }, 'TrailFeed');
      expect(trail.state.get().fault?.code).toBe('INTERNAL_SERVER_ERROR');
      await happens(3);
      await showsAll();
      expect(trail.state.get()).toMatchObject({ fault: null, again: false });
    } finally {
      trail.close();
    }
  });

  test('begins anew, and has everything read, only where its place in the log is gone (9.2)', async () => {
    await happens(2);
    await toldAll();
    wire.away(true);
    await vi.waitUntil(() => phase() === 'lost', LONG);
    await happens(5);
    await logged();
    const later = testClock(new Date(database().clock.now().getTime() + 10 * 24 * 3_600_000));
    expect(await pruneOn(database(), { clock: later }, world.id)).toBeGreaterThan(7);
    await happens(1);
    const kept = await logged();
    const { refreshed } = page.counts;
    wire.away(false);
    await vi.waitUntil(() => page.counts.started === 2 && phase() === 'live', LONG);
    // Once for the connection, once for what nobody can tell any more.
    expect(page.counts.refreshed).toBe(refreshed + 2);
    await happens(2);
    const told = (await logged()).slice(kept.length);
    await vi.waitUntil(() => page.events.at(-1)?.id === told.at(-1)?.id, LONG);
    expect(page.events.slice(2).map(({ id }) => id)).toEqual(told.map(({ id }) => id));
  });
});
