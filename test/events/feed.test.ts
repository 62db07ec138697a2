import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/events/chain.ts';
import { createEventFeed, type EventFeed } from '../../src/events/feed.ts';
import { type EventFilter, eventPredicate, type EventScope, filterKey } from '../../src/events/filter.ts';
import { listEvents } from '../../src/events/query.ts';
import { countEvents, selectEvents } from '../../src/events/select.ts';
import type { Sealer } from '../../src/events/sealer.ts';
import type { Tail } from '../../src/events/tail.ts';
import { type Event, Prisma } from '../../src/generated/prisma/client.ts';
import type { Database } from '../../src/database/open.ts';
import { createLocalSignals } from '../../src/database/signals.ts';
import { onPostgres, silent, withDatabase } from '../support/database.ts';
import {
  append,
  emptyLog,
  event,
  ids,
  log,
  pruneOn,
  sealAll,
  sealerOn,
  tailOn,
  type Part,
} from './support.ts';

const database = withDatabase();
const [projectA, projectB] = [ids.next('project'), ids.next('project')];
const everything: EventScope = { projectId: null };
const end: (() => unknown)[] = [];

beforeEach(() => emptyLog(database()));
afterEach(async () => {
  for (const each of end.splice(0).reverse()) await each();
});

async function start(on: Part = database()) {
  const tail = await tailOn(on);
  end.push(() => tail.stop());
  return { tail, feed: createEventFeed({ database: on, clock: database().clock, tail }) };
}

function startSealer(): Sealer {
  const sealer = sealerOn(database());
  sealer.start();
  end.push(() => sealer.stop());
  return sealer;
}

const prune = (projectId: string, to: bigint) => pruneOn(database(), { readTo: async () => to }, projectId);

const positions = (events: readonly Event[]): number[] => events.map(({ position }) => Number(position));
const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count - from + 1 }, (_, n) => n + from);

/** Reads so many events, then goes away, as a client whose connection breaks. */
async function read(
  feed: EventFeed,
  count: number,
  after: string | null,
  filter: EventFilter = {},
  scope = everything,
) {
  const events: Event[] = [];
  for await (const each of feed(scope, after, filter)) {
    events.push(each);
    if (events.length === count) break;
  }
  return events;
}

