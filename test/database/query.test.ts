import { afterEach, describe, expect, test } from 'vitest';
import { isDataFault } from '../../src/database/faults.ts';
import { queryWithin } from '../../src/database/query.ts';
import { Prisma } from '../../src/generated/prisma/client.ts';
import { openTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
afterEach(() => database.close());

/** More often than it takes until a statement is kept by the session. */
const OFTEN = 12;

describe('statements past Prisma', () => {
  test('take arguments and give rows alike on both databases, the first time and the twelfth', async () => {
    database = await openTestDatabase();
    const at = new Date('2026-11-24T12:00:00.123Z');
    for (let n = 0; n < OFTEN; n++) {
      const values = [
        [`a,"{}\\${n}`, '*'],
        JSON.stringify({ n, text: "it's" }),
        at,
        null,
        2n ** 60n + 1n,
        n % 2 === 0,
      ];
      const rows = await database.query({
        text: `SELECT $1::text[] AS list, $2::jsonb AS json, $3::timestamptz AS at, $4::text AS nothing, $5::int8 AS big,
          $6::boolean AS yes, json_build_object('at', $3::timestamptz) AS made`,
        values,
      });
      expect(rows).toEqual([
        {
          list: values[0],
          json: { n, text: "it's" },
          at,
          nothing: null,
          big: 2n ** 60n + 1n,
          yes: n % 2 === 0,
          made: { at: '2026-11-24T12:00:00.123+00:00' },
        },
      ]);
    }
  });

  test('may be what the sql template makes, and may go through an open transaction', async () => {
    database = await openTestDatabase();
    const statement = Prisma.sql`SELECT ${3}::int + ${4}::int AS sum`;
    expect(await database.query(statement)).toEqual([{ sum: 7 }]);
    await database.prisma.$transaction(async (tx) => {
      for (let n = 0; n < OFTEN; n++) expect(await queryWithin(tx)(statement)).toEqual([{ sum: 7 }]);
    });
  });

  test('that fail say by which SQLSTATE, each time, and leave the session as it was', async () => {
    database = await openTestDatabase();
    const divide = (by: number) =>
      database.query<{ n: number }>({ text: 'SELECT 12 / $1::int AS n', values: [by] });
    for (let n = 0; n < OFTEN; n++) {
      const error = await divide(0).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: '22012' });
      expect(isDataFault(error)).toBe(true);
      expect(await divide(4)).toEqual([{ n: 3 }]);
    }
  });

  test('keep out of a transaction that is open, and see what it commits', async () => {
    database = await openTestDatabase();
    const { prisma, query, clock } = database;
    const count = () =>
      query<{ n: number }>({ text: 'SELECT count(*)::int + $1::int AS n FROM projects', values: [0] });
    for (let n = 0; n < OFTEN; n++) await count();
    const opened = Promise.withResolvers<void>();
    const commit = Promise.withResolvers<void>();
    const transaction = prisma.$transaction(async (tx) => {
      await tx.project.create({ data: { id: 'project_1', name: 'held', createdAt: clock.now() } });
      opened.resolve();
      await commit.promise;
    });
    await opened.promise;
    const during = database.kind === 'postgres' ? await count() : count();
    commit.resolve();
    await transaction;
    // The server reads beside the transaction; the embedded database, with one session, behind it.
    expect(await during).toEqual([{ n: database.kind === 'postgres' ? 0 : 1 }]);
    expect(await count()).toEqual([{ n: 1 }]);
  });
});
