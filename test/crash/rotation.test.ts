import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { readKeyFile } from '../../src/secrets/key-file.ts';
import { createKeyRing } from '../../src/secrets/key-ring.ts';
import { createVault, type Kept } from '../../src/secrets/vault.ts';
import { onPostgres, silent } from '../support/database.ts';
import { makePlace } from '../support/place.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';

// A process takes seconds to start where others keep the machine busy.
vi.setConfig({ testTimeout: 180_000 });

const ADMIN = 'admin-key-of-the-test';
const SECRET = `whsec_${Buffer.alloc(32, 's').toString('base64')}`;
const supervision = (secret: string, name = 'intervention_required') => `human_supervision:
  notifications:
    channels:
      - {type: webhook, webhook_url: "https://hooks.example.com/x", secret: "${secret}", events: [${name}]}
`;

let env: Record<string, string>;
const servers: ServerProcess[] = [];
const undo: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  const place = await makePlace();
  undo.push(place.remove);
  env = { ...place.env, ADMIN_API_KEY: ADMIN };
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

/** The command, ended by kill -9 once it has said `until`. */
async function rotate(until?: string, more: Record<string, string> = {}) {
  const options = { stdio: 'pipe', env: { PATH: process.env.PATH, ...env, ...more } } as const;
  const child = spawn(process.execPath, ['scripts/rotate-keys.ts'], options);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
      if (until !== undefined && output.includes(until)) child.kill('SIGKILL');
    });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

const keyFile = () => join(env.DATA_DIR!, 'encryption-keys');
const keyIds = async () => (await readKeyFile(keyFile()))!.map(({ id }) => id);

async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const [url, dataDirectory] = [env.DATABASE_URL ?? null, env.DATA_DIR!];
  const database = await openDatabase({ url, dataDirectory, clock: systemClock, log: silent });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Values of the project as a server with the keys in the file would have left them. */
const seed = (projectId: string, count: number): Promise<Kept[]> =>
  withDatabase(async (database) => {
    const ids = createIds(systemClock);
    const keyRing = createKeyRing((await readKeyFile(keyFile()))!);
    const vault = createVault({ database, clock: systemClock, ids, keyRing });
    const values = Array.from({ length: count }, (_, at) => ({
      id: ids.next('sealed'),
      projectId,
      sessionId: null,
      saidById: null,
      value: `value ${at}`,
    }));
    await vault.keepAhead(values);
    return values;
  });

/** All of them, read with the first key in the file alone. */
const expectReadable = (projectId: string, values: readonly Kept[]) =>
  withDatabase(async (database) => {
    const ids = createIds(systemClock);
    const keyRing = createKeyRing((await readKeyFile(keyFile()))!.slice(0, 1));
    const vault = createVault({ database, clock: systemClock, ids, keyRing });
    const opened = await vault.open(
      database.prisma,
      projectId,
      values.map(({ id }) => id),
    );
    expect(values.map(({ id }) => opened.get(id))).toEqual(values.map(({ value }) => value));
  });

async function makeTeam(server: ServerProcess) {
  const api = await server.ready();
  const made = await api.ok(
    ADMIN,
    'mutation { createProject(input: {name: "p"}) { success errors { message } project { id } } }',
  );
  const projectId = made.createProject.project.id as string;
  const team = await api.ok(
    ADMIN,
    'mutation($input: CreateTeamInput!) { createTeam(input: $input) { success errors { message } team { id } } }',
    { input: { projectId, name: 't', supervision: supervision(SECRET) } },
  );
  return { api, projectId, teamId: team.createTeam.team.id as string };
}

/** Sends the configuration back as it is shown, with another name in it: the mask must still stand for the secret. */
async function sendBack(server: ServerProcess, teamId: string, name: string) {
  const api = await server.ready();
  const {
    team: { supervision: shown },
  } = await api.ok(ADMIN, 'query($id: ID!) { team(id: $id) { supervision } }', { id: teamId });
  expect(shown).toMatch(/\*{8}\(\d+\.2\)/);
  await api.ok(
    ADMIN,
    'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
    { id: teamId, yaml: (shown as string).replace(/events: \[\w+\]/, `events: [${name}]`) },
  );
}