describe('the feed', () => {
  test('behaviour 9.1: without a cursor it begins now', async () => {
    await append(database(), [event(), event()]);
    await sealAll(database());
    const { feed } = await start();
    const reading = read(feed, 1, null);
    await append(database(), [event()]);
    startSealer();
    expect(positions(await reading)).toEqual([3]);
  });

  test('behaviour 9.1: from a cursor it brings what was missed, several pages of it, and goes on', async () => {
    await append(
      database(),
      Array.from({ length: 1203 }, () => event()),
    );
    await sealAll(database());
    const { feed } = await start();
    const reading = read(feed, 1204, encodeCursor(1n));
    const sealer = startSealer();
    await append(database(), [event(), event()]);
    sealer.wake();
    expect(positions(await reading)).toEqual(upTo(1205, 2));
  });

  test('a filter selects in catching up and in following alike', async () => {
    const mixed = () => [event({ projectId: projectA }), event({ projectId: projectB }), event()];
    await append(database(), [...mixed(), ...mixed()]);
    await sealAll(database());
    const { feed } = await start();
    const reading = read(feed, 3, encodeCursor(1n), {}, { projectId: projectA });
    await append(database(), [...mixed(), ...mixed()]);
    startSealer();
    expect(positions(await reading)).toEqual([4, 7, 10]);
  });

  test('behaviour 2.2: another project asked for by a filter is nothing', async () => {
    await append(database(), [event({ projectId: projectA }), event({ projectId: projectB })]);
    await sealAll(database());
    const { prisma } = database();
    const page = { kind: 'forward', limit: 10, after: null } as const;
    expect((await listEvents(prisma, { projectId: projectA }, { projectId: projectB }, page)).rows).toEqual(
      [],
    );
    expect((await listEvents(prisma, { projectId: projectA }, {}, page)).rows.length).toBe(1);
    expect((await listEvents(prisma, everything, {}, page)).rows.length).toBe(2);
  });

  test('a cursor from a replica that is ahead waits for this one to come there, and joins without gap or repeat', async () => {
    await append(database(), [event(), event(), event(), event()]);
    await sealAll(database());
    const { clock } = database();
    const all = await log(database());
    const behind = tailAt(0n);
    const feed = createEventFeed({ database: database(), clock, tail: behind.tail });
    const source = feed(everything, encodeCursor(2n), {});
    const followed: bigint[] = [];
    const sent: bigint[] = [];
    let joinedAt: bigint | null = null;
    source.attach(
      ({ position }) => void followed.push(position),
      () => {},
    );
    const send = async (_: Event, position: bigint) => {
      sent.push(position);
      // The tail moves on while this one is still reading.
      if (position === 3n) behind.bring(all.slice(3));
    };
    const caughtUp = source.catchUp!(send, (position) => (joinedAt = position), new AbortController().signal);
    behind.bring(all.slice(0, 1));
    behind.bring(all.slice(1, 3));
    await caughtUp;
    expect(sent).toEqual([3n, 4n]);
    expect(joinedAt).toBe(4n);
    expect(followed).toEqual([1n, 2n, 3n, 4n]);
  });

  test('one who catches up while the database is away is brought the rest at its return, without gap or repeat', async () => {
    await append(
      database(),
      Array.from({ length: 503 }, () => event()),
    );
    await sealAll(database());
    const { prisma } = database();
    const signals = createLocalSignals(silent);
    let away = true;
    let refused = 0;
    const refuse = () => {
      refused++;
      return Promise.reject(Object.assign(new Error('gone'), { code: 'P1001' }));
    };
    const reads = new Proxy(prisma, {
      get: (target, name: keyof typeof prisma) => (away ? refuse : target[name]),
    });
    const feed = createEventFeed({
      database: { prisma: reads, signals },
      clock: database().clock,
      tail: tailAt(503n).tail,
    });
    const sent: bigint[] = [];
    const caughtUp = feed(everything, encodeCursor(0n), {}).catchUp!(
      async (_, position) => {
        sent.push(position);
        // Gone again between two pages.
        if (position === 500n) away = true;
      },
      () => {},
      new AbortController().signal,
    );
    for (const times of [1, 2]) {
      while (refused < times) await turn();
      await turn();
      away = false;
      signals.reconnected();
    }
    await caughtUp;
    expect(sent).toEqual(upTo(503).map(BigInt));
  });

  test('one who leaves while waiting for the tail leaves nothing behind', async () => {
    await append(database(), [event()]);
    await sealAll(database());
    const { tail } = tailAt(0n);
    const feed = createEventFeed({ database: database(), clock: database().clock, tail });
    const source = feed(everything, encodeCursor(1n), {});
    const leave = new AbortController();
    const caughtUp = source.catchUp!(
      async () => {},
      () => {},
      leave.signal,
    );
    leave.abort(new Error('left'));
    await expect(caughtUp).rejects.toThrow('left');
  });

  test('one subscriber that cannot take an event costs the others nothing', async () => {
    const { tail, feed } = await start();
    tail.listen(() => {
      throw new Error('no');
    });
    const reading = read(feed, 2, null);
    await append(database(), [event(), event()]);
    startSealer();
    expect(positions(await reading)).toEqual([1, 2]);
  });

  test('filters that select the same share a key, and others do not', () => {
    const key = (filter: EventFilter, scope = everything) => filterKey(scope, filter);
    expect(key({ types: ['b', 'a', 'a'] })).toBe(key({ types: ['a', 'b'], teamId: null }));
    expect(key({ types: [] })).not.toBe(key({}));
    expect(key({}, { projectId: projectA })).not.toBe(key({ projectId: projectA }));
    expect(key({ teamId: 'x' })).not.toBe(key({ sessionId: 'x' }));
  });

  test.each(['', 'x', '0000000000000x', '00000000000Z1', 'zzzzzzzzzzzzz'])(
    'behaviour 9.1: the cursor "%s" is refused',
    async (cursor) => {
      const { feed } = await start();
      await expect((async () => read(feed, 1, cursor))()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    },
  );

  test('behaviour 9.1: a cursor beyond the end, or older than what is kept, is refused saying so', async () => {
    const chains = [projectA, projectB];
    await append(
      database(),
      Array.from({ length: 8 }, (_, n) => event({ projectId: chains[n % 2] })),
    );
    await sealAll(database());
    const { feed } = await start();
    await expect(read(feed, 1, encodeCursor(9n))).rejects.toThrow('beyond the end');
    await prune(projectA, 3n);
    await expect(read(feed, 1, encodeCursor(2n))).rejects.toThrow('older than the events that are kept');
    await expect(read(feed, 1, encodeCursor(2n), {}, { projectId: projectA })).rejects.toThrow('older');
    expect(positions(await read(feed, 3, encodeCursor(2n), {}, { projectId: projectB }))).toEqual([4, 6, 8]);
    expect(positions(await read(feed, 2, encodeCursor(4n), {}, { projectId: projectA }))).toEqual([5, 7]);
    // Nothing of it is missing between its last event that was pruned and the next one.
    expect(positions(await read(feed, 2, encodeCursor(3n), {}, { projectId: projectA }))).toEqual([5, 7]);
    await prune(projectA, 7n);
    await expect(read(feed, 1, encodeCursor(6n), {}, { projectId: projectA })).rejects.toThrow('older');
  });

  test('behaviour 9.1: exactly once and in order, for many readers that come and go, on every replica, while writers write', async () => {
    const TOTAL = 600;
    const parts = onPostgres ? [database(), await database().replica()] : [database()];
    const feeds = await Promise.all(parts.map(async (part) => (await start(part)).feed));
    const sealer = startSealer();
    const sizes = fc.sample(fc.integer({ min: 1, max: 90 }), { numRuns: 200, seed: 7 });
    const readers = Array.from({ length: 8 }, async (_, reader) => {
      const filter: EventFilter = reader % 4 === 3 ? { projectId: projectA } : {};
      const wanted = reader % 4 === 3 ? TOTAL / 2 : TOTAL;
      const got: Event[] = [];
      for (let step = reader; got.length < wanted; step++) {
        const after = encodeCursor(got.at(-1)?.position ?? 0n);
        const count = Math.min(sizes[step % sizes.length]!, wanted - got.length);
        got.push(...(await read(feeds[step % feeds.length]!, count, after, filter)));
      }
      return got;
    });
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; n < TOTAL / 4; n += 5) {
        const projectId = writer % 2 === 0 ? projectA : projectB;
        await append(
          parts[writer % parts.length]!,
          Array.from({ length: 5 }, () => event({ projectId })),
        );
        sealer.wake();
      }
    });
    await Promise.all(writers);
    const all = await Promise.all(readers);
    const whole = await log(database());
    expect(positions(whole)).toEqual(upTo(TOTAL));
    all.forEach((got, reader) => {
      const wanted = reader % 4 === 3 ? whole.filter(({ projectId }) => projectId === projectA) : whole;
      expect(got.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
    });
  }, 60_000);
});

