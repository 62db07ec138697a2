import pg from 'pg';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { onServer } from '../support/template.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const database = withDatabase();
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function hear(signals: { on(channel: string, listener: (payload: string) => void): () => void }, channel: string) {
  const heard: string[] = [];
  ends.push(signals.on(channel, (payload) => void heard.push(payload)));
  return heard;
}

describe('signals in one process', () => {
  test('reach the listeners of their channel and no others, in the order they were sent', async () => {
    const { signals } = database();
    const heard = hear(signals, 'a');
    const others = hear(signals, 'b');
    for (const payload of ['1', '2', '3']) signals.send('a', payload);
    await nextTurn();
    expect(heard).toEqual(['1', '2', '3']);
    expect(others).toEqual([]);
  });

  test('equal ones sent together go once', async () => {
    const { signals } = database();
    const heard = hear(signals, 'a');
    for (let sent = 0; sent < 100; sent++) signals.send('a', 'same');
    await nextTurn();
    expect(heard).toEqual(['same']);
  });

  test('sending never calls a listener within the call, nor fails when one does', async () => {
    const { signals } = database();
    ends.push(
      signals.on('a', () => {
        throw new Error('listener');
      }),
    );
    const heard = hear(signals, 'a');
    signals.send('a', '1');
    expect(heard).toEqual([]);
    await nextTurn();
    expect(heard).toEqual(['1']);
  });

  test('a listener that has ended hears nothing more', async () => {
    const { signals } = database();
    const heard: string[] = [];
    const end = signals.on('a', (payload) => void heard.push(payload));
    end();
    signals.send('a', '1');
    await nextTurn();
    expect(heard).toEqual([]);
  });
});

describe.runIf(onPostgres)('signals between replicas', () => {
  test('reach the other process, and the sender hears its own once', async () => {
    const { signals, replica } = database();
    const other = await replica();
    const here = hear(signals, 'a');
    const there = hear(other.signals, 'a');
    signals.send('a', '"quoted" \u{1f600}');
    await until('the signal there', () => there.length > 0);
    // The answer comes after our own notification on the same session: had it been heard, it would be here.
    other.signals.send('a', 'answer');
    await until('the answer here', () => here.includes('answer'));
    expect(here).toEqual(['"quoted" \u{1f600}', 'answer']);
    expect(there).toEqual(['"quoted" \u{1f600}', 'answer']);
  });

  test('a signal that is too long stays in its process and fails nobody', async () => {
    const { signals, replica } = database();
    const other = await replica();
    const here = hear(signals, 'long');
    const there = hear(other.signals, 'long');
    signals.send('long', 'x'.repeat(8_000));
    signals.send('long', 'x'.repeat(7_800));
    await until('the shorter one there', () => there.length > 0);
    expect(here.map((text) => text.length)).toEqual([8_000, 7_800]);
    expect(there.map((text) => text.length)).toEqual([7_800]);
  });

  test("a stranger's notification on the same channel is passed over", async () => {
    const { signals, replica, url } = database();
    const other = await replica();
    const here = hear(signals, 'a');
    for (const text of ['', 'nonsense', `${'x'.repeat(36)}[1,2]`]) await onServer(url!, `NOTIFY holdpoint, '${text}'`);
    other.signals.send('a', 'after');
    await until('a proper one', () => here.length > 0);
    expect(here).toEqual(['after']);
  });

  test('a listening session that is killed comes back, says so, and hears again', async () => {
    const { signals, replica, url } = database();
    const other = await replica();
    let reconnects = 0;
    ends.push(other.signals.onReconnect(() => void reconnects++));
    const there = hear(other.signals, 'a');
    const client = new pg.Client(url!);
    await client.connect();
    const { rowCount } = await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'holdpoint link'`,
    );
    await client.end();
    expect(rowCount).toBeGreaterThanOrEqual(2);
    // Sent while nobody listens and no session is there to send it through: kept until there is one.
    signals.send('a', 'meanwhile');
    await until('the reconnect', () => reconnects === 1);
    await until('signals again', async () => {
      signals.send('a', 'again');
      return there.includes('again');
    });
  });
});
