// npm test [-- <file or vitest option> …]: the suite on the embedded database, and where TEST_DATABASE_URL names a
// PostgreSQL server, on that too. The last line counts the tests of all runs.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  ok: boolean;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

async function run(database: 'embedded' | 'postgres', report: string): Promise<Counts> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TEST_DATABASE: database },
  });
  const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  const text = await readFile(report, 'utf8').catch(() => null);
  if (text === null) return { passed: 0, failed: 0, skipped: 0, ok: false };
  const result = JSON.parse(text) as Record<string, number>;
  return {
    passed: result.numPassedTests ?? 0,
    failed: result.numFailedTests ?? 0,
    skipped: (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0),
    ok: code === 0,
  };
}

const directory = await mkdtemp(join(tmpdir(), 'holdpoint-test-'));
const databases = process.env.TEST_DATABASE_URL ? (['embedded', 'postgres'] as const) : (['embedded'] as const);
const counts: Counts[] = [];
for (const database of databases) {
  console.log(`\n── on the ${database === 'embedded' ? 'embedded database' : 'PostgreSQL server of TEST_DATABASE_URL'} ──`);
  counts.push(await run(database, join(directory, `${database}.json`)));
}
await rm(directory, { recursive: true });

const sum = (key: 'passed' | 'failed' | 'skipped') => counts.reduce((total, each) => total + each[key], 0);
console.log(
  databases.length === 2
    ? '\nRan on the embedded database and on PostgreSQL.'
    : '\nRan on the embedded database only; TEST_DATABASE_URL names a PostgreSQL server to run on too.',
);
if (counts.some(({ ok, failed }) => !ok && failed === 0)) console.log('A run broke off, or failed outside its tests.');
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = counts.every(({ ok }) => ok) ? 0 : 1;
