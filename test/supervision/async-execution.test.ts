import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nextAttempt, patienceOf } from '../../src/runners/failure.ts';
import type { Runner, Turn } from '../../src/runners/runner.ts';
import { createSession } from '../../src/sessions/start.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import { openHouse, type RunnerHouse } from '../runners/house.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const database = withDatabase();
let house: RunnerHouse;
let turns: Turn[];
let drive: Runner['drive'];

beforeEach(async () => {
  turns = [];
  const runner: Runner = {
    name: 'inside',
    replay: 'safe',
    drive(turn) {
      turns.push(turn);
      return drive(turn);
    },
  };
  house = await openHouse({ database: database(), clock: database().clock, runners: [runner] });
});
afterEach(() => house.close());

const set = (asyncExecution: object, { teamId = house.teamId, enabled = true } = {}) =>
  updateSupervision(
    { ...house.deps, supervisionEnvironment: noEnvironment },
    house.person,
    teamId,
    JSON.stringify({ human_supervision: { enabled, async_execution: asyncExecution } }),
  );
const session = (id: string) => house.deps.prisma.session.findUniqueOrThrow({ where: { id } });
const lease = (id: string) => house.deps.prisma.sessionDrive.findUniqueOrThrow({ where: { sessionId: id } });

describe('a turn that failed (4.13)', () => {
  /** Lets it fail until its session is FAILED; the attempts that there were. */
  async function attempts(): Promise<number> {
    drive = () => Promise.reject(new Error('no luck'));
    const id = await house.start('inside');
    for (;;) {
      await house.worker.driver.drive(id);
      await until('the turn to be over', async () => (await lease(id)).heldUntil === null);
      if ((await session(id)).status === 'FAILED') return turns.length;
      database().clock.advance(3_600);
    }
  }

  test('is tried again as often as its team says', async () => {
    await set({ max_retries: 2, retry_delay: 60 });
    expect(await attempts()).toBe(3);
  });

  test('is not tried again where its team wants no retries, and 7 times where it says nothing', async () => {
    await set({ max_retries: 0 });
    expect(await attempts()).toBe(1);
    turns = [];
    await set({ max_retries: 0, enabled: false });
    expect(await attempts()).toBe(8);
  });

  test('goes by what its team says when it fails, and waits that long', async () => {
    drive = () => Promise.reject(new Error('no luck'));
    const id = await house.start('inside');
    await set({ retry_delay: 600 });
    const before = database().clock.now().getTime();
    await house.worker.driver.drive(id);
    await until('the failure to be counted', async () => (await lease(id)).failures === 1);
    const waits = ((await lease(id)).dueAt!.getTime() - before) / 1000;
    expect(waits).toBeGreaterThanOrEqual(300);
    expect(waits).toBeLessThanOrEqual(600);
    await set({ max_retries: 1 });
    database().clock.advance(600);
    await house.worker.driver.drive(id);
    await until('it to be given up', async () => (await session(id)).status === 'FAILED');
    expect(turns).toHaveLength(2);
  });

  test('that took its worker down with it counts as well', async () => {
    await set({ max_retries: 0 });
    drive = () => new Promise<never>(() => {});
    const id = await house.start('inside');
    await house.worker.driver.drive(id);
    await until('the turn to have begun', () => turns.length === 1);
    database().clock.advance(6);
    await house.worker.driver.drive(id);
    await until('it to be failed', async () => (await session(id)).status === 'FAILED');
    expect((await session(id)).failureReason).toMatch(/lost with its worker 1 time$/);
  });

  test('waits twice as long each time, up to a minute, or to what its team says where that is longer', () => {
    const waits = (delay: number) =>
      [1, 2, 3, 9].map((failures) => {
        const patience = patienceOf({ human_supervision: { async_execution: { retry_delay: delay } } });
        return nextAttempt(new Date(0), failures, 1, patience).getTime() / 1000;
      });
    expect(waits(20)).toEqual([20, 40, 60, 60]);
    expect(waits(600)).toEqual([600, 600, 600, 600]);
  });
});

describe("sessions that wait for a worker, by their teams' queue_priority", () => {
  const teamOf = async (settings: object | null, enabled = true): Promise<string> => {
    const { ids, clock, prisma } = house.deps;
    const id = ids.next('team');
    const data = { id, projectId: house.projectId, name: id, createdAt: clock.now(), queue: { create: {} } };
    await prisma.team.create({ data });
    if (settings !== null) await set(settings, { teamId: id, enabled });
    return id;
  };
  const start = async (teamId: string) =>
    (await createSession(house.deps, house.person, { teamId, initialMessage: 'Go', runner: 'inside' })).reply
      .sessionId;

  test("are taken in the order of their teams' priorities", async () => {
    const last = await teamOf({ queue_priority: 10 });
    const usual = await teamOf(null);
    const first = await teamOf({ queue_priority: 1 });
    const off = await teamOf({ queue_priority: 1, enabled: false });
    const elsewhere = await teamOf({ queue_priority: 1 }, false);
    const sessions: string[] = [];
    for (const team of [last, off, usual, first, elsewhere, first]) sessions.push(await start(team));
    const [ten, unheeded, five, one, none, oneMore] = sessions;
    const taken: string[] = [];
    for (;;) {
      const jobs = await house.queue.boss.fetch<{ sessionId: string }>('drive', { batchSize: 1 });
      if (jobs.length === 0) break;
      taken.push(jobs[0]!.data.sessionId);
    }
    expect(taken.filter((id) => sessions.includes(id))).toEqual([one, oneMore, unheeded, five, none, ten]);
  });

  test('wait no longer than until the thorough look, whatever goes before them', async () => {
    drive = ({ desk }) => desk.complete();
    const id = await start(await teamOf({ queue_priority: 10 }));
    const first = await teamOf({ queue_priority: 1 });
    for (let more = 0; more < 5; more++) await start(first);
    // The worker has not come to the queue at all.
    await house.worker.driver.look(true);
    await until('it to be completed', async () => (await session(id)).status === 'COMPLETED');
  });
});
