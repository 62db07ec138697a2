import { expect, it } from 'vitest';
import { createUpkeep } from '../../src/database/upkeep.ts';
import { withDatabase } from '../support/database.ts';

const database = withDatabase();

const bytes = async (): Promise<bigint> => {
  const text = `SELECT pg_relation_size('unsealed_events') AS bytes`;
  return (await database().query<{ bytes: bigint }>({ text, values: [] }))[0]!.bytes;
};

/** Rows that come and go, as events do between their commit and their place in the log. */
async function comeAndGo(): Promise<void> {
  const row = `'{}', '{}', repeat('s', 100), repeat('c', 64), repeat('d', 64), '2026-01-01'`;
  const columns = 'id, type, subject_id, actor, data, salt, content_digest, digest, occurred_at';
  await database().query({
    text: `INSERT INTO unsealed_events (${columns}) SELECT 'event_' || n, 'x', 'y', ${row} FROM generate_series(1, 500) n`,
    values: [],
  });
  await database().query({ text: 'DELETE FROM unsealed_events', values: [] });
}

// A server's own autovacuum would do the same at a time of its own.
it.skipIf(process.env.TEST_DATABASE === 'postgres')(
  'the embedded database does not grow by rows that come and go',
  async () => {
    const { query, clock } = database();
    const upkeep = createUpkeep({ query, clock });
    for (let round = 0; round < 4; round++) await comeAndGo();
    const grown = await bytes();
    expect(grown).toBeGreaterThan(0n);
    expect(await upkeep.run(clock.now())).toMatchObject({ again: false });
    expect(await bytes()).toBe(grown);
    clock.advance(31);
    await upkeep.run(clock.now());
    expect(await bytes()).toBe(0n);
    await comeAndGo();
    clock.advance(601);
    await upkeep.run(clock.now());
    expect(await bytes()).toBe(0n);
  },
);
