import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { digestContent, digestEvent, unsealed } from '../../src/events/append.ts';
import { chainOf, linkHash } from '../../src/events/chain.ts';
import { type Head, verifyLog } from '../../src/events/verify.ts';
import type { Prisma } from '../../src/generated/prisma/client.ts';
import { withDatabase } from '../support/database.ts';
import { append, emptyLog, event, ids, log, sealAll } from './support.ts';

const database = withDatabase();
const projectA = ids.next('project');
const projectB = ids.next('project');

/** Ten events in three chains: A at 1, 4, 7, 10; B at 2, 5, 8; those of no project at 3, 6, 9. */
beforeEach(async () => {
  await emptyLog(database());
  const chains = [projectA, projectB, null];
  const events = Array.from({ length: 10 }, (_, n) =>
    event({
      projectId: chains[n % 3]!,
      subjectId: `subject_${n}`,
      data: { n, text: 'ü', deep: { b: 1.5, a: [null] } },
    }),
  );
  await append(database(), events);
  await sealAll(database());
});

const verify = (known?: ReadonlyMap<string, Head>) => verifyLog(database().prisma, known);
const run = (sql: string) => database().prisma.$executeRawUnsafe(sql);
const at = async (position: number) => (await log(database()))[position - 1]!;

describe('verifying', () => {
  test('behaviour 9.2: an untouched log is intact, and its heads are told', async () => {
    const { fault, events, unsealed: waiting, heads } = await verify();
    expect(fault).toBe(null);
    expect({ events, waiting }).toEqual({ events: 10, waiting: 0 });
    const told = Object.fromEntries(
      [...heads].map(([chain, { position, length }]) => [chain, [position, length]]),
    );
    expect(told).toEqual({ [projectA]: [10n, 4n], [projectB]: [8n, 3n], system: [9n, 3n] });
  });

  test('an empty log is intact', async () => {
    await emptyLog(database());
    expect(await verify()).toMatchObject({ events: 0, fault: null });
  });

  test.each([
    ['type', `'session_ended'`],
    ['project_id', `'${projectB}'`],
    ['project_id', 'NULL'],
    ['team_id', `'team_x'`],
    ['session_id', `'session_x'`],
    ['subject_id', `'subject_x'`],
    ['actor', `'{"kind": "USER"}'`],
    ['actor', 'NULL'],
    ['data', `data || '{"n": 99}'`],
    ['data', 'NULL'],
    ['salt', `'00'`],
    ['salt', 'NULL'],
    ['content_digest', `'00'`],
    ['digest', `'00'`],
    ['occurred_at', `occurred_at + interval '1 millisecond'`],
    ['previous_hash', `'00'`],
    ['previous_hash', 'NULL'],
    ['hash', `'00'`],
    ['id', `'event_x'`],
  ])('a changed %s (%s) breaks the log at that event', async (column, value) => {
    await run(`UPDATE events SET ${column} = ${value} WHERE position = 4`);
    const { fault } = await verify();
    expect(fault).toMatchObject({ eventId: (await at(4)).id, position: 4n });
  });

  test('a changed position breaks the log behind the gap that it leaves', async () => {
    await run('UPDATE events SET position = 11 WHERE position = 4');
    expect((await verify()).fault).toMatchObject({ position: 5n, reason: 'an event before it is missing' });
  });

  test('every column of the table is covered', async () => {
    const columns = await database().prisma.$queryRaw<{ name: string }[]>`
      SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'events'`;
    expect(columns.map(({ name }) => name).sort()).toEqual(
      'actor content_digest data digest hash id occurred_at position previous_hash project_id salt session_id subject_id team_id type'.split(
        ' ',
      ),
    );
  });

  test('a deleted event breaks the log at the next one', async () => {
    await run('DELETE FROM events WHERE position = 6');
    expect((await verify()).fault).toMatchObject({ eventId: (await at(6)).id, position: 7n });
  });

  test('a deleted first event breaks the log at the second', async () => {
    await run('DELETE FROM events WHERE position = 1');
    expect((await verify()).fault).toMatchObject({ position: 2n });
  });

  test('a deleted tail breaks the log where it now ends', async () => {
    await run('DELETE FROM events WHERE position >= 9');
    expect((await verify()).fault).toMatchObject({ eventId: null, position: 9n });
  });

  test('a deleted tail is found also where the end of the log was moved back', async () => {
    await run('DELETE FROM events WHERE position = 10');
    await run('UPDATE event_log SET position = 9');
    expect((await verify()).fault).toMatchObject({ chain: projectA, position: 10n });
  });

  test("two events in each other's place break the log at the first of them", async () => {
    await run('UPDATE events SET position = position + 100 WHERE position IN (4, 7)');
    await run('UPDATE events SET position = CASE position WHEN 104 THEN 7 ELSE 4 END WHERE position > 100');
    expect((await verify()).fault).toMatchObject({ eventId: (await at(4)).id, position: 4n });
  });

  test("two events with each other's content break the log at the first of them", async () => {
    const [first, second] = [await at(4), await at(7)];
    const put = (position: bigint, { actor, data, salt, contentDigest }: typeof first) =>
      database().prisma.event.update({
        where: { position },
        data: {
          actor: actor as Prisma.InputJsonObject,
          data: data as Prisma.InputJsonObject,
          salt,
          contentDigest,
        },
      });
    await put(4n, second);
    await put(7n, first);
    expect((await verify()).fault).toMatchObject({
      eventId: first.id,
      reason: 'its description was changed',
    });
  });

  test.each([
    ['hash', `'00'`],
    ['length', '7'],
    ['position', '9999'],
    ['chain', `'project_x'`],
  ])('a head with a forged %s is found', async (column, value) => {
    await run(`UPDATE event_chains SET ${column} = ${value} WHERE chain = '${projectB}'`);
    expect((await verify()).fault).not.toBe(null);
  });

  test('a deleted head is found', async () => {
    await run(`DELETE FROM event_chains WHERE chain = '${projectB}'`);
    expect((await verify()).fault).toMatchObject({
      chain: projectB,
      reason: 'the head of the chain is missing',
    });
  });

  test.each([
    'UPDATE event_log SET position = 12',
    'UPDATE event_log SET position = 8',
    'DELETE FROM event_log',
  ])('a forged end of the log is found: %s', async (sql) => {
    await run(sql);
    expect((await verify()).fault).not.toBe(null);
    await run('INSERT INTO event_log (id, position) VALUES (1, 0) ON CONFLICT DO NOTHING');
  });

  test('behaviour 9.2: an erased event is whole, and what follows it', async () => {
    await run('UPDATE events SET actor = NULL, data = NULL, salt = NULL WHERE position IN (1, 4, 10)');
    expect(await verify()).toMatchObject({ fault: null, events: 10 });
  });

  test('an event cannot pass for erased while it says something', async () => {
    await run(`UPDATE events SET salt = NULL, actor = NULL, data = '{"n": 99}' WHERE position = 4`);
    expect((await verify()).fault).toMatchObject({ position: 4n, reason: 'its content was changed' });
  });

  test('the heads of an earlier run still stand when the log has grown', async () => {
    const { heads } = await verify();
    await append(database(), [event({ projectId: projectA }), event()]);
    await sealAll(database());
    expect(await verify(heads)).toMatchObject({ fault: null, events: 12 });
  });

  test('a chain rewritten throughout passes by itself, and not against the heads of an earlier run', async () => {
    const { heads } = await verify();
    await rewrite(projectA, 4n);
    expect((await verify()).fault).toBe(null);
    expect((await verify(heads)).fault).toMatchObject({
      chain: projectA,
      position: 10n,
      eventId: (await at(10)).id,
    });
  });

  test('a tail cut off with all its traces is found by the heads of an earlier run', async () => {
    const { heads } = await verify();
    const seventh = await at(7);
    await run('DELETE FROM events WHERE position = 10');
    await run('UPDATE event_log SET position = 9');
    await run(
      `UPDATE event_chains SET position = 7, length = 3, hash = '${seventh.hash}' WHERE chain = '${projectA}'`,
    );
    expect((await verify()).fault).toBe(null);
    expect((await verify(heads)).fault).toMatchObject({ chain: projectA, position: 10n });
  });

  /** What somebody who can write everything would do: another content at `from`, and every hash after it anew. */
  async function rewrite(projectId: string, from: bigint): Promise<void> {
    const chain = (await log(database())).filter((each) => each.projectId === projectId);
    let previousHash: string | null = null;
    for (const each of chain) {
      if (each.position === from) {
        each.data = { n: 99 };
        each.contentDigest = digestContent(each.salt!, each.actor, each.data);
        each.digest = digestEvent(each);
      }
      const hash: string = linkHash(previousHash, each.position, each.digest);
      const { data, contentDigest, digest } = each;
      await database().prisma.event.update({
        where: { position: each.position },
        data: { data: data as Prisma.InputJsonObject, contentDigest, digest, previousHash, hash },
      });
      previousHash = hash;
    }
    await database().prisma.eventChain.update({
      where: { chain: chainOf(projectId) },
      data: { hash: previousHash! },
    });
  }
});

describe('digests', () => {
  test('what is kept has the precision that was hashed: any instant, any content', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((each) => !each.includes('\0'));
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(null, true, 0, -0, 1e21, 1.5e-7, 0.1, 2 ** 53, -1),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        text,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString')), tie('value'), {
          maxKeys: 3,
        }),
      ),
    })).value;
    const instant = fc.date({
      min: new Date('1970-01-01'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    await emptyLog(database());
    const events = fc
      .sample(fc.tuple(instant, fc.dictionary(text, json, { maxKeys: 4 })), { numRuns: 150, seed: 9 })
      .map(([occurredAt, data]) => event({ occurredAt, data: data as never }));
    await append(database(), events);
    await sealAll(database());
    expect(await verify()).toMatchObject({ events: 150, fault: null });
  });

  test('one millisecond more, and one salt more, make another digest', () => {
    const first = event();
    const [a, b] = [unsealed(ids, first), unsealed(ids, first)];
    expect(a.contentDigest).not.toBe(b.contentDigest);
    const later = { ...a, occurredAt: new Date(a.occurredAt.getTime() + 1) };
    expect(digestEvent(later)).not.toBe(digestEvent(a));
  });
});
