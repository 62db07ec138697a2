import { afterEach, expect, test } from 'vitest';
import { createStopWatch } from '../../src/emergency/watch.ts';
import { systemClock as clock } from '../../src/kernel/clock.ts';
import { silent } from '../support/database.ts';
import { openHouse } from '../support/house.ts';
import { makePlace } from '../support/place.ts';
import { startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

test('behaviour 7.1: kill -9 between a report that must stop the project and the stop; the next leader stops it', async () => {
  const place = await makePlace();
  undo.push(place.remove);
  const where = place.env['DATABASE_URL'] ?? place.env['DATA_DIR']!;
  const doomed = startProcess(new URL('./processes/signal.ts', import.meta.url), [where]);
  undo.push(() => doomed.kill());
  await doomed.wrote('committed project_');
  const projectId = /committed (project_\w+)/.exec(doomed.output())![1]!;
  await doomed.kill();

  const database = await place.open();
  undo.push(() => database.close());
  const { prisma } = database;
  expect((await prisma.project.findUniqueOrThrow({ where: { id: projectId } })).stopId).toBeNull();
  const watch = createStopWatch({
    database,
    clock,
    log: silent,
    stops: openHouse(database, clock).deps.stops,
  });
  watch.start();
  undo.push(() => watch.stop());
  await until('the project to be stopped', async () => {
    const { stopId } = await prisma.project.findUniqueOrThrow({ where: { id: projectId } });
    return stopId !== null;
  });
  expect(await prisma.emergencyStop.findMany()).toMatchObject([
    { triggeredConditions: ['RESOURCE_EXHAUSTION'] },
  ]);
  expect(await prisma.session.findMany()).toMatchObject([{ status: 'HALTED' }]);
  expect(await prisma.stopSignal.count()).toBe(0);
});
