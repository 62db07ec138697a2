import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from '../../src/kernel/folder.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'holdpoint-make-'));
});
afterEach(() => rm(parent, { recursive: true }));

test('makes what is missing, for its owner alone, and leaves what is there', async () => {
  const folder = join(parent, 'a/b/c');
  await Promise.all([makeFolder(folder), makeFolder(folder)]);
  for (const each of ['a', 'a/b', 'a/b/c']) expect((await stat(join(parent, each))).mode & 0o777).toBe(0o700);
  await makeFolder(parent);
});

test('what can not be made is refused with the system’s error', async () => {
  await writeFile(join(parent, 'file'), '');
  await expect(makeFolder(join(parent, 'file/below'))).rejects.toMatchObject({
    code: 'ENOTDIR',
    syscall: 'mkdir',
  });
});

test.runIf(process.platform === 'linux')('a folder above that takes none ends it, too', async () => {
  await expect(makeFolder('/proc/nope/data')).rejects.toMatchObject({ code: 'ENOENT', syscall: 'mkdir' });
});
