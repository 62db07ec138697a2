import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rawSocket, startServer, type TestServer } from './support.ts';

let server: TestServer;
beforeEach(async () => void (server = await startServer()));
afterEach(() => server.server.stop());

type Raw = Awaited<ReturnType<typeof rawSocket>>;

const NOW = 'subscription{events{position text}}';
const AFTER = 'subscription($after:Int){events(after:$after){position text}}';
const positions = (raw: Raw, id: string): number[] =>
  raw
    .of(id)
    .filter(({ type }) => type === 'next')
    .map(({ payload }) => payload.data.events.position);
const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n + 1);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('sharing', () => {
  test('equal subscriptions of one class execute a payload once, in a context of its own', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 5 }, (_, n) => rawSocket(server, `Bearer good${n}`)),
    );
    for (const raw of sockets) for (const id of ['a', 'b']) raw.subscribe(id, NOW);
    await Promise.all(sockets.map((raw) => raw.settled()));
    expect(server.feed.state.attached).toBe(1);
    const contexts = server.probe.contexts;
    server.feed.publish('one');
    server.feed.publish('two');
    await Promise.all(sockets.map((raw) => raw.until(() => raw.of('b').length === 2)));
    expect(server.probe.executions).toBe(2);
    expect(server.probe.contexts - contexts).toBe(2);
    expect(sockets.map((raw) => positions(raw, 'a'))).toEqual(Array(5).fill([1, 2]));
    sockets.forEach((raw) => raw.socket.close());
    await expect.poll(() => server.feed.state.attached).toBe(0);
  });

  test('another project, document or variables are executed apart', async () => {
    const [mine, other] = [await rawSocket(server), await rawSocket(server, 'Bearer other')];
    mine.subscribe('a', NOW);
    mine.subscribe('b', 'subscription{events{position text again:text}}');
    other.subscribe('a', NOW);
    await mine.settled();
    await other.settled();
    server.feed.publish('one');
    await mine.until(() => mine.of('b').length === 1 && mine.of('a').length === 1);
    await other.until(() => other.of('a').length === 1);
    expect(server.probe.executions).toBe(4);
    [mine, other].forEach((raw) => raw.socket.close());
  });

  test('variables that the document does not declare make no difference, whatever they hold', async () => {
    const raw = await rawSocket(server);
    raw.subscribe('a', NOW);
    raw.subscribe('b', NOW, { junk: Array.from({ length: 1_000 }, (_, n) => n) });
    await raw.settled();
    server.feed.publish('one');
    await raw.until(() => raw.of('a').length === 1 && raw.of('b').length === 1);
    expect(server.probe.executions).toBe(1);
    raw.socket.close();
  });

  test('a field that says it is personal is executed for each credential', async () => {
    const [one, two] = [await rawSocket(server, 'Bearer good1'), await rawSocket(server, 'Bearer good2')];
    for (const raw of [one, two]) raw.subscribe('a', 'subscription{events{mine}}');
    await Promise.all([one.settled(), two.settled()]);
    server.feed.publish('x');
    await Promise.all([one, two].map((raw) => raw.until(() => raw.of('a').length === 1)));
    expect([one, two].map((raw) => raw.of('a')[0].payload.data.events.mine)).toEqual([
      'Bearer good1',
      'Bearer good2',
    ]);
    [one, two].forEach((raw) => raw.socket.close());
  });

  test('a field that asks who is subscribed without saying so fails, and shows nobody to another', async () => {
    const raw = await rawSocket(server);
    raw.subscribe('a', 'subscription{events{careless}}');
    await raw.settled();
    server.feed.publish('x');
    await raw.until(() => raw.of('a').length === 1);
    expect(raw.of('a')[0].payload).toMatchObject({
      data: { events: { careless: null } },
      errors: [{ message: 'Unexpected error.' }],
    });
    expect(server.logged.join('')).toContain('personal: true');
    raw.socket.close();
  });
});