describe('filters', () => {
  test('the predicate and the condition select the same events', async () => {
    const texts = { team: ['team_x', 'team_y'], session: ['session_x', 'session_y'], subject: ['a', 'b'] };
    const instants = [0, 1, 2, 3].map((n) => new Date(Date.UTC(2026, 2, 2) + n));
    const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
    const or = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
    const projects = some([projectA, projectB]);
    const person = (name: string) =>
      ({ kind: 'USER', id: `user_${name.length}`, name, role: 'VIEWER' }) as const;
    const types = some(['task_created', 'task_finished', 'user_created'] as const);
    const events = fc.record({
      type: types,
      projectId: or(projects),
      teamId: or(some(texts.team)),
      sessionId: or(some(texts.session)),
      subjectId: some(texts.subject),
      actor: some([event().actor, ...['Ada Ö', 'ada ö', 'Bob'].map(person)]),
      occurredAt: some(instants),
    });
    await append(
      database(),
      fc.sample(events, { numRuns: 150, seed: 3 }).map((each) => event(each)),
    );
    await sealAll(database());
    const all = await log(database());
    const filters = fc.record(
      {
        types: or(fc.array(types, { maxLength: 3 })),
        projectId: or(projects),
        teamId: or(some(texts.team)),
        sessionId: or(some(texts.session)),
        subjectId: or(some(texts.subject)),
        actor: or(some(['ADA', 'da ö', 'Ö', 'o', 'user_3', 'user_', '', '%'])),
        occurredAt: or(fc.record({ from: or(some(instants)), to: or(some(instants)) }, { requiredKeys: [] })),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.record({ projectId: or(projects) }), filters, async (scope, filter) => {
        const rows = await selectEvents(database().prisma, scope, filter, { limit: 1000 });
        expect(rows).toEqual(all.filter(eventPredicate(scope, filter)));
        expect(await countEvents(database().prisma, scope, filter)).toBe(rows.length);
      }),
      { numRuns: 150 },
    );
  });

  test('a cursor is 13 characters, sorts like its position, and comes back as it', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 63n - 1n), fc.bigInt(0n, 2n ** 63n - 1n), (a, b) => {
        expect(decodeCursor(encodeCursor(a))).toBe(a);
        expect(encodeCursor(a) < encodeCursor(b)).toBe(a < b);
      }),
    );
  });
});

