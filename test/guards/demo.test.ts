import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));

async function demo(...flags: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [script, ...flags], {
    env: { PATH: process.env.PATH, DATA_DIR: '/none' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

test('the demo says how it is used where it is asked, and where it cannot be done as asked', async () => {
  const told = await Promise.all([
    demo('--help'),
    demo('play'),
    demo('--scene', 'none'),
    demo('--speed', '2'),
  ]);
  expect(told.map(({ code }) => code)).toEqual([0, 1, 1, 1]);
  for (const { output } of told) {
    expect(output).toContain('--url <address>');
    expect(output).not.toMatch(/^ {4}at /m);
  }
});

test('what the demo cannot reach or use is told in one line', async () => {
  const told = await Promise.all([
    demo('--url', 'nonsense', '--key', 'k'),
    demo(),
    demo('--url', 'http://127.0.0.1:1', '--key', 'k'),
  ]);
  expect(told.map(({ code }) => code)).toEqual([1, 1, 1]);
  const last = told.map(({ output }) => output.trim().split('\n').at(-1)!);
  expect(last[0]).toMatch(/^"nonsense" is not the address/);
  expect(last[1]).toMatch(/^An ADMIN key is needed/);
  expect(last[2]).toMatch(/^No server answers at http:\/\/127\.0\.0\.1:1;/);
  for (const { output } of told) expect(output).not.toMatch(/^ {4}at /m);
});
