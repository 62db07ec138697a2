import pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { appendEvents, unsealed } from '../../src/events/append.ts';
import { createSealer } from '../../src/events/sealer.ts';
import { verifyLog } from '../../src/events/verify.ts';
import type { Database } from '../../src/database/open.ts';
import type { Query, Statement } from '../../src/database/query.ts';
import { onPostgres, silent, withDatabase } from '../support/database.ts';
import { gate } from '../support/gate.ts';
import { startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { alwaysLeads, append, emptyLog, event, ids, log, sealAll, sealerOn } from './support.ts';

const database = withDatabase();
beforeEach(() => emptyLog(database()));

const many = (count: number, projectId: string | null = null) =>
  Array.from({ length: count }, (_, n) => event({ projectId, subjectId: `subject_${n}` }));
const verified = () => verifyLog(database().prisma);
const intact = (events: number) => ({ events, unsealed: 0, fault: null });

describe('sealing', () => {
  test('events of one transaction stand in the order in which it told them', async () => {
    const told = Array.from({ length: 50 }, (_, n) => event({ subjectId: `subject_${n}` }));
    await append(database(), told);
    await sealAll(database());
    expect((await log(database())).map(({ subjectId }) => subjectId)).toEqual(
      told.map(({ subjectId }) => subjectId),
    );
  });

  test('a backlog of 100,000 events (20,000 embedded) is sealed, in bounded steps', async () => {
    const count = onPostgres ? 100_000 : 20_000;
    const project = ids.next('project');
    await database().prisma.$executeRaw`
      INSERT INTO unsealed_events (id, type, project_id, subject_id, actor, data, salt, content_digest, digest, occurred_at)
      SELECT 'event_' || n, 'task_created', ${project}, 'subject', '{}', '{}', 's', 'c', 'd' || n, '2026-03-02'
      FROM generate_series(1, ${count}) n`;
    const seen: { rows: number }[] = [];
    const query: Query = async <Row>(statement: Statement) => {
      const rows = await database().query<Row>(statement);
      seen.push({ rows: rows.length });
      return rows;
    };
    const sealer = sealerOn(database(), { query });
    sealer.start();
    await until('all to be sealed', async () => (await database().prisma.event.count()) === count);
    await sealer.stop();
    expect(Math.max(...seen.map(({ rows }) => rows))).toBeLessThanOrEqual(1000);
    const chain = await database().prisma.eventChain.findUniqueOrThrow({ where: { chain: project } });
    expect(chain).toMatchObject({ length: BigInt(count), position: BigInt(count) });
  }, 120_000);

  test('a lost wake-up delays an event no longer than to the next poll', async () => {
    const sealer = sealerOn(database());
    sealer.start();
    await append(database(), many(1));
    await until('the poll to find it', async () => (await log(database())).length === 1);
    await sealer.stop();
  });

  test('rows that cannot be sealed hold up nobody: the others are sealed, they stay, and they are named', async () => {
    const [twice] = many(1);
    await append(database(), [twice!]);
    await sealAll(database());
    const [known] = await log(database());
    const again = { ...unsealed(ids, event()), id: known!.id };
    const tooLong = unsealed(ids, event({ subjectId: longText(20_000) }));
    const errors: unknown[] = [];
    const noting = Object.assign(Object.create(silent) as typeof silent, {
      error: (about: unknown) => errors.push(about),
    });
    await append(database(), many(300));
    for (const bad of [again, tooLong]) {
      await database().prisma.unsealedEvent.create({ data: { ...bad, data: {}, actor: { kind: 'SYSTEM' } } });
    }
    await append(database(), many(300));
    const sealer = createSealer({
      database: { ...database(), leadership: alwaysLeads },
      log: noting,
      sealed: () => {},
    });
    sealer.start();
    await until('the others to be sealed', async () => (await log(database())).length === 601);
    await sealer.stop();
    expect((await database().prisma.unsealedEvent.findMany()).map(({ id }) => id)).toEqual([
      again.id,
      tooLong.id,
    ]);
    expect(errors).toMatchObject([{ event: again.id }, { event: tooLong.id }]);
    expect((await verifyLog(database().prisma)).fault).toBe(null);
  });

  test('a project that is nowhere else is a chain like any other', async () => {
    await append(database(), many(3, 'project_of_nobody'));
    await sealAll(database());
    expect(await verified()).toMatchObject(intact(3));
  });

  test('two that both believe they lead neither fork a chain nor skip or repeat an event', async () => {
    const projects = [ids.next('project'), ids.next('project'), null];
    const databases: Database[] = onPostgres
      ? [database(), await database().replica()]
      : [database(), database()];
    const positions: bigint[] = [];
    const sealers = databases.map((each) =>
      createSealer({
        database: { ...each, leadership: alwaysLeads },
        log: silent,
        sealed: (position) => positions.push(position),
      }),
    );
    for (const sealer of sealers) sealer.start();
    await Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        for (let n = 0; n < 40; n++) {
          await append(databases[writer % 2]!, many(3, projects[n % 3]!));
          for (const sealer of sealers) sealer.wake();
        }
      }),
    );
    await until('all to be sealed', async () => (await database().prisma.unsealedEvent.count()) === 0);
    await Promise.all(sealers.map((sealer) => sealer.stop()));
    expect(await verified()).toMatchObject(intact(720));
    expect(new Set(positions).size).toBe(positions.length);
  });

  test('one that is not the leader seals nothing, and starts when it comes to lead', async () => {
    let leads = false;
    let changed = () => {};
    const sealer = sealerOn(database(), {
      leadership: {
        isLeader: () => leads,
        onChange: (listener) => {
          changed = listener;
          return () => {};
        },
      },
    });
    sealer.start();
    await append(database(), many(2));
    sealer.wake();
    expect(await log(database())).toEqual([]);
    leads = true;
    changed();
    await until('it to seal', async () => (await log(database())).length === 2);
    await sealer.stop();
  });

  test('behaviour 1.8: a restart goes on where the last one ended', async () => {
    for (let round = 1; round <= 3; round++) {
      await append(database(), many(10, 'project_x'));
      await sealAll(database());
      expect(await verified()).toMatchObject(intact(round * 10));
    }
  });
});

