import pg from 'pg';
import type { Log } from '../kernel/log.ts';

/** One direct connection that is made again whenever it is lost: for what belongs to a session, LISTEN and locks. */
export interface Link {
  /** The session, or null while there is none. Sending through it is in order, one statement at a time. */
  client(): pg.Client | null;
  /** Calls back at each new session, the first one included, once `prepare` has run on it. */
  onUp(listener: (client: pg.Client) => void): void;
  onDown(listener: () => void): void;
  /** Gives the session up, for one that no longer answers. */
  drop(): void;
  close(): Promise<void>;
}

export interface LinkOptions {
  url: string;
  log: Log;
  /** Makes a new session ready; a session that it fails on is given up. */
  prepare(client: pg.Client): Promise<void>;
  /** Milliseconds of the first wait before connecting again; doubled for each failure up to 5 s. */
  firstWait?: number;
}

const LONGEST_WAIT = 5_000;

/** Connects, and rejects when the first attempt fails: a wrong address is told at the start, not retried for ever. */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { url, log, prepare, firstWait = 100 } = options;
  const up: ((client: pg.Client) => void)[] = [];
  const down: (() => void)[] = [];
  let current: pg.Client | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'holdpoint link',
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    });
    const lost = (error?: Error) => {
      if (current !== client) return;
      current = null;
      if (!closed) log.warn({ err: error }, 'lost the direct database connection; connecting again');
      for (const listener of down) listener();
      if (!closed) reconnect(firstWait);
    };
    client.on('error', lost);
    client.on('end', () => lost());
    try {
      await client.connect();
      await prepare(client);
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    if (closed) return client.end();
    current = client;
    for (const listener of up) listener(client);
  }

  function reconnect(wait: number): void {
    timer = setTimeout(() => {
      connect().then(
        () => log.info('the direct database connection is back'),
        (error: Error) => {
          log.warn({ err: error }, 'no direct database connection yet');
          if (!closed) reconnect(Math.min(wait * 2, LONGEST_WAIT));
        },
      );
    }, wait);
    timer.unref();
  }

  await connect();
  return {
    client: () => current,
    onUp(listener) {
      up.push(listener);
      if (current !== null) listener(current);
    },
    onDown: (listener) => void down.push(listener),
    drop: () => current && destroy(current),
    async close() {
      closed = true;
      clearTimeout(timer);
      await current?.end().catch(() => {});
    },
  };
}

/** `end` would wait for an answer that may never come. */
function destroy(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
