import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { judge, nextAttempt, patienceOf } from '../../src/runners/failure.ts';
import { CannotContinue, type Runner, type Turn } from '../../src/runners/runner.ts';
import { DomainError, refuse } from '../../src/kernel/errors.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openHouse, type RunnerHouse } from './house.ts';

const database = withDatabase();
let house: RunnerHouse;
let beside: RunnerHouse;
let turns: Turn[];
/** Of a team that says nothing of it. */
const patience = patienceOf(null);
const MOST_FAILURES = patience.mostFailures;
let drive: Runner['drive'];

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
  house = await openHouse({ database: database(), clock, runners });
  beside = await openHouse({ database: database(), clock, runners, beside: house });
});
afterEach(async () => {
  await house.close();
  await beside.close();
});

const session = (id: string) => house.deps.prisma.session.findUniqueOrThrow({ where: { id } });
const lease = (id: string) => house.deps.prisma.sessionDrive.findUniqueOrThrow({ where: { sessionId: id } });
const hang = () => new Promise<never>(() => {});
/** Starts a turn that never ends, on a worker that renews nothing. */
async function hung(name: string): Promise<string> {
  drive = hang;
  const id = await house.start(name);
  await house.worker.driver.drive(id);
  await until('the turn to have begun', () => turns.length > 0);
  database().clock.advance(6);
  return id;
}

describe('a turn that was cut off', () => {
  test('is run again where that is safe, as its next attempt', async () => {
    const id = await hung('safe');
    drive = ({ desk }) => desk.complete();
    await beside.worker.driver.look();
    await until('it to be completed', async () => (await session(id)).status === 'COMPLETED');
    expect(turns.map(({ number, attempt }) => [number, attempt])).toEqual([
      [0, 1],
      [0, 2],
    ]);
  });

  test('is never run again where that is not; the session is FAILED and says why', async () => {
    const id = await hung('unsafe');
    await beside.worker.driver.look();
    await until('it to be failed', async () => (await session(id)).status === 'FAILED');
    expect((await session(id)).failureReason).toMatch(/cut off/);
    expect(turns).toHaveLength(1);
  });

  test('so often that it seems to take its workers down with it fails the session', async () => {
    const id = await hung('safe');
    for (let lost = 1; lost < MOST_FAILURES; lost += 1) {
      await beside.worker.driver.drive(id);
      await until('the next attempt', () => turns.length === lost + 1);
      database().clock.advance(6);
    }
    await beside.worker.driver.drive(id);
    await until('it to be failed', async () => (await session(id)).status === 'FAILED');
    expect((await session(id)).failureReason).toMatch(/lost with its worker 8 times/);
  });
});

test('behaviour 1.7: a runner that is deaf to the abort is left behind, its turn put back, its desk closed', async () => {
  const late = Promise.withResolvers<void>();
  let outcome: Promise<unknown> | undefined;
  drive = ({ desk }) => late.promise.then(() => (outcome = desk.complete()) as Promise<never>);
  const id = await house.start('safe');
  await house.worker.driver.drive(id);
  await until('the turn to have begun', () => turns.length === 1);
  await house.worker.stop(5_000);
  expect(await lease(id)).toMatchObject({ heldUntil: null, failures: 0 });
  late.resolve();
  await until('it to have tried', () => outcome !== undefined);
  await expect(outcome).rejects.toThrow('the turn is over');
  expect((await session(id)).status).toBe('ACTIVE');
});

test('a turn that takes longer than 15 minutes is aborted, and tried again', async () => {
  drive = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  const id = await house.start('safe');
  await house.worker.driver.drive(id);
  await until('the turn to have begun', () => turns.length === 1);
  database().clock.advance(15 * 60 + 1);
  await until('the failure to be counted', async () => (await lease(id)).failures === 1);
  expect((await session(id)).status).toBe('ACTIVE');
});

test('CannotContinue fails the session at once, with its message', async () => {
  drive = () => Promise.reject(new CannotContinue('no such model'));
  const id = await house.start('safe');
  await house.worker.driver.drive(id);
  await until('it to be failed', async () => (await session(id)).status === 'FAILED');
  expect((await session(id)).failureReason).toBe('no such model');
  expect(turns).toHaveLength(1);
});

test('a step done before answers what it answered first, and is refused with other arguments', async () => {
  const question = (message: string) => ({ agentName: 'a', type: 'DECISION' as const, message });
  const seen: unknown[] = [];
  drive = async ({ desk }) => {
    seen.push(await desk.ask('q', question('One?')), await desk.ask('q', question('One?')));
    seen.push(await desk.ask('q', question('Two?')).catch((error: { code: string }) => error.code));
    await desk.save({ v: 1, deep: { as: ['given'] } });
  };
  const id = await house.start('safe');
  await house.worker.driver.drive(id);
  await until('the turn to be done', async () => (await lease(id)).turn === 1);
  expect(seen[0]).toEqual(seen[1]);
  expect(seen[2]).toBe('IDEMPOTENCY_KEY_REUSED');
  expect((await session(id)).runnerState).toEqual({ v: 1, deep: { as: ['given'] } });
  expect(await house.deps.prisma.intervention.count({ where: { sessionId: id } })).toBe(1);
});

test("another session's task is not there", async () => {
  let other = '';
  drive = async ({ desk }) => {
    if (other === '') other = (await desk.createTask('t', { agentName: 'a', instructions: 'x' })).taskId;
    else await desk.finishTask(other, 'COMPLETED');
  };
  const first = await house.start('safe');
  await house.worker.driver.drive(first);
  await until('the task', () => other !== '');
  const second = await house.start('safe');
  await house.worker.driver.drive(second);
  await until('it to be failed', async () => (await session(second)).status === 'FAILED');
  expect((await house.deps.prisma.task.findUniqueOrThrow({ where: { id: other } })).status).toBe('RUNNING');
});

describe('a failure', () => {
  test.each([
    ['an error like any other', new Error('x'), 0, 'try_again'],
    ['the last one allowed', new Error('x'), MOST_FAILURES - 1, 'give_up'],
    ['what the runner knows to last', new CannotContinue('x'), 0, 'give_up'],
    ['a refusal that would come again', refuse('INVALID_INPUT', 'x'), 0, 'give_up'],
    [
      'a check that the machine was too busy for',
      new DomainError([{ code: 'INVALID_INPUT', message: 'x', late: true }]),
      0,
      'try_again',
    ],
    ['a refusal of the moment', refuse('QUEUE_FULL', 'x'), 0, 'try_again'],
    [
      'a database that is away',
      Object.assign(new Error('x'), { code: 'P1001' }),
      MOST_FAILURES,
      'database_away',
    ],
  ] as const)('that is %s', (_, error, failures, verdict) => {
    expect(judge(error, failures, patience)).toBe(verdict);
  });

  test('is waited out longer each time, to at most a minute', () => {
    const now = new Date(0);
    const seconds = (failures: number, random: number) =>
      nextAttempt(now, failures, random, patience).getTime() / 1000;
    expect([1, 2, 3, 7, 20].map((failures) => seconds(failures, 1))).toEqual([1, 2, 4, 60, 60]);
    expect(seconds(1, 0)).toBe(0.5);
  });
});