describe.runIf(onPostgres)('sealing among processes', () => {
  test('behaviour 9.1: a transaction that began first and commits last takes its place behind, and is not skipped', async () => {
    const { prisma } = database();
    // Each opens once both sides have come to it.
    const [written, commit] = [gate(2), gate(2)];
    const slow = prisma.$transaction(async (tx) => {
      await appendEvents(tx, ids, [event({ subjectId: 'slow' })]);
      await written.arrive();
      await commit.arrive();
    });
    await written.arrive();
    await append(database(), [event({ subjectId: 'quick' })]);
    const sealer = sealerOn(database());
    sealer.start();
    await until('the quick one to be sealed', async () => (await log(database())).length === 1);
    await commit.arrive();
    await slow;
    await until('the slow one too', async () => (await log(database())).length === 2);
    await sealer.stop();
    expect((await log(database())).map(({ subjectId }) => subjectId)).toEqual(['quick', 'slow']);
  });

  test('behaviour 1.8: a leader killed in the middle of sealing leaves an intact log, and another goes on', async () => {
    const program = new URL('processes/seal.ts', import.meta.url);
    for (let round = 1; round <= 3; round++) {
      await append(database(), many(20_000, 'project_x'));
      const leader = startProcess(program, [database().url!]);
      await leader.wrote('sealed');
      const next = startProcess(program, [database().url!]);
      await next.wrote('started');
      await leader.kill();
      await until(
        'the other one to finish',
        async () => (await database().prisma.unsealedEvent.count()) === 0,
      );
      await next.kill();
      expect(await verified()).toMatchObject(intact(round * 20_000));
    }
  }, 240_000);

  test('a sealer whose connections are cut goes on when they are back', async () => {
    const replica = await database().replica();
    const sealer = sealerOn(replica);
    sealer.start();
    await append(database(), many(5000));
    const client = new pg.Client(database().url!);
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'holdpoint'`,
    );
    await client.end();
    await until('all to be sealed', async () => {
      const left = await database()
        .prisma.unsealedEvent.count()
        .catch(() => 1);
      return left === 0;
    });
    await sealer.stop();
    expect(await verified()).toMatchObject(intact(5000));
  });
});

/** A text that no index entry has room for, however well it compresses. */
function longText(length: number): string {
  let text = '';
  for (let n = 0; text.length < length; n++) text += ((n * 2_654_435_761) % 4_294_967_296).toString(36);
  return text;
}
