import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { afterEach, describe, expect, test } from 'vitest';
import { IN_MEMORY } from '../../src/database/embedded.ts';
import { isUnavailable } from '../../src/database/faults.ts';
import { openDatabase } from '../../src/database/open.ts';
import { onPostgres, openTestDatabase, silent } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { testClock } from '../support/clock.ts';
import { until } from '../support/until.ts';

let database: TestDatabase | undefined;
afterEach(async () => {
  await database?.close();
  database = undefined;
});

describe('an open database', () => {
  test('runs jobs with the options that it gives', async () => {
    database = await openTestDatabase();
    const boss = new PgBoss({ ...database.boss(), schedule: false, supervise: false });
    await boss.start();
    await boss.createQueue('greetings');
    const done = Promise.withResolvers<unknown>();
    await boss.work('greetings', { pollingIntervalSeconds: 0.5 }, async ([job]) => done.resolve(job!.data));
    await boss.send('greetings', { to: 'all' });
    expect(await done.promise).toEqual({ to: 'all' });
    await boss.stop({ graceful: false });
  });

  test('tells names apart in the statements it sends again and again', async () => {
    database = await openTestDatabase();
    const { prisma, clock } = database;
    for (let index = 0; index < 20; index++) {
      const id = `project_${index}`;
      await prisma.project.create({ data: { id, name: `name ${index}`, createdAt: clock.now() } });
      const [row] = await prisma.$queryRaw<{ name: string }[]>`SELECT name FROM projects WHERE id = ${id}`;
      expect(row).toEqual({ name: `name ${index}` });
    }
    const [prepared] = await prisma.$queryRaw<
      [{ n: number }]
    >`SELECT count(*)::int AS n FROM pg_prepared_statements`;
    expect(prepared.n).toBeGreaterThanOrEqual(2);
  });

  test.skipIf(onPostgres)('reads lists of its own types in the process that made it', async () => {
    // Made here, not from a copy: the engine knows the types that were there when it started.
    const dataDirectory = IN_MEMORY;
    const made = await openDatabase({ url: null, dataDirectory, clock: testClock(), log: silent });
    try {
      const at = new Date();
      await made.prisma.project.create({ data: { id: 'project_1', name: 'first', createdAt: at } });
      await made.prisma
        .$executeRaw`INSERT INTO emergency_stops (id, project_id, triggered_conditions, stop_reason, severity, triggered_by, created_at)
        VALUES ('stop_1', 'project_1', '{MANUAL_STOP,SECURITY_THREAT}', 'why', 'HIGH', '{}', ${at})`;
      const text = 'SELECT triggered_conditions FROM emergency_stops WHERE id = $1';
      expect(await made.query({ text, values: ['stop_1'] })).toEqual([
        { triggered_conditions: ['MANUAL_STOP', 'SECURITY_THREAT'] },
      ]);
      const [stop] = await made.prisma.emergencyStop.findMany();
      expect(stop!.triggeredConditions).toEqual(['MANUAL_STOP', 'SECURITY_THREAT']);
    } finally {
      await made.close();
    }
  });

  test('closes once, however often it is told to', async () => {
    const closing = await openTestDatabase();
    const { prisma } = closing;
    await Promise.all([closing.close(), closing.close()]);
    await closing.close();
    await expect(prisma.project.findMany()).rejects.toThrow();
  });

  test('a commit that fails fails the transaction', async () => {
    database = await openTestDatabase();
    const { prisma } = database;
    await prisma.$executeRaw`CREATE TABLE later (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)`;
    const work = prisma.$transaction(async (tx) => {
      await tx.$executeRaw`INSERT INTO later VALUES (1), (1)`;
    });
    await expect(work).rejects.toThrow(/unique|duplicate/i);
    expect(await prisma.$queryRaw`SELECT id FROM later`).toEqual([]);
  });
});

