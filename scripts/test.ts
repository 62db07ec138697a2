// npm test [-- <file or vitest option> …]: the suite on the embedded database, and where TEST_DATABASE_URL names a
// PostgreSQL server, on that too. The last line counts the tests of all runs, or says that there are no counts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Run {
  /** Null where it left no report: it was interrupted, or never came to its tests. */
  counts: { passed: number; failed: number; skipped: number } | null;
  /** The names of the tests that failed, and of the files that could not be run. */
  failures: string[];
  ok: boolean;
}

/** What of the test runner's report is read. */
interface Report {
  numPassedTests?: number;
  numFailedTests?: number;
  numPendingTests?: number;
  numTodoTests?: number;
  testResults?: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
}

const root = fileURLToPath(new URL('..', import.meta.url));
/** What a shell says of a process that SIGINT ended. */
const INTERRUPTED = 130;
const compiled = join(root, 'node_modules/.cache/holdpoint/compiled');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

/** Somebody ended it, with Ctrl-C or a signal to this process or to the test runner. */
let interrupted = false;
let child: ChildProcess | null = null;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    interrupted = true;
    child?.kill(signal);
  });

async function run(database: 'embedded' | 'postgres', report: string): Promise<Run> {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    // What is compiled once is kept for the hundreds of processes that need the same.
    env: { NODE_COMPILE_CACHE: compiled, ...process.env, TEST_DATABASE: database },
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  interrupted ||= signal !== null || code === INTERRUPTED;
  // What an interrupted run reports is what it had come to, not what there is.
  const text = interrupted ? null : await readFile(report, 'utf8').catch(() => null);
  if (text === null) return { counts: null, failures: [], ok: false };
  const result = JSON.parse(text) as Report;
  const counts = {
    passed: result.numPassedTests ?? 0,
    failed: result.numFailedTests ?? 0,
    skipped: (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0),
  };
  return { counts, failures: failuresOf(result).map((name) => `${database}: ${name}`), ok: code === 0 };
}

function failuresOf({ testResults = [] }: Report): string[] {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((each) => each.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [file] : [];
    return failed.map(({ fullName }) => `${file}: ${fullName}`);
  });
}

const directory = await mkdtemp(join(tmpdir(), 'holdpoint-test-'));
const databases = process.env.TEST_DATABASE_URL
  ? (['embedded', 'postgres'] as const)
  : (['embedded'] as const);
const runs: Run[] = [];
for (const database of databases) {
  console.log(
    `\n── on the ${database === 'embedded' ? 'embedded database' : 'PostgreSQL server of TEST_DATABASE_URL'} ──`,
  );
  runs.push(await run(database, join(directory, `${database}.json`)));
  if (interrupted) break;
}
await rm(directory, { recursive: true });

const all = runs.flatMap(({ counts }) => counts ?? []);
const sum = (key: 'passed' | 'failed' | 'skipped') => all.reduce((total, each) => total + each[key], 0);
if (interrupted) {
  console.log('\nInterrupted: not all tests ran, and those that did are not counted.');
  process.exitCode = INTERRUPTED;
} else {
  console.log(
    databases.length === 2
      ? '\nRan on the embedded database and on PostgreSQL.'
      : '\nRan on the embedded database only; TEST_DATABASE_URL names a PostgreSQL server to run on too.',
  );
  // Once more, where they are seen: between them and the runner's own account thousands of lines may stand.
  for (const failure of runs.flatMap(({ failures }) => failures)) console.log(`FAILED ${failure}`);
  if (runs.some(({ ok, counts }) => !ok && (counts === null || counts.failed === 0)))
    console.log('A run broke off, or failed outside its tests.');
  console.log(
    all.length === runs.length
      ? `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`
      : 'There are no counts of a run that left no report.',
  );
  process.exitCode = runs.every(({ ok }) => ok) ? 0 : 1;
}