test.runIf(onPostgres)(
  'behaviour 8.8: a rotation that is killed is gone on with by the next, while a server serves; nothing is lost',
  async () => {
    const server = start();
    const { projectId, teamId } = await makeTeam(server);
    const values = await seed(projectId, 1_500);
    const [old] = await keyIds();
    const killed = await rotate('values encrypted anew …');
    expect(killed.code).toBeNull();
    const [first] = await keyIds();
    expect(await keyIds()).toEqual([first, old]);
    const dataKeys = await withDatabase(({ prisma }) =>
      prisma.sealedValue.groupBy({ by: ['dataKeyId'], _count: true }),
    );
    expect(dataKeys).toHaveLength(2);
    // The server was started before the key was made: it reads and writes all the same.
    await sendBack(server, teamId, 'intervention_resolved');
    const again = await rotate();
    expect(again, again.output).toMatchObject({ code: 0 });
    expect(again.output).not.toContain('stands first');
    expect(again.output).toContain(`everything is encrypted with ${first}; no longer needed here: ${old}`);
    await sendBack(server, teamId, 'intervention_required');
    await server.kill();

    const lines = (await readFile(keyFile(), 'utf8')).trim().split(',');
    await writeFile(keyFile(), lines[1]!);
    const refused = start();
    expect((await refused.exited).code).toBe(1);
    expect(refused.output()).toContain(`lacks the key "${first}"`);
    await writeFile(keyFile(), lines[0]!);
    await expectReadable(projectId, values);
    await sendBack(start(), teamId, 'intervention_resolved');
  },
);

test('behaviour 8.8: secrets of configurations are nowhere in plain text, and a rotation with the server stopped ends with one new key', async () => {
  const server = start();
  const { projectId, teamId } = await makeTeam(server);
  await server.kill('SIGTERM');
  const values = await seed(projectId, 10);
  const stored = await withDatabase(async ({ prisma }) =>
    JSON.stringify(
      [
        await prisma.supervisionConfiguration.findMany(),
        await prisma.sealedValue.findMany(),
        await prisma.event.findMany({ omit: { position: true } }),
        await prisma.idempotencyKey.findMany(),
      ],
      null,
      0,
    ),
  );
  expect(stored).not.toContain(SECRET.slice(6));
  expect(stored).not.toContain('hooks.example.com/x');
  const [old] = await keyIds();
  const { code, output } = await rotate();
  expect(code, output).toBe(0);
  const lines = (await readFile(keyFile(), 'utf8')).trim().split(',');
  expect(lines).toHaveLength(2);
  expect(output).toContain(`no longer needed here: ${old}`);
  await writeFile(keyFile(), lines[0]!);
  await expectReadable(projectId, values);
  await sendBack(start(), teamId, 'intervention_resolved');
});

test('behaviour 8.8: with ENCRYPTION_KEYS a new key is printed and nothing is changed, until it is configured first', async () => {
  const keyOf = (id: string, letter: string) => `${id}:${Buffer.alloc(32, letter).toString('base64')}`;
  const one = { ENCRYPTION_KEYS: keyOf('one', '1') };
  const both = { ENCRYPTION_KEYS: `${keyOf('two', '2')},${keyOf('one', '1')}` };
  const server = start(one);
  const { teamId } = await makeTeam(server);
  await server.kill('SIGTERM');
  const told = await rotate(undefined, one);
  expect(told.code, told.output).toBe(3);
  expect(told.output).toMatch(/^ {2}made-[0-9a-f]{8}:[A-Za-z0-9+/]{43}=$/m);
  const done = await rotate(undefined, both);
  expect(done.code, done.output).toBe(0);
  expect(done.output).toContain('everything is encrypted with two; no longer needed here: one');
  const refused = start(one);
  expect((await refused.exited).code).toBe(1);
  expect(refused.output()).toContain('lacks the key "two"');
  await sendBack(start({ ENCRYPTION_KEYS: keyOf('two', '2') }), teamId, 'intervention_resolved');
});