describe('order', () => {
  test('payloads whose execution ends out of order go out in order', async () => {
    const gates = new Map<string, PromiseWithResolvers<void>>();
    for (const text of ['1', '2', '3']) gates.set(text, Promise.withResolvers());
    server.probe.gate = (row) => gates.get(row.text)!.promise;
    const raw = await rawSocket(server);
    raw.subscribe('a', NOW);
    await raw.settled();
    for (const text of ['1', '2', '3']) server.feed.publish(text);
    for (const text of ['3', '2', '1']) {
      expect(raw.of('a')).toEqual([]);
      gates.get(text)!.resolve();
      await raw.settled();
    }
    await raw.until(() => raw.of('a').length === 3);
    expect(positions(raw, 'a')).toEqual([1, 2, 3]);
    raw.socket.close();
  });

  test('who joins while a payload executes gets it exactly when its position is beyond where it joined', async () => {
    const gate = Promise.withResolvers<void>();
    const first = await rawSocket(server);
    first.subscribe('a', AFTER, { after: 0 });
    await first.settled();
    server.probe.gate = () => gate.promise;
    server.feed.publish('executing');
    const second = await rawSocket(server);
    second.subscribe('late', AFTER, { after: 1 });
    second.subscribe('all', AFTER, { after: 0 });
    await second.settled();
    server.feed.publish('next');
    gate.resolve();
    await second.until(() => second.of('all').length === 2 && second.of('late').length === 1);
    await first.until(() => first.of('a').length === 2);
    expect(positions(first, 'a')).toEqual([1, 2]);
    expect(positions(second, 'late')).toEqual([2]);
    expect(positions(second, 'all')).toEqual([1, 2]);
    [first, second].forEach((raw) => raw.socket.close());
  });

  test('behaviour 9.1: catching up while others publish and execute slowly leaves no gap and repeats nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            what: fc.constantFrom('publish', 'publish', 'join', 'joinNow', 'leave', 'turn'),
            at: fc.nat(30),
          }),
          { maxLength: 60 },
        ),
        async (steps) => {
          server.feed.rows.length = 0;
          server.feed.state.reading = turn;
          server.probe.gate = async (row) => {
            for (let n = 0; n < Number(row.position) % 4; n++) await turn();
          };
          const raws = await Promise.all([rawSocket(server), rawSocket(server)]);
          const joined: { raw: Raw; id: string; from: number | null; left: boolean }[] = [];
          for (const [index, { what, at }] of steps.entries()) {
            const raw = raws[at % 2]!;
            const id = `s${index}`;
            const count = server.feed.rows.length;
            if (what === 'publish')
              for (let n = 0; n < 1 + (at % 3); n++) server.feed.publish(`${index}.${n}`);
            else if (what === 'turn') await turn();
            else if (what === 'leave') {
              const member = joined[at % Math.max(1, joined.length)];
              if (member && !member.left) {
                member.left = true;
                member.raw.send({ id: member.id, type: 'complete' });
              }
            } else if (what === 'join') {
              const from = Math.min(at, count);
              joined.push({ raw, id, from, left: false });
              raw.subscribe(id, AFTER, { after: from });
            } else {
              joined.push({ raw, id, from: null, left: false });
              raw.subscribe(id, NOW);
            }
          }
          await Promise.all(raws.map((raw) => raw.settled()));
          server.feed.publish('last');
          const last = server.feed.rows.length;
          for (const { raw, id, from, left } of joined) {
            if (!left) await raw.until(() => positions(raw, id).at(-1) === last);
            const got = positions(raw, id);
            // From its own cursor, or from wherever it joined, without gap, repeat or wrong order.
            const start = from ?? (got[0] ?? 1) - 1;
            expect(got).toEqual(range(start, left ? start + got.length : last));
          }
          for (const { socket } of raws) socket.close();
          await Promise.all(raws.map((raw) => raw.closed));
          await expect.poll(() => server.feed.state.attached).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('1,000 subscribers each get each payload once and in order, while others join and leave', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 20 }, (_, n) => rawSocket(server, `Bearer good${n % 4}`)),
    );
    for (const raw of sockets) for (let n = 0; n < 50; n++) raw.subscribe(`s${n}`, AFTER, { after: 0 });
    await Promise.all(sockets.map((raw) => raw.settled()));
    const passing = await rawSocket(server, 'Bearer goodx');
    for (let n = 1; n <= 60; n++) {
      server.feed.publish(`event ${n}`);
      passing.subscribe(`p${n}`, AFTER, { after: n - 1 });
      if (n > 5) passing.send({ id: `p${n - 5}`, type: 'complete' });
      if (n % 7 === 0) await passing.settled();
    }
    await Promise.all(sockets.map((raw) => raw.until(() => raw.messages.length >= 50 * 60 + 2)));
    const expected = range(0, 60);
    for (const raw of sockets) for (let n = 0; n < 50; n++) expect(positions(raw, `s${n}`)).toEqual(expected);
    for (let n = 56; n <= 60; n++) {
      await passing.until(() => positions(passing, `p${n}`).at(-1) === 60);
      expect(positions(passing, `p${n}`)).toEqual(range(n - 1, 60));
    }
    [...sockets, passing].forEach((raw) => raw.socket.close());
  });
});

describe('back-pressure', () => {
  test('one that stops reading is closed with 1013; the others are not delayed and miss nothing', async () => {
    const [slow, quick] = [await rawSocket(server), await rawSocket(server)];
    for (const raw of [slow, quick]) {
      raw.subscribe('a', NOW);
      await raw.settled();
    }
    slow.socket.pause();
    const large = 'x'.repeat(100_000);
    for (let n = 1; n <= 100; n++) {
      server.feed.publish(large);
      await quick.until(() => quick.of('a').length === n);
    }
    slow.socket.resume();
    const { code, reason } = await slow.closed;
    expect(code).toBe(1013);
    expect(reason).toContain('resume from the last cursor');
    expect(positions(quick, 'a')).toEqual(range(0, 100));
    const got = positions(slow, 'a');
    expect(got.length).toBeLessThan(100);
    expect(got).toEqual(range(0, got.length));
    quick.socket.close();
  });

  test('catching up waits for a reader that pauses, without closing it or holding what it has not sent', async () => {
    for (let n = 0; n < 200; n++) server.feed.publish('y'.repeat(100_000));
    const raw = await rawSocket(server);
    raw.socket.pause();
    raw.subscribe('a', AFTER, { after: 0 });
    let seen = -1;
    // Executions stand still once the connection is full.
    await expect
      .poll(
        () => {
          const still = server.probe.executions > 0 && server.probe.executions === seen;
          seen = server.probe.executions;
          return still;
        },
        { interval: 100, timeout: 5_000 },
      )
      .toBe(true);
    expect(seen).toBeLessThan(150);
    raw.socket.resume();
    await raw.until(() => positions(raw, 'a').length === 200);
    server.feed.publish('live');
    await raw.until(() => positions(raw, 'a').length === 201);
    expect(positions(raw, 'a')).toEqual(range(0, 201));
    raw.socket.close();
  });

  test('one large answer to a reader that reads is no fault', async () => {
    const raw = await rawSocket(server);
    raw.subscribe('a', NOW);
    await raw.settled();
    server.feed.publish('z'.repeat(5_000_000));
    server.feed.publish('after');
    await raw.until(() => raw.of('a').length === 2 || raw.socket.readyState !== 1);
    // The second one met a full connection or not, as the reader was quick: never a broken order.
    expect(positions(raw, 'a')[0]).toBe(1);
    raw.socket.close();
  });
});
