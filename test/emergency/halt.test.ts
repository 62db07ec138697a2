import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { liftStop } from '../../src/emergency/lift.ts';
import { createStopWatch } from '../../src/emergency/watch.ts';
import { triggerEmergencyStop } from '../../src/emergency/trigger.ts';
import type { Database } from '../../src/database/open.ts';
import { transact } from '../../src/database/transact.ts';
import { HEARTBEAT } from '../../src/runners/driver.ts';
import type { Runner, Turn } from '../../src/runners/runner.ts';
import { openHouse, type RunnerHouse } from '../runners/house.ts';
import { onPostgres, silent, withDatabase } from '../support/database.ts';
import { gate } from '../support/gate.ts';
import { until } from '../support/until.ts';

const database = withDatabase();
let houses: RunnerHouse[];
let turns: Turn[];
let drive: Runner['drive'];
/** Another process where the database is a server. */
let second: Database;

const runner = (name: string, replay: Runner['replay']): Runner => ({
  name,
  replay,
  drive(turn) {
    turns.push(turn);
    return drive(turn);
  },
});

beforeEach(async () => {
  turns = [];
  const runners = [runner('safe', 'safe'), runner('unsafe', 'unsafe')];
  const { clock } = database();
  second = onPostgres ? await database().replica() : database();
  const house = await openHouse({ database: database(), clock, runners });
  houses = [house, await openHouse({ database: second, clock, runners, beside: house })];
});
afterEach(async () => {
  for (const each of houses) await each.close();
  // What a test leaves running would be put back, and taken up by the next one's workers.
  await prisma().session.updateMany({ data: { status: 'CANCELLED', haltedFrom: null, staleAt: null } });
});

const house = (at = 0) => houses[at]!;
const prisma = () => house().deps.prisma;
const session = (id: string) => prisma().session.findUniqueOrThrow({ where: { id } });
const lease = (sessionId: string) => prisma().sessionDrive.findUniqueOrThrow({ where: { sessionId } });
const theStop = (id: string) => prisma().emergencyStop.findUniqueOrThrow({ where: { id } });
const stop = (at = 0) =>
  triggerEmergencyStop(house(at).emergency, house(at).person, {
    projectId: house().projectId,
    reason: 'smoke',
    severity: 'CRITICAL',
  });
const lift = (stopId: string) =>
  transact(database(), 'lift in a test', (tx) =>
    liftStop(tx, house().emergency, {
      stopId,
      actor: house().person.actor,
      abandon: { sessionIds: [], taskIds: [] },
      now: database().clock.now(),
    }),
  );

/** A turn that ends when it is aborted, and not before. */
const untilAborted: Runner['drive'] = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

async function running(name = 'safe', at = 0): Promise<string> {
  const before = turns.length;
  const id = await house().start(name);
  await house(at).worker.driver.drive(id);
  await until('the turn to have begun', () => turns.length === before + 1);
  return id;
}

