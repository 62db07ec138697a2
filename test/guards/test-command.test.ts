import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { onPostgres } from '../support/database.ts';

const script = fileURLToPath(new URL('../../scripts/test.ts', import.meta.url));
/** The quickest test of all: what runs is not the subject here. */
const quick = 'test/kernel/test-clock.test.ts';

/** `npm test` with nothing in its environment but this, as on a machine of one's own. */
async function npmTest(file: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [script, file], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  // Two pipes have no order between them: what is said last is said on the first.
  let output = '';
  let faults = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (faults += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const lines = output.trimEnd().split('\n');
  return { code, output: output + faults, last: lines.at(-1)!, said: lines.at(-2)! };
}

test('runs on the embedded database alone, and says so (1.2)', { timeout: 120_000 }, async () => {
  const { code, output, last, said } = await npmTest(quick);
  expect(code, output).toBe(0);
  expect(said).toMatch(/^Ran on the embedded database only; TEST_DATABASE_URL names/);
  expect(last).toMatch(/^[1-9]\d* passed, 0 failed, 0 skipped$/);
});

test.runIf(onPostgres)(
  'runs on a PostgreSQL server too, where TEST_DATABASE_URL names one, and says so (1.2)',
  { timeout: 120_000 },
  async () => {
    const { code, output, said } = await npmTest(quick, {
      TEST_DATABASE_URL: process.env.TEST_DATABASE_URL!,
    });
    expect(code, output).toBe(0);
    expect(said).toBe('Ran on the embedded database and on PostgreSQL.');
  },
);

test('a run that is interrupted is no success, and counts nothing (1.2)', { timeout: 120_000 }, async () => {
  // In a group of its own, which a terminal's Ctrl-C goes to.
  const child = spawn(process.execPath, [script, quick], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    detached: true,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!output.includes('──') && (output + text).includes('──')) process.kill(-child.pid!, 'SIGINT');
    output += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, output).toBe(130);
  expect(output.trimEnd().split('\n').at(-1)).toBe(
    'Interrupted: not all tests ran, and those that did are not counted.',
  );
  expect(output).not.toMatch(/\d passed/);
});

test('a run that breaks off is no success (1.2)', { timeout: 120_000 }, async () => {
  const { code, last, said } = await npmTest('test/no/such.test.ts');
  expect(code).toBe(1);
  expect(said).toBe('A run broke off, or failed outside its tests.');
  expect(last).toBe('0 passed, 0 failed, 0 skipped');
});
