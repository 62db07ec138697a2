import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';

const folders: string[] = [];
let root: string;
const at = (path: string) => join(root, path);
const write = (path: string, text: string) => {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), text);
};
/** Builds by writing what it was built from; fails where the source says so. */
const BUILD = `import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
const source = readFileSync('src/workstation/main.ts', 'utf8');
if (source === 'bad') { console.error('there is a fault'); process.exit(1); }
rmSync('dist/workstation', { recursive: true, force: true });
mkdirSync('dist/workstation', { recursive: true });
writeFileSync('dist/workstation/index.html', source);
`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdpoint-build-'));
  folders.push(root);
  write(
    'package.json',
    JSON.stringify({ type: 'module', scripts: { 'build:workstation': 'node build.js' } }),
  );
  write('build.js', BUILD);
  write('src/workstation/main.ts', 'one');
  cpSync('scripts/build-workstation.ts', at('scripts/build-workstation.ts'));
  cpSync('scripts/workstation', at('scripts/workstation'), { recursive: true });
});
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

const run = () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('scripts/build-workstation.ts')], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
};
const served = () => readFileSync(at('dist/workstation/index.html'), 'utf8');

describe('before npm start (behaviour 1.13)', () => {
  test('the workstation is built where it was not, and not again', () => {
    expect(run()).toEqual({ status: 0, output: 'Building the workstation, which has not been built …\n' });
    expect(served()).toBe('one');
    // What changes times alone, as a checkout does, changes nothing.
    utimesSync(at('src/workstation/main.ts'), new Date(), new Date(2_000_000_000_000));
    expect(run()).toEqual({ status: 0, output: '' });
  });

  test.each([
    'src/workstation/main.ts',
    'src/workstation/pages/new.tsx',
    'package-lock.json',
    'schema.graphql',
  ])('it is built anew where %s is another one', (path) => {
    run();
    write(path, 'two');
    const line = 'Building the workstation, which was built from other sources …\n';
    expect(run()).toEqual({ status: 0, output: line });
    expect(run()).toEqual({ status: 0, output: '' });
  });

  test('a build that fails is told, and keeps no start from its way', () => {
    run();
    write('src/workstation/main.ts', 'bad');
    for (let times = 0; times < 2; times++) {
      const { status, output } = run();
      expect(status).toBe(0);
      expect(output).toContain('could not be built; the build before it is served.\nthere is a fault');
      expect(served()).toBe('one');
    }
    rmSync(at('dist'), { recursive: true });
    expect(run().output).toContain('could not be built; there is none to be served.');
  });

  test('a build without sources is left as it is', () => {
    run();
    rmSync(at('src'), { recursive: true });
    expect(run()).toEqual({ status: 0, output: '' });
    expect(existsSync(at('dist/workstation/index.html'))).toBe(true);
  });
});