describe('behaviour 7.3: a stop', () => {
  test('aborts the turns that run, in the process that was asked and in the others, and is halted when the last is let go', async () => {
    for (const each of houses) await each.worker.start();
    drive = untilAborted;
    const ids = [await running('safe', 0), await running('safe', 1), await running('safe', 0)];
    database().clock.advance(1);
    const { id, haltedAt, createdAt } = await stop();
    expect(haltedAt).toBeNull();
    await until('the halt to be confirmed', async () => (await theStop(id)).haltedAt !== null);
    expect(turns.every(({ signal }) => signal.aborted)).toBe(true);
    expect((await theStop(id)).haltedAt).toEqual(createdAt);
    for (const sessionId of ids) expect((await session(sessionId)).status).toBe('HALTED');
    expect(
      await prisma().unsealedEvent.count({ where: { subjectId: id, type: 'emergency_stop_halted' } }),
    ).toBe(1);
  });

  test("does not touch another project's turns", async () => {
    drive = untilAborted;
    const id = await running();
    house().worker.driver.halt('project_other');
    expect(turns[0]!.signal.aborted).toBe(false);
    expect((await session(id)).status).toBe('ACTIVE');
  });

  test('whose signal is lost is seen when the lease is renewed', async () => {
    drive = untilAborted;
    const id = await running();
    const { id: stopId } = await stop();
    // This worker has not been started: it hears no signal. Then its heart begins to beat.
    expect(turns[0]!.signal.aborted).toBe(false);
    house().worker.driver.start();
    await until('the turn to be aborted', () => turns[0]!.signal.aborted);
    expect(turns[0]!.signal.reason).toMatchObject({ cause: 'halted' });
    await until('the halt to be confirmed', async () => (await theStop(stopId)).haltedAt !== null);
    expect((await lease(id)).heldUntil).toBeNull();
  });

  test('is looked for by every worker more often than once a second, so that a lost signal costs no more', () => {
    expect(HEARTBEAT).toBeLessThan(1_000);
  });

  test('is halted once, though two workers let go at once', async () => {
    const both = gate(2);
    drive = ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => void both.arrive().then(() => reject(signal.reason as Error))),
      );
    for (const each of houses) await each.worker.start();
    await running('safe', 0);
    await running('safe', 1);
    const { id } = await stop();
    await until('the halt to be confirmed', async () => (await theStop(id)).haltedAt !== null);
    await Promise.all(houses.map(({ deps, projectId }) => deps.stops.confirmHalt(projectId)));
    expect(
      await prisma().unsealedEvent.count({ where: { subjectId: id, type: 'emergency_stop_halted' } }),
    ).toBe(1);
  });

  test('is not confirmed by a runner that is deaf to its signal until it is left behind, its desk closed', async () => {
    const late = Promise.withResolvers<void>();
    let outcome: Promise<unknown> | undefined;
    drive = ({ desk }) => late.promise.then(() => (outcome = desk.complete()) as Promise<never>);
    await house().worker.start();
    const id = await running();
    const { id: stopId } = await stop();
    await until('the turn to be aborted', () => turns[0]!.signal.aborted);
    expect((await theStop(stopId)).haltedAt).toBeNull();
    await until('it to be left behind', async () => (await theStop(stopId)).haltedAt !== null);
    late.resolve();
    await until('it to have tried', () => outcome !== undefined);
    await expect(outcome).rejects.toThrow('the turn is over');
    expect((await session(id)).status).toBe('HALTED');
  });

  test('of a worker that died is confirmed once its lease has lapsed, by the process that leads', async () => {
    drive = () => new Promise(() => {});
    await running();
    const { id } = await stop();
    const watch = createStopWatch({
      database: { ...database(), leadership: { isLeader: () => true, onChange: () => () => {} } },
      clock: database().clock,
      log: silent,
      stops: house().deps.stops,
    });
    await watch.look();
    expect((await theStop(id)).haltedAt).toBeNull();
    database().clock.advance(5);
    await watch.look();
    expect((await theStop(id)).haltedAt).toEqual(database().clock.now());
  });

  test('that overtakes the taking of a session finds a turn that does not begin', async () => {
    drive = untilAborted;
    const id = await house().start('safe');
    const { haltedAt } = await stop();
    expect(haltedAt).not.toBeNull();
    await house().worker.driver.drive(id);
    await until('it to be let go', async () => (await lease(id)).heldUntil === null);
    expect(turns).toEqual([]);
  });

  test('refuses what a turn still tries: nothing of it is granted, and the turn is not counted as failed', async () => {
    const stopped = Promise.withResolvers<void>();
    const codes: string[] = [];
    drive = async ({ desk }) => {
      await stopped.promise;
      const attempts = [
        () => desk.ask('q', { agentName: 'a', type: 'DECISION', message: 'may I?' }),
        () => desk.say('s', { agentName: 'a', input: '', response: '' }),
        () => desk.createTask('t', { agentName: 'a', instructions: 'x' }),
        () => desk.complete(),
      ];
      for (const attempt of attempts) await attempt().catch(({ code }: { code: string }) => codes.push(code));
      codes.push((await desk.report('r', { agentName: 'a', type: 'step' })).directive);
      await desk.complete();
    };
    const id = await running();
    await stop();
    stopped.resolve();
    await until('it to be let go', async () => (await lease(id)).heldUntil === null);
    expect(codes).toEqual([...Array.from({ length: 4 }, () => 'EMERGENCY_STOPPED'), 'HALT']);
    expect(await lease(id)).toMatchObject({ failures: 0, turn: 0 });
    expect((await session(id)).status).toBe('HALTED');
  });
});

describe('behaviour 7.7: a turn that a stop cut off', () => {
  test('is run again once the stop has lifted', async () => {
    await house().worker.start();
    drive = untilAborted;
    const id = await running();
    const { id: stopId } = await stop();
    await until('the halt to be confirmed', async () => (await theStop(stopId)).haltedAt !== null);
    drive = ({ desk }) => desk.complete();
    await lift(stopId);
    await until('it to be completed', async () => (await session(id)).status === 'COMPLETED');
    expect(turns.map(({ number, attempt }) => [number, attempt])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test('fails its session where the runner says that its turns must not be run again', async () => {
    await house().worker.start();
    drive = untilAborted;
    const id = await running('unsafe');
    const { id: stopId } = await stop();
    await until('the halt to be confirmed', async () => (await theStop(stopId)).haltedAt !== null);
    await lift(stopId);
    await until('it to be failed', async () => (await session(id)).status === 'FAILED');
    expect((await session(id)).failureReason).toMatch(/cut off/);
    expect(turns).toHaveLength(1);
  });

  test('is not lost where the abort comes after the lift', async () => {
    await house().worker.start();
    drive = untilAborted;
    const id = await running();
    drive = ({ desk }) => desk.complete();
    house().worker.driver.halt(house().projectId);
    await until('it to be completed', async () => (await session(id)).status === 'COMPLETED');
  });
});

test('a worker that cannot renew its leases counts them as lost when they lapse, and aborts', async () => {
  drive = untilAborted;
  const broken = new Proxy(second.prisma, {
    get(target, name) {
      if (name === '$queryRaw' && away) return () => Promise.reject(new Error('away'));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
  let away = false;
  const cutOff = await openHouse({
    database: { ...second, prisma: broken as Database['prisma'] },
    clock: database().clock,
    runners: [runner('safe', 'safe')],
    beside: house(),
  });
  houses.push(cutOff);
  await running('safe', 2);
  away = true;
  cutOff.worker.driver.start();
  database().clock.advance(5);
  await until('the turn to be aborted', () => turns[0]!.signal.aborted);
  expect((turns[0]!.signal.reason as Error).message).toMatch(/could not be renewed/);
  away = false;
});
