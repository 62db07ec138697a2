import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createScriptedRunner } from '../../src/runners/scripted/runner.ts';
import { openHouse } from '../runners/house.ts';
import { onPostgres, openTestDatabase, silent } from '../support/database.ts';
import { startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';

const program = new URL('./processes/worker.ts', import.meta.url);
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Where both processes keep the state: a database of the server, or a data folder that one has after the other. */
async function place(): Promise<string> {
  if (onPostgres) {
    const database = await openTestDatabase();
    undo.push(() => database.close());
    return database.url!;
  }
  const directory = await mkdtemp(join(tmpdir(), 'holdpoint-crash-'));
  undo.push(() => rm(directory, { recursive: true }));
  return directory;
}

test('behaviour 1.8: kill -9 in the middle of a turn; another process does it again within seconds, and nothing twice', async () => {
  const where = await place();
  const doomed = startProcess(program, [where, 'hang']);
  undo.push(() => doomed.kill());
  await doomed.wrote('asked session_');
  const sessionId = /asked (session_\w+)/.exec(doomed.output())![1]!;
  doomed.tell('carry on');
  await doomed.wrote('mid-turn');
  await doomed.kill();

  const database = await openDatabase({
    url: onPostgres ? where : null,
    dataDirectory: where,
    clock: systemClock,
    log: silent,
  });
  undo.push(() => database.close());
  const house = await openHouse({ database, clock: systemClock, runners: [createScriptedRunner()] });
  undo.push(() => house.close());
  await house.worker.start();
  const { prisma } = database;
  await until('the session to be completed', async () => {
    const { status } = await prisma.session.findUniqueOrThrow({ where: { id: sessionId } });
    return status === 'COMPLETED';
  });
  expect((await prisma.session.findUniqueOrThrow({ where: { id: sessionId } })).result).toBe('carry on');
  expect(await prisma.conversationTurn.findMany({ where: { sessionId } })).toMatchObject([
    { response: 'carry on' },
  ]);
  expect(await prisma.intervention.findMany({ where: { sessionId } })).toMatchObject([
    { delivery: 'DELIVERED' },
  ]);
});
