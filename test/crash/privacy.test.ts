import { spawn } from 'node:child_process';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onPostgres } from '../support/database.ts';
import { makePlace } from '../support/place.ts';
import { spawnServer } from '../support/server-process.ts';
import { makeKey, makeProject } from '../support/world.ts';

// A process takes seconds to start where others keep the machine busy.
vi.setConfig({ testTimeout: 120_000 });

const ADMIN = 'admin-key-of-the-test';
let env: Record<string, string>;
const undo: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  const place = await makePlace();
  undo.push(place.remove);
  env = { ...place.env, ADMIN_API_KEY: ADMIN };
});
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

async function run(script: string, ...args: string[]) {
  const options = { stdio: 'pipe', env: { PATH: process.env.PATH, ...env } } as const;
  const child = spawn(process.execPath, [`scripts/${script}.ts`, ...args], options);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

test('behaviour 8.8, 9.2: npm run privacy exports and erases a person, and audit:verify finds the log whole', async () => {
  const server = spawnServer(env);
  undo.push(() => server.kill());
  const api = await server.ready();
  const world = await makeProject(api, ADMIN, 'erased');
  const { id: keyId, secret } = await makeKey(api, ADMIN, 'OPERATOR', world.id, 'Gundula Rabenhorst');
  const asked = await world.ask();
  await api.ok(
    secret,
    'mutation($id: ID!) { resolveIntervention(id: $id, resolution: {resolutionType: REJECT, reasoning: "by gundula"}) { success errors { message } } }',
    { id: asked },
  );
  await api.ok(
    world.keys.AGENT,
    'mutation($id: ID!) { acknowledgeResponse(interventionId: $id) { success errors { message } } }',
    { id: asked },
  );
  const { viewer } = await api.ok(secret, '{ viewer { actor { id } } }');
  const userId = viewer.actor.id as string;
  // A PostgreSQL server serves on; the embedded database has room for one process.
  const aside = async () => void (onPostgres || (await server.kill('SIGTERM')));
  if (onPostgres)
    expect((await run('privacy', 'erase', userId)).output).toContain('revoke their 1 API keys first');
  await api.ok(ADMIN, 'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { message } } }', {
    id: keyId,
  });
  await aside();
  const exported = await run('privacy', 'export', userId);
  expect(exported.code, exported.output).toBe(0);
  const records = exported.output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string });
  expect(records.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['person', 'api_key', 'intervention_answered']),
  );
  expect(exported.output).toContain('by gundula');
  const erased = await run('privacy', 'erase', userId);
  expect(erased.code, erased.output).toBe(0);
  const after = await run('privacy', 'export', userId);
  expect(after.output).not.toMatch(/gundula/i);
  const verified = await run('audit-verify');
  expect(verified.code, verified.output).toBe(0);
  expect((await run('privacy', 'export', 'user_nobody')).output).toContain('there is no such person');
});
