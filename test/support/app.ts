import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Database } from '../../src/database/open.ts';
import { IN_MEMORY } from '../../src/database/embedded.ts';
import type { Log } from '../../src/kernel/log.ts';
import { rawSocket } from '../server/support.ts';
import { type TestClock, testClock } from './clock.ts';
import { silent } from './database.ts';

export const ADMIN_KEY = 'test-admin-key-0123456789';

/** The same in every replica that a test starts, as in production. */
export const ENCRYPTION_KEYS = `test:${Buffer.alloc(32, 'test').toString('base64')}`;

export interface GraphqlError {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; [more: string]: unknown };
}

// What a test reads of an answer is told by its document, not by a type.
export interface Answer {
  data?: any;
  errors?: GraphqlError[];
}

export type Variables = Record<string, unknown>;

/** A client of a server that is somewhere: in this process or in one of its own. `key` null: no credential. */
export function clientOf(url: string) {
  const wsUrl = `${url.replace('http', 'ws')}/graphql`;
  const authorization = (key: string | null): Record<string, string> =>
    key === null ? {} : { authorization: `Bearer ${key}` };

  async function post(key: string | null, query: string, variables?: Variables): Promise<Response> {
    return fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization(key) },
      body: JSON.stringify({ query, variables }),
    });
  }

  async function graphql(key: string | null, query: string, variables?: Variables): Promise<Answer> {
    return (await (await post(key, query, variables)).json()) as Answer;
  }

  /** The data of an operation that must succeed: no errors, and no refusal in any payload. */
  async function ok(key: string, query: string, variables?: Variables): Promise<any> {
    const { data, errors } = await graphql(key, query, variables);
    if (errors) throw new Error(`${query} answers ${JSON.stringify(errors)}`);
    for (const payload of Object.values(data) as { success?: boolean; errors?: unknown }[])
      if (payload?.success === false) throw new Error(`${query} is refused: ${JSON.stringify(payload)}`);
    return data;
  }

  return {
    url,
    wsUrl,
    post,
    graphql,
    ok,
    /** The protocol by hand: `settled()` tells when what was subscribed to is live. */
    socket: (key: string) => rawSocket({ wsUrl }, `Bearer ${key}`),
    wsClient: (key: string): Client =>
      createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: authorization(key) }),
  };
}

export type ApiClient = ReturnType<typeof clientOf>;

export interface AppOptions {
  database: Database;
  clock?: TestClock;
  log?: Log;
  env?: Record<string, string>;
  /** The folder of a built workstation; none when left out, whatever was built here. */
  workstation?: string;
}

/** The whole product on this database, on a free port. Two of them on one database are two replicas. */
export async function startApp({
  database,
  clock = testClock(),
  log = silent,
  env = {},
  workstation,
}: AppOptions) {
  const config = readConfig({
    PORT: '0',
    DATA_DIR: IN_MEMORY,
    ADMIN_API_KEY: ADMIN_KEY,
    ENCRYPTION_KEYS,
    ...env,
  });
  const app = createApp({ config, clock, log, database, workstation });
  const { url, port, signInLink } = await app.start();
  return { ...clientOf(url), port, clock, signInLink, database, stop: () => app.stop() };
}

export type TestApp = Awaited<ReturnType<typeof startApp>>;
