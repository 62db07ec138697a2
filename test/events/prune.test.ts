import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeCursor, SYSTEM_CHAIN } from '../../src/events/chain.ts';
import { rewrapCheckpoints, sealedCheckpoints } from '../../src/events/checkpoint.ts';
import { AT_ONCE, createRetentionSweep } from '../../src/events/prune.ts';
import { listEvents } from '../../src/events/query.ts';
import { type Verification, verifyLog } from '../../src/events/verify.ts';
import { createKeyRing } from '../../src/secrets/key-ring.ts';
import { testClock } from '../support/clock.ts';
import { withDatabase } from '../support/database.ts';
import { testKey, testRing } from '../support/vault.ts';
import { append, emptyLog, event, ids, log, pruneOn, pruning, sealAll } from './support.ts';

const database = withDatabase();
const [projectA, projectB] = [ids.next('project'), ids.next('project')];
const DAY = 24 * 3_600_000;
const NOW = new Date('2026-06-01T00:00:00.000Z');
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY);

beforeEach(() => emptyLog(database()));

const written = async (...events: [string | null, number][]) => {
  await append(
    database(),
    events.map(([projectId, days], n) => event({ projectId, occurredAt: daysAgo(days), data: { n } })),
  );
  await sealAll(database());
};
const verify = (known?: Verification['heads'], keyRing: typeof testRing | null = testRing) =>
  verifyLog(database().prisma, known, keyRing);
const kept = async () => (await log(database())).map(({ position }) => Number(position));
const run = (sql: string) => database().prisma.$executeRawUnsafe(sql);
const at = { clock: testClock(NOW) };
const daysOf = (days: Record<string, number>) => ({
  readRetention: async () => ({ of: (projectId: string | null) => days[projectId ?? SYSTEM_CHAIN] ?? 90 }),
});
const sweep = async (more: Parameters<typeof pruning>[1] = {}) => {
  const sweeping = createRetentionSweep(pruning(database(), { ...at, ...more }));
  const swept = await sweeping.run((more.clock ?? at.clock).now());
  return { ...swept, sweeping };
};

describe('pruning', () => {
  test('behaviour 9.2: each project by its own days, from its beginning on; what is kept verifies, and the log says what went', async () => {
    // An old event behind a younger one stays: a chain is cut at its beginning, never in its middle.
    await written(
      [projectA, 40],
      [projectB, 40],
      [null, 40],
      [projectA, 31],
      [projectA, 29],
      [projectA, 35],
      [projectB, 29],
    );
    const { again, next } = await sweep(daysOf({ [projectA]: 30, [projectB]: 60, [SYSTEM_CHAIN]: 60 }));
    expect({ again, next }).toEqual({ again: false, next: new Date(NOW.getTime() + 3_600_000) });
    expect(await kept()).toEqual([2, 3, 5, 6, 7]);
    await sealAll(database());
    const verified = await verify();
    expect(verified).toMatchObject({ fault: null, events: 6, pruned: 2n, unproven: [] });
    expect(verified.heads.get(projectA)).toMatchObject({ length: 5n, position: 8n });
    const [told] = (await log(database())).filter(({ type }) => type === 'events_pruned');
    const [checkpoint] = await database().prisma.eventCheckpoint.findMany();
    expect(told).toMatchObject({
      projectId: projectA,
      subjectId: projectA,
      data: {
        events: 2,
        position: '4',
        length: '2',
        hash: checkpoint!.hash,
        before: daysAgo(30).toISOString(),
      },
    });
    expect(checkpoint).toMatchObject({ chain: projectA, position: 4n, length: 2n, prunedAt: NOW });
  });

  test('goes on from the checkpoint, a batch at a time, until nothing is left that is too old', async () => {
    await written(...Array.from({ length: AT_ONCE + 3 }, () => [projectA, 100] as [string, number]), [
      projectA,
      1,
    ]);
    const first = await sweep();
    expect(first).toMatchObject({ again: true, next: null });
    expect(await first.sweeping.run(NOW)).toMatchObject({ again: false });
    expect((await kept())[0]).toBe(AT_ONCE + 4);
    await sealAll(database());
    expect(await verify()).toMatchObject({ fault: null, pruned: BigInt(AT_ONCE + 3) });
    const [checkpoint] = await database().prisma.eventCheckpoint.findMany();
    expect(checkpoint!.length).toBe(BigInt(AT_ONCE + 3));
  });

  test('a chain of which all was pruned goes on where it ended', async () => {
    await written([projectA, 100], [projectA, 100]);
    await sweep();
    await database().prisma.unsealedEvent.deleteMany();
    expect(await kept()).toEqual([]);
    expect(await verify()).toMatchObject({ fault: null, events: 0, pruned: 2n });
    await written([projectA, 0]);
    expect(await verify()).toMatchObject({ fault: null, events: 1 });
  });

  test('keeps what a reader of the log has not come to yet', async () => {
    await written([projectA, 100], [projectA, 100], [projectA, 100]);
    expect(await sweep({ readTo: async () => 2n })).toMatchObject({ again: false });
    expect(await kept()).toEqual([3]);
  });

  test('looks once an hour', async () => {
    const clock = testClock(NOW);
    const { sweeping } = await sweep({ clock });
    await written([projectA, 100]);
    await sweeping.run(clock.now());
    expect(await kept()).toEqual([1]);
    clock.advance(3600);
    await sweeping.run(clock.now());
    expect(await kept()).toEqual([]);
  });

  test('two at once take each event once', async () => {
    await written(...Array.from({ length: 30 }, () => [projectA, 100] as [string, number]), [projectA, 1]);
    const counts = await Promise.all([1, 2, 3].map(() => pruneOn(database(), at, projectA)));
    expect(counts.toSorted()).toEqual([0, 0, 30]);
    await sealAll(database());
    expect(await verify()).toMatchObject({ fault: null, pruned: 30n });
  });

  test.each([
    [`UPDATE events SET data = '{"n": 99}' WHERE position = 3`, 'its content was changed'],
    ['DELETE FROM events WHERE position = 3', 'does not follow the event before it'],
  ])('what is not what was sealed is not pruned, and other chains are: %s', async (sql, why) => {
    await written([projectA, 100], [projectB, 100], [projectA, 100], [projectA, 100]);
    await run(sql);
    await expect(pruneOn(database(), at, projectA)).rejects.toThrow(why);
    await sweep();
    expect((await log(database())).some(({ projectId }) => projectId === projectB)).toBe(false);
    expect((await kept())[0]).toBe(1);
    expect((await verify()).fault).not.toBe(null);
  });

  test('an erased event is pruned like any other', async () => {
    await written([projectA, 100], [projectA, 100], [projectA, 1]);
    await run('UPDATE events SET actor = NULL, data = NULL, salt = NULL WHERE position = 2');
    expect(await pruneOn(database(), at, projectA)).toBe(2);
    expect(await verify()).toMatchObject({ fault: null });
  });

  test('behaviour 9.1: a cursor from before what was pruned is refused, of that chain alone', async () => {
    await written([projectA, 100], [projectB, 100], [projectA, 100], [projectB, 1], [projectA, 1]);
    await pruneOn(database(), at, projectA);
    const list = (after: number, projectId: string | null) =>
      listEvents(
        database().prisma,
        { projectId },
        {},
        { kind: 'forward', after: encodeCursor(BigInt(after)), limit: 9 },
      );
    await expect(list(2, projectA)).rejects.toThrow('older than the events that are kept');
    await expect(list(2, null)).rejects.toThrow('older than the events that are kept');
    expect((await list(3, projectA)).rows).toHaveLength(1);
    expect((await list(0, projectB)).rows).toHaveLength(2);
  });
});

