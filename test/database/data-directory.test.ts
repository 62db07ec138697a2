import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataDirectoryInUse, takeDataDirectory } from '../../src/database/data-directory.ts';
import { startProcess } from '../support/process.ts';
import type { TestProcess } from '../support/process.ts';

const program = new URL('./processes/take.ts', import.meta.url);
let parent: string;
let folder: string;
let processes: TestProcess[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'holdpoint-folder-'));
  folder = join(parent, 'data');
  processes = [];
});
afterEach(async () => {
  await Promise.all(processes.map((each) => each.kill()));
  await rm(parent, { recursive: true });
});

async function start(): Promise<TestProcess> {
  const started = startProcess(program, [folder]);
  processes.push(started);
  await started.wrote('waiting');
  return started;
}

describe('one process per data folder', () => {
  test('the folder is made for its owner alone', async () => {
    const taken = await takeDataDirectory(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await taken.release();
  });

  test('behaviour 1.6: a second process refuses and names the first', async () => {
    const taken = await takeDataDirectory(folder);
    const second = await start();
    second.tell('go');
    await second.wrote(`is in use by process ${process.pid};`);
    expect(await second.exited).toBe(1);
    await taken.release();
  });

  test('behaviour 1.6: the same process refuses too, and keeps what it has', async () => {
    const taken = await takeDataDirectory(folder);
    await expect(takeDataDirectory(folder)).rejects.toThrow(DataDirectoryInUse);
    await expect(takeDataDirectory(folder)).rejects.toMatchObject({ pid: process.pid });
    await taken.release();
  });

  test('a released folder is free again', async () => {
    await (await takeDataDirectory(folder)).release();
    await (await takeDataDirectory(folder)).release();
    expect((await readdir(folder)).length).toBe(1);
  });

  test('behaviour 1.6: the lock of a killed process is taken over', async () => {
    const killed = await start();
    killed.tell('go');
    await killed.wrote('taken');
    await expect(takeDataDirectory(folder)).rejects.toMatchObject({ pid: killed.pid });
    await killed.kill();
    await (await takeDataDirectory(folder)).release();
  });

  test('behaviour 1.6: a lock whose pid is another process by now is taken over', async () => {
    await (await takeDataDirectory(folder)).release();
    const lock = join(folder, (await readdir(folder))[0]!);
    await writeFile(lock, JSON.stringify({ pid: process.pid, started: 'at another time' }));
    const taken = await takeDataDirectory(folder);
    expect(taken.path).toBe(folder);
    await taken.release();
  });

  test('of several starting at once over a dead lock one wins, and the others name it', async () => {
    const killed = await start();
    killed.tell('go');
    await killed.wrote('taken');
    await killed.kill();

    const contenders = await Promise.all(Array.from({ length: 6 }, start));
    for (const each of contenders) each.tell('go');
    await Promise.all(contenders.map((each) => Promise.race([each.wrote('taken'), each.wrote('refused')])));

    const winners = contenders.filter((each) => each.output().includes('taken'));
    expect(winners.length).toBe(1);
    for (const each of contenders.filter((other) => other !== winners[0])) {
      expect(each.output()).toContain(`in use by process ${winners[0]!.pid};`);
    }
  });

  test('callers within one process contend alike: one holds, whatever the timing', async () => {
    for (let round = 0; round < 20; round++) {
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => takeDataDirectory(folder)));
      const taken = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(taken.length).toBe(1);
      await taken[0]!.release();
    }
  });
});
