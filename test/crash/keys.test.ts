import { spawn } from 'node:child_process';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { onPostgres, silent } from '../support/database.ts';
import { makePlace } from '../support/place.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';

// A process takes seconds to start where others keep the machine busy.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
/** The environment of a server whose data is this test's own, without ENCRYPTION_KEYS. */
let env: Record<string, string>;
const servers: ServerProcess[] = [];
const undo: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  const place = await makePlace();
  undo.push(place.remove);
  ({ folder, env } = place);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()));
  for (const each of undo.splice(0).reverse()) await each();
});

function start(more: Record<string, string> = {}): ServerProcess {
  const server = spawnServer({ ...env, ...more });
  servers.push(server);
  return server;
}
async function kidsOf(server: ServerProcess): Promise<string[]> {
  const { url } = await server.ready();
  const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as {
    keys: { kid: string }[];
  };
  return keys.map(({ kid }) => kid);
}
/** The kids of a server that is started for that, and killed. */
async function kidsWith(more: Record<string, string> = {}): Promise<string[]> {
  const server = start(more);
  const kids = await kidsOf(server);
  await server.kill();
  return kids;
}
async function refusedWith(more: Record<string, string>): Promise<string> {
  const server = start(more);
  expect((await server.exited).code).toBe(1);
  expect(server.output()).not.toMatch(/ready|^ {4}at /m);
  return server.output();
}

/** All that is stored and that a start could change. */
async function everything(): Promise<unknown> {
  const [url, dataDirectory] = [env.DATABASE_URL ?? null, env.DATA_DIR!];
  const { prisma, close } = await openDatabase({ url, dataDirectory, clock: systemClock, log: silent });
  const [keys, apiKeys, users] = [prisma.signingKey, prisma.apiKey, prisma.user];
  const found = [await keys.findMany(), await apiKeys.findMany(), await users.findMany()];
  const log = [await prisma.event.findMany(), await prisma.unsealedEvent.findMany()];
  await close();
  return [...found, ...log];
}

const keyOf = (id: string, letter: string) => `${id}:${Buffer.alloc(32, letter).toString('base64')}`;
const keyFile = () => join(env.DATA_DIR!, 'encryption-keys');

test('behaviour 1.8, 1.9: keys that a first start made and was killed behind are found by the next, and printed nowhere', async () => {
  const first = start();
  const kids = await kidsOf(first);
  await first.kill();
  expect(kids).toHaveLength(1);
  expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
  const [id, key] = (await readFile(keyFile(), 'utf8')).trim().split(':');
  for (const text of [id!, key!]) expect(first.output()).not.toContain(text);
  expect(first.output().includes('every replica must share this file')).toBe(onPostgres);

  expect(await kidsWith()).toEqual(kids);
  expect(await kidsWith({ ENCRYPTION_KEYS: `${keyOf('new', 'n')},${id}:${key}` })).toEqual(kids);

  const before = await everything();
  await rm(keyFile());
  expect(await refusedWith({})).toContain(`"${id}"`);
  expect(await readdir(env.DATA_DIR!)).not.toContain('encryption-keys');
  expect(await everything()).toEqual(before);
});

test('behaviour 1.9: a wrong or missing encryption key refuses to start, names its id, and leaves the data as it was', async () => {
  const good = { ENCRYPTION_KEYS: keyOf('one', '1'), ADMIN_API_KEY: 'admin-key-of-the-test' };
  const kids = await kidsWith(good);
  // What the killed server left unsealed is sealed by the next one: nothing must be, by one that refuses.
  const before = await everything();
  for (const keys of [keyOf('one', '2'), keyOf('two', '1'), `${keyOf('two', '2')},${keyOf('one', '3')}`]) {
    const output = await refusedWith({ ENCRYPTION_KEYS: keys, ADMIN_API_KEY: 'another-key-of-the-test' });
    expect(output).toContain('"one"');
    expect(output).toContain(kids[0]);
    for (const letter of '123') expect(output).not.toContain(keyOf('', letter).slice(1));
  }
  expect(await everything()).toEqual(before);
  expect(await kidsWith({ ...good, ENCRYPTION_KEYS: `${keyOf('two', '2')},${keyOf('one', '1')}` })).toEqual(
    kids,
  );
});

test.runIf(onPostgres)(
  'two processes that start at once on one database publish one and the same key',
  async () => {
    const more = { ENCRYPTION_KEYS: keyOf('one', '1'), ADMIN_API_KEY: 'admin-key-of-the-test' };
    const [one, two] = await Promise.all([start(more), start(more)].map(kidsOf));
    expect(one).toHaveLength(1);
    expect(two).toEqual(one);
  },
);

test.runIf(onPostgres)(
  'behaviour 1.9: production on a server refuses to start without ENCRYPTION_KEYS, and says so',
  async () => {
    expect(await refusedWith({ NODE_ENV: 'production' })).toContain(
      'ENCRYPTION_KEYS is required in production',
    );
    expect(await readdir(folder)).toEqual([]);
  },
);

test('npm run keys:rotate-signing publishes a successor; with --at-once it takes the old keys’ place', async () => {
  const rotate = async (...args: string[]) => {
    const options = { stdio: 'pipe', env: { PATH: process.env.PATH, ...env } } as const;
    const child = spawn(process.execPath, ['scripts/rotate-signing-keys.ts', ...args], options);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, output };
  };
  const [old] = await kidsWith();
  expect((await rotate()).output).toMatch(/signs from .*; withdrawn: none/);
  expect(await rotate()).toMatchObject({ code: 0, output: expect.stringMatching(/on its way already/) });
  const kids = await kidsWith();
  expect([kids.length, kids[0]]).toEqual([2, old]);
  expect((await rotate('--at-once')).output).toContain(`withdrawn: ${kids.join(', ')}`);
  const after = await kidsWith();
  expect(after).toHaveLength(1);
  expect(kids).not.toContain(after[0]);
  expect((await rotate('--nonsense')).code).toBe(1);
});