describe('a checkpoint', () => {
  beforeEach(async () => {
    await written([projectA, 100], [projectB, 100], [projectA, 100], [projectA, 1], [projectB, 1]);
    await pruneOn(database(), at, projectA);
    await pruneOn(database(), at, projectB);
    await sealAll(database());
    expect(await verify()).toMatchObject({ fault: null, pruned: 3n });
  });

  test.each([
    ['its position', `UPDATE event_checkpoints SET position = 4 WHERE chain = $1`],
    ['its length', `UPDATE event_checkpoints SET length = 3 WHERE chain = $1`],
    ['its hash', `UPDATE event_checkpoints SET hash = '00' WHERE chain = $1`],
    ['its time', `UPDATE event_checkpoints SET pruned_at = pruned_at + interval '1 day' WHERE chain = $1`],
    [
      'its proof',
      `UPDATE event_checkpoints SET proof = proof || '{"tag": "AAAAAAAAAAAAAAAAAAAAAA"}' WHERE chain = $1`,
    ],
    ['no proof', `UPDATE event_checkpoints SET proof = '{}' WHERE chain = $1`],
    [
      "another chain's proof",
      `UPDATE event_checkpoints SET proof = (SELECT proof FROM event_checkpoints WHERE chain <> $1) WHERE chain = $1`,
    ],
  ])('that was changed is found, and pruning builds nothing on it: %s', async (_, sql) => {
    await database().prisma.$executeRawUnsafe(sql, projectA);
    expect((await verify()).fault).toMatchObject({
      chain: projectA,
      reason: expect.stringContaining('checkpoint'),
    });
    await expect(pruneOn(database(), at, projectA)).rejects.toThrow('is not what was written');
    await expect(rewrapCheckpoints(database().prisma, testRing)).rejects.toThrow('is not what was written');
  });

  test('that was taken away is found', async () => {
    await database().prisma.eventCheckpoint.delete({ where: { chain: projectA } });
    expect((await verify()).fault).toMatchObject({ chain: projectA, position: 4n });
  });

  test('from before does not pass for the one that stands', async () => {
    const [old] = await database().prisma.eventCheckpoint.findMany({ where: { chain: projectA } });
    await pruneOn(database(), { clock: testClock(new Date(NOW.getTime() + 100 * DAY)) }, projectA);
    await database().prisma.eventCheckpoint.update({
      where: { chain: projectA },
      data: { ...old!, proof: old!.proof! },
    });
    expect((await verify()).fault).not.toBe(null);
  });

  test('does not hide that the first events kept are gone', async () => {
    await run('DELETE FROM events WHERE position = 4');
    expect((await verify()).fault).toMatchObject({
      position: 5n,
      reason: 'an event before it is missing',
    });
  });

  test('does not hide that a whole chain is gone', async () => {
    await run(`DELETE FROM events WHERE project_id = '${projectB}'`);
    await run(`DELETE FROM event_chains WHERE chain = '${projectB}'`);
    await database().prisma.eventCheckpoint.delete({ where: { chain: projectB } });
    expect((await verify()).fault).not.toBe(null);
  });

  test('is not proven without its key, and that is told', async () => {
    expect(await verify(undefined, null)).toMatchObject({
      fault: null,
      unproven: [projectA, projectB].sort(),
    });
    const other = createKeyRing([testKey('another')]);
    expect(await verify(undefined, other)).toMatchObject({
      fault: null,
      unproven: [projectA, projectB].sort(),
    });
    await expect(pruneOn(database(), { ...at, keyRing: other }, projectA)).rejects.toThrow(
      'ENCRYPTION_KEYS lacks',
    );
  });

  test('heads from before stand, whether pruned since or not; another history does not pass for them', async () => {
    const { heads } = await verify();
    await pruneOn(database(), { clock: testClock(new Date(NOW.getTime() + 200 * DAY)) }, projectA);
    await sealAll(database());
    expect(await verify(heads)).toMatchObject({ fault: null, unproven: [] });
    const [checkpoint] = await database().prisma.eventCheckpoint.findMany({ where: { chain: projectA } });
    const { position, hash, length } = checkpoint!;
    expect((await verify(new Map([[projectA, { position, hash: '00', length }]]))).fault).toMatchObject({
      reason: 'its checkpoint is not the event known from before',
    });
    // Somebody who has kept its hash needs no key.
    expect((await verify(new Map([[projectA, { position, hash, length }]]), null)).unproven).toEqual([
      projectB,
    ]);
  });

  test('is wrapped anew when keys are rotated, and proves the same', async () => {
    const both = createKeyRing([testKey('new', 'n'), testKey('test')]);
    expect(await rewrapCheckpoints(database().prisma, both)).toBe(2);
    expect(await rewrapCheckpoints(database().prisma, both)).toBe(0);
    const kids = (await sealedCheckpoints(database().prisma)).map(
      ({ sealed }) => (sealed as { kid: string }).kid,
    );
    expect(kids).toEqual(['new', 'new']);
    expect(await verify(undefined, createKeyRing([testKey('new', 'n')]))).toMatchObject({
      fault: null,
      unproven: [],
    });
  });
});