describe('the query', () => {
  test('behaviour 10.1: pages are oldest first, forward and backward, and meet without gap or repeat', async () => {
    await append(
      database(),
      Array.from({ length: 25 }, (_, n) => event({ projectId: n % 5 === 4 ? projectB : projectA })),
    );
    await sealAll(database());
    const { prisma } = database();
    const scope = { projectId: projectA };
    const expected = positions((await log(database())).filter(({ projectId }) => projectId === projectA));
    const forward: number[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const page = await listEvents(prisma, scope, {}, { kind: 'forward', limit: 7, after });
      forward.push(...positions(page.rows));
      expect(page.hasPreviousPage).toBe(after !== null);
      after = encodeCursor(page.rows.at(-1)!.position);
      more = page.hasNextPage;
    }
    expect(forward).toEqual(expected);
    const backward: number[] = [];
    for (let before: string | null = null, more = true; more; ) {
      const page = await listEvents(prisma, scope, {}, { kind: 'backward', limit: 7, before });
      backward.unshift(...positions(page.rows));
      before = encodeCursor(page.rows[0]!.position);
      more = page.hasPreviousPage;
    }
    expect(backward).toEqual(expected);
    const page = await listEvents(prisma, scope, {}, { kind: 'forward', limit: 1, after: null });
    expect(await page.count()).toBe(20);
  });

  test('a project that has fallen silent, a session, a subject: each is read by its own index', async () => {
    const { prisma } = database();
    await prisma.$executeRaw`
      INSERT INTO events (position, id, type, project_id, session_id, subject_id, content_digest, digest, occurred_at, hash)
      SELECT n, 'event_' || n, 'task_created', CASE WHEN n < 5000 THEN 'silent' ELSE 'project_' || n % 5 END,
        'session_' || n % 500, 'subject_' || n % 2000, '', '', '2026-03-02', '' FROM generate_series(1, 20000) n`;
    await prisma.$executeRaw`ANALYZE events`;
    let plan: string[] = [];
    const explaining = {
      async $queryRaw(texts: TemplateStringsArray, ...values: unknown[]) {
        const { text, values: parameters } = Prisma.sql(texts, ...values);
        const rows = await prisma.$queryRawUnsafe<{ 'QUERY PLAN': string }[]>(
          `EXPLAIN ${text}`,
          ...parameters,
        );
        plan = rows.map((line) => line['QUERY PLAN']);
        return [];
      },
    } as unknown as Database['prisma'];
    const scope = { projectId: 'silent' };
    for (const [filter, index] of [
      [{}, 'events_project_id_position_idx'],
      [{ types: ['task_created'] }, 'events_project_id_position_idx'],
      [{ sessionId: 'session_7' }, 'events_session_id_position_idx'],
      [{ subjectId: 'subject_7' }, 'events_subject_id_position_idx'],
    ] as const) {
      for (const stretch of [{}, { after: 9000n }, { before: 9000n, order: 'desc' as const }]) {
        await selectEvents(explaining, scope, filter, { ...stretch, limit: 26 });
        expect(plan.join('\n')).toContain(index);
        expect(plan.join('\n')).not.toMatch(/Seq Scan|Sort/);
      }
    }
  });

  test.each(['forward', 'backward'] as const)(
    'behaviour 9.1: %s, a cursor that is unknown or malformed is refused',
    async (kind) => {
      const { prisma } = database();
      const page = (cursor: string) =>
        kind === 'forward' ? { kind, limit: 5, after: cursor } : { kind, limit: 5, before: cursor };
      for (const cursor of ['nonsense', encodeCursor(1n)]) {
        const listing = listEvents(prisma, everything, {}, page(cursor) as Parameters<typeof listEvents>[3]);
        await expect(listing).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      }
    },
  );
});

/** A tail that stays where it is until it is told what the log has brought. */
function tailAt(start: bigint) {
  const listeners = new Set<(events: readonly Event[]) => void>();
  let position = start;
  const tail: Tail = {
    position: () => position,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    advance: () => {},
    start: async () => {},
    stop: async () => {},
  };
  return {
    tail,
    bring(events: readonly Event[]) {
      position = events.at(-1)!.position;
      for (const listener of listeners) listener(events);
    },
  };
}
