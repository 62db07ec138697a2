import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/open.ts';
import { onPostgres, openTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

describe.runIf(!onPostgres)('leadership of the embedded database', () => {
  test('its one process always leads', async () => {
    const database = await openTestDatabase();
    expect(database.leadership.isLeader()).toBe(true);
    await database.close();
  });
});

describe.runIf(onPostgres)('leadership among replicas', () => {
  const leaders = (all: Database[]) => all.filter(({ leadership }) => leadership.isLeader());

  async function terminateLeader(url: string): Promise<void> {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks
       WHERE locktype = 'advisory' AND granted AND classid = ${0x686f6c64}
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    await client.end();
  }

  test('one leads; when its session is killed it knows, and one leads again', async () => {
    const first = await openTestDatabase();
    const all = [first, await first.replica(), await first.replica()];
    try {
      await until('a leader', () => leaders(all).length === 1);
      const [old] = leaders(all);
      const changes: boolean[] = [];
      old!.leadership.onChange(() => changes.push(old!.leadership.isLeader()));
      await terminateLeader(first.url!);
      await until('the old leader to know', () => changes[0] === false);
      await until('a leader again', () => leaders(all).length > 0);
      expect(leaders(all).length).toBe(1);
    } finally {
      await first.close();
    }
  });

  test('a leader that closes hands over at once and leads no more', async () => {
    const first = await openTestDatabase();
    try {
      await until('the first to lead', () => first.leadership.isLeader());
      const second = await first.replica();
      const third = await first.replica();
      await until('nobody else', () => leaders([first, second, third]).length === 1);
      await terminateLeader(first.url!);
      await until('a leader', () => leaders([first, second, third]).length === 1);
      const leader = leaders([second, third])[0];
      if (leader === undefined) return;
      await leader.close();
      expect(leader.leadership.isLeader()).toBe(false);
      await until('another', () => leaders([first, second, third]).length === 1);
    } finally {
      await first.close();
    }
  });
});
