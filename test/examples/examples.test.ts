import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { onPostgres } from '../support/database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = fileURLToPath(new URL('../../scripts/examples.ts', import.meta.url));

async function run(...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: 'pipe' });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += String(text)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out };
}

/** What a program of these that is not on this machine would be called; they come with every other. */
const needs: Record<string, string> = { python: 'python3', shell: 'curl' };
const lacks = (name: string): boolean =>
  needs[name] !== undefined && spawnSync(needs[name], ['--version']).error !== undefined;

// They bring a database of their own, in memory.
describe.runIf(!onPostgres)('examples', () => {
  const names = readdirSync(`${root}/examples`).sort();

  test('are all there are', async () => {
    const { out } = await run('--list');
    expect(out.trim().split('\n').sort()).toEqual(names);
  });

  /** What each said. Those whose program is not here are left out, with a word. */
  async function outputs(...flags: string[]): Promise<Map<string, string>> {
    const here = names.filter((name) => !lacks(name));
    for (const name of names)
      if (!here.includes(name))
        console.log(`skipped: ${name} needs ${needs[name]}, which is not on this machine`);
    const { out } = await run(...here, ...flags);
    const said = new Map(
      out
        .split(/^── /m)
        .slice(1)
        .map((part) => part.split(' ──\n', 2) as [string, string]),
    );
    expect([...said.keys()].sort(), out).toEqual(here);
    return said;
  }

  test('run what is approved', { timeout: 120_000 }, async () => {
    for (const [name, out] of await outputs()) {
      expect(out, name).toContain('a person is asked');
      expect(out, name).toMatch(/deleted logs\/2019/);
    }
  });

  test('ask anew each time that they are run', { timeout: 120_000 }, async () => {
    const here = ['python', 'shell'].filter((name) => !lacks(name)).flatMap((name) => [name, name]);
    const { code, out } = await run(...here);
    expect(code, out).toBe(0);
    expect(out.match(/deleted logs\/2019/g), out).toHaveLength(here.length);
  });

  test('do not run what is rejected', { timeout: 120_000 }, async () => {
    for (const [name, out] of await outputs('--reject')) {
      expect(out, name).toContain('a person is asked');
      expect(out, name).not.toMatch(/deleted logs/);
      expect(out, name).toMatch(/not allowed|left logs\/2019 alone|not approved|rejected/i);
    }
  });
});