test('a log that is pruned while it is verified is intact, and what was changed in it is still found', async () => {
  await written(
    ...Array.from({ length: 2500 }, (_, n) => [n % 2 ? projectA : projectB, 100] as [string, number]),
  );
  const pruningAll = (async () => {
    for (const chain of [projectA, projectB, projectA, projectB]) await pruneOn(database(), at, chain);
  })();
  const [verified] = await Promise.all([verify(), pruningAll]);
  expect(verified.fault).toBe(null);
  await sealAll(database());
  await run(`UPDATE events SET data = '{"n": -1}' WHERE position = 2400`);
  expect((await verify()).fault).toMatchObject({ position: 2400n });
}, 60_000);

test('behaviour 9.2: whatever is written, sealed, erased and pruned in whatever order, the log verifies and counts every event', async () => {
  const chain = fc.constantFrom(projectA, projectB, null);
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        chain,
        days: fc.integer({ min: 0, max: 9 }),
        count: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('prune' as const),
        chain,
        days: fc.integer({ min: 1, max: 9 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('erase' as const), nth: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('seal' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
      await emptyLog(database());
      let heads: Verification['heads'] | undefined;
      let writes = 0;
      for (const each of steps) {
        switch (each.do) {
          case 'write':
            await append(
              database(),
              Array.from({ length: each.count }, () =>
                event({ projectId: each.chain, occurredAt: daysAgo(each.days) }),
              ),
            );
            writes += each.count;
            break;
          case 'prune': {
            const days = { readRetention: async () => ({ of: () => each.days }) };
            if ((await pruneOn(database(), { ...at, ...days }, each.chain ?? SYSTEM_CHAIN)) > 0) writes += 1;
            break;
          }
          case 'erase': {
            const all = await log(database());
            const chosen = all[each.nth % Math.max(all.length, 1)];
            if (chosen)
              await run(
                `UPDATE events SET actor = NULL, data = NULL, salt = NULL WHERE position = ${chosen.position}`,
              );
            break;
          }
          case 'seal': {
            await sealAll(database());
            const verified = await verify(heads);
            expect(verified.fault).toBe(null);
            heads = verified.heads;
          }
        }
      }
      await sealAll(database());
      const { fault, events, pruned, unproven } = await verify(heads);
      expect({ fault, unproven, all: BigInt(events) + pruned }).toEqual({
        fault: null,
        unproven: [],
        all: BigInt(writes),
      });
    }),
    { numRuns: 25 },
  );
}, 120_000);
