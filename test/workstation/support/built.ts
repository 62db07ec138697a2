import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The app as it is built from what stands here, kept under what it was built from. */
export async function builtApp(): Promise<string> {
  const sources = join(root, 'src/workstation');
  const files = (await readdir(sources, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const digest = createHash('sha256');
  const others = [
    'vite.config.ts',
    'package-lock.json',
    'docs/supervision.schema.json',
    'test/workstation/support/built.ts',
  ];
  for (const file of [...files, ...others.map((name) => join(root, name))])
    digest.update(file.slice(root.length)).update(await readFile(file));
  const folder = join(
    root,
    'node_modules/.cache/holdpoint',
    `workstation-${digest.digest('hex').slice(0, 16)}`,
  );
  if (await stat(folder).catch(() => null)) return folder;
  const making = `${folder}.${process.pid}`;
  // In a process of its own: what a test runner's NODE_ENV makes of React is not what ships.
  const command = [
    join(root, 'node_modules/vite/bin/vite.js'),
    'build',
    '--outDir',
    making,
    '--logLevel',
    'error',
  ];
  await promisify(execFile)(process.execPath, command, {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
  });
  // Another worker may have been quicker: either is the same.
  await rename(making, folder).catch(() => rm(making, { recursive: true, force: true }));
  return folder;
}
