import { spawn } from 'node:child_process';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { onPostgres, silent } from '../support/database.ts';
import { makePlace } from '../support/place.ts';
import { append, event, ids, sealAll } from './support.ts';

// A process takes seconds to start where others keep the machine busy.
vi.setConfig({ testTimeout: 120_000 });

let env: Record<string, string>;
let database: Database;
const undo: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  const place = await makePlace();
  undo.push(place.remove);
  env = place.env;
  const { DATABASE_URL: url = null, DATA_DIR: dataDirectory = '' } = env;
  database = await openDatabase({ url, dataDirectory, clock: systemClock, log: silent });
});
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

async function run(...args: string[]) {
  const child = spawn(process.execPath, ['scripts/audit-export.ts', ...args], {
    env: { PATH: process.env.PATH, ...env },
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (errors += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, errors, lines: output.split('\n').filter(Boolean) };
}
const nth = (lines: string[]) => lines.map((line) => (JSON.parse(line) as { data: { n: number } }).data.n);

test('npm run audit:export prints the log, all of it or a part, and names what it cannot read in its call (8.2, 9.2)', async () => {
  const [projectA, projectB] = [ids.next('project'), ids.next('project')];
  const at = (n: number) => new Date(Date.UTC(2026, 2, 1) + n * 60_000);
  await append(
    database,
    Array.from({ length: 1500 }, (_, n) =>
      event({ projectId: n % 2 ? projectA : projectB, occurredAt: at(n), data: { n, text: '"ü\n' } }),
    ),
  );
  await sealAll(database);
  if (onPostgres) undo.push(() => database.close());
  else {
    expect(await run()).toMatchObject({
      code: 2,
      errors: expect.stringContaining('stop the server'),
      lines: [],
    });
    await database.close();
  }
  const all = await run();
  expect(all).toMatchObject({ code: 0, errors: '' });
  expect(nth(all.lines)).toEqual(Array.from({ length: 1500 }, (_, n) => n));
  expect(JSON.parse(all.lines[2]!)).toMatchObject({
    type: 'session_created',
    projectId: projectB,
    actor: { kind: 'SYSTEM' },
    data: { n: 2, text: '"ü\n' },
    previousHash: (JSON.parse(all.lines[0]!) as { hash: string }).hash,
  });
  const part = await run('--project', projectA, '--from', at(10).toISOString(), '--to', at(15).toISOString());
  expect(nth(part.lines)).toEqual([11, 13]);
  for (const [args, message] of [
    [['--team', projectA], "--team is no team's id"],
    [['--from', 'yesterday'], '--from is no ISO 8601 time'],
    [['--nothing'], 'Usage: npm run'],
  ] as const)
    expect(await run(...args)).toMatchObject({
      code: 2,
      lines: [],
      errors: expect.stringContaining(message),
    });
});