describe.runIf(onPostgres)('a server that goes away', () => {
  test('is told at the start when it was never there', async () => {
    const url = 'postgres://postgres@127.0.0.1:1/nowhere';
    const opening = openDatabase({ url, dataDirectory: '', clock: testClock(), log: silent });
    const error = await opening.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
    expect(isUnavailable(error)).toBe(true);
  });

  test('fails queries with a clear error, and serves again once it is back, nothing restarted', async () => {
    database = await openTestDatabase();
    const way = await openWay(database.url!);
    const open = await openDatabase({
      url: way.url,
      dataDirectory: '',
      clock: testClock(),
      log: silent,
      poolSize: 2,
    });
    try {
      let reconnects = 0;
      open.signals.onReconnect(() => void reconnects++);
      await open.prisma.project.findMany();
      await way.cut();
      for (const query of [
        () => open.prisma.project.findMany(),
        () => open.prisma.$queryRaw`SELECT ${1}::int`,
        () => open.query({ text: 'SELECT $1::int', values: [1] }),
      ]) {
        const error = await query().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(Error);
        expect(isUnavailable(error), String(error)).toBe(true);
      }
      const inTransaction = await open.prisma
        .$transaction((tx) => tx.project.findMany())
        .catch((e: unknown) => e);
      expect(isUnavailable(inTransaction), String(inTransaction)).toBe(true);
      await way.mend();
      expect(await open.prisma.project.findMany()).toEqual([]);
      await until('the listener to be back', () => reconnects === 1);
    } finally {
      await open.close();
      await way.close();
    }
  });

  test('killing every session in use fails what was running and nothing after', async () => {
    database = await openTestDatabase();
    const { prisma, url } = database;
    const sleeping = prisma.$queryRaw`SELECT pg_sleep(${30}::float8)::text`.catch(
      (reason: unknown) => reason,
    );
    const client = new pg.Client(url!);
    await client.connect();
    const running = `FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
    await until('it to run', async () => (await client.query(`SELECT 1 ${running}`)).rowCount === 1);
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await client.end();
    expect(isUnavailable(await sleeping), String(await sleeping)).toBe(true);
    expect(await prisma.project.findMany()).toEqual([]);
  });

  test('a session that is ended as it goes from one user to the next fails that one, and not the process', async () => {
    database = await openTestDatabase();
    const way = await openWay(database.url!);
    const open = await openDatabase({
      url: way.url,
      dataDirectory: '',
      clock: testClock(),
      log: silent,
      poolSize: 1,
    });
    try {
      // The second waits for the only session, and is given it while what the server said is still being read.
      const transaction = () => open.prisma.$transaction((tx) => tx.project.findMany());
      await transaction();
      way.endWithReady();
      const first = open.query({ text: 'SELECT $1::int AS it', values: [1] });
      const second = transaction().catch((reason: unknown) => reason);
      expect(await first).toEqual([{ it: 1 }]);
      expect(isUnavailable(await second), String(await second)).toBe(true);
      expect(await transaction()).toEqual([]);
    } finally {
      await open.close();
      await way.close();
    }
  });
});

interface Way {
  url: string;
  /** The connection that next says that it is ready is ended by the server in the same breath. */
  endWithReady(): void;
  /** Ends every connection, and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** ReadyForQuery outside a transaction. */
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1');
/** ErrorResponse, as pg_terminate_backend has a session say. */
const TERMINATED = (() => {
  const fields = Buffer.from(
    'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0',
  );
  const head = Buffer.from('E\0\0\0\0', 'latin1');
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

/** A way to the server that can be cut, for the server itself is not ours to stop. */
async function openWay(target: string): Promise<Way> {
  const { hostname, port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  let server: Server;
  let ending = false;
  const listen = async (port: number) => {
    server = createServer((socket) => {
      const onward = connect(Number(targetPort || 5432), hostname);
      for (const each of [socket, onward]) {
        sockets.add(each);
        each.on('error', () => {}).on('close', () => sockets.delete(each));
      }
      socket.pipe(onward).on('end', () => socket.end());
      onward.on('data', (said: Buffer) => {
        if (!ending || !said.subarray(-READY.length).equals(READY)) return void socket.write(said);
        ending = false;
        socket.end(Buffer.concat([said, TERMINATED]));
        onward.destroy();
      });
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const cut = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const url = new URL(target);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    endWithReady: () => void (ending = true),
    cut,
    mend: async () => void (await listen(port)),
    close: cut,
  };
}
