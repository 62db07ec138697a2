import { beforeEach, describe, expect, it } from 'vitest';
import { createStopWatch } from '../../src/emergency/watch.ts';
import type { Prisma } from '../../src/generated/prisma/client.ts';
import { createAgentTouches } from '../../src/sessions/agents.ts';
import { createChangeSession } from '../../src/sessions/change.ts';
import { reportExecutionEvent } from '../../src/sessions/report.ts';
import { createTask, finishTask } from '../../src/sessions/tasks.ts';
import { silent } from '../support/database.ts';
import { eventsOf, seedTeam, type Team, verbs } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';
import { stopper } from './scene.ts';
import { testPrivacy } from '../support/vault.ts';

const { scene, session, clock, database } = withHouse();
let team: Team;
let sessionId: string;

beforeEach(async () => {
  team = await seedTeam(scene.house);
  sessionId = await verbs(scene.house, team).start();
});

const prisma = () => scene.house.deps.prisma;
const inForce = () =>
  prisma().emergencyStop.findFirst({ where: { projectId: team.projectId, resolvedAt: null } });
const signals = () => prisma().stopSignal.count({ where: { projectId: team.projectId } });
const report = (metrics: Record<string, number | string>, key?: string) =>
  reportExecutionEvent(scene.house.deps, team.agent, {
    sessionId,
    agentName: 'ada',
    type: 'step',
    metrics,
    idempotencyKey: key,
  });
const finish = async (status: 'FAILED' | 'COMPLETED', on = sessionId) => {
  const { deps } = scene.house;
  const made = await createTask(deps, team.agent, { sessionId: on, agentName: 'ada', instructions: 'do' });
  await finishTask(deps, team.agent, { taskId: made.reply.taskId, status, result: null });
};
const signal = (more: Partial<Prisma.StopSignalUncheckedCreateInput> = {}) =>
  prisma().stopSignal.create({
    data: {
      projectId: team.projectId,
      condition: 'BUDGET_CRITICAL',
      severity: 'CRITICAL',
      reason: 'spent',
      actor: team.agent.actor,
      createdAt: clock().now(),
      ...more,
    },
  });

describe('behaviour 7.1: RESOURCE_EXHAUSTION', () => {
  it('stands by the time that the report is answered, which says HALT', async () => {
    expect((await report({ resource_usage: 94.9 })).reply.directive).toBe('CONTINUE');
    expect(await inForce()).toBeNull();
    expect((await report({ resource_usage: 96 })).reply.directive).toBe('HALT');
    expect(await inForce()).toMatchObject({
      triggeredConditions: ['RESOURCE_EXHAUSTION'],
      severity: 'HIGH',
      stopReason: 'ada reported a resource usage of 96 %',
      triggeredBy: team.agent.actor,
    });
    expect((await session(sessionId)).status).toBe('HALTED');
    expect(await signals()).toBe(0);
  });

  it('of a report that is repeated with its key stops once', async () => {
    await report({ resource_usage: 99 }, 'k');
    const stop = (await inForce())!;
    await stopper(scene.house, team).lift(stop.id);
    expect((await report({ resource_usage: 99 }, 'k')).reply.directive).toBe('HALT');
    expect(await inForce()).toBeNull();
  });
});

describe('behaviour 7.1: ERROR_RATE_HIGH', () => {
  it('stops at the failure that makes five of the last ten, and not before', async () => {
    for (let at = 0; at < 6; at += 1) await finish('COMPLETED');
    for (let at = 0; at < 4; at += 1) await finish('FAILED');
    expect([await inForce(), await signals()]).toEqual([null, 0]);
    await finish('FAILED');
    expect(await inForce()).toMatchObject({ triggeredConditions: ['ERROR_RATE_HIGH'], severity: 'HIGH' });
    expect((await session(sessionId)).status).toBe('HALTED');
    expect(await signals()).toBe(0);
  });

  it('stops at the tenth, also where that one went well', async () => {
    for (let at = 0; at < 5; at += 1) await finish('FAILED');
    for (let at = 0; at < 4; at += 1) await finish('COMPLETED');
    expect(await inForce()).toBeNull();
    await finish('COMPLETED');
    expect(await inForce()).not.toBeNull();
  });

  it('counts from the last lift anew', async () => {
    for (let at = 0; at < 10; at += 1) await finish('FAILED');
    const stop = (await inForce())!;
    clock().advance(1);
    await stopper(scene.house, team).lift(stop.id);
    clock().advance(1);
    for (let at = 0; at < 9; at += 1) await finish('FAILED');
    expect(await inForce()).toBeNull();
    await finish('FAILED');
    expect(await inForce()).not.toBeNull();
  });

  it("counts a project's own tasks alone", async () => {
    const other = await seedTeam(scene.house);
    const { deps } = scene.house;
    const elsewhere = await verbs(scene.house, other).start();
    for (let at = 0; at < 9; at += 1) await finish('FAILED');
    const made = await createTask(deps, other.agent, {
      sessionId: elsewhere,
      agentName: 'a',
      instructions: 'do',
    });
    await finishTask(deps, other.agent, { taskId: made.reply.taskId, status: 'FAILED', result: null });
    expect(
      await prisma().emergencyStop.count({ where: { projectId: { in: [team.projectId, other.projectId] } } }),
    ).toBe(0);
  });

  it('of twenty that fail at once is one stop', async () => {
    const { deps } = scene.house;
    const sessions = await Promise.all(Array.from({ length: 20 }, () => verbs(scene.house, team).start()));
    const made = await Promise.all(
      sessions.map((id) =>
        createTask(deps, team.agent, { sessionId: id, agentName: 'ada', instructions: 'do' }),
      ),
    );
    await Promise.allSettled(
      made.map(({ reply }) =>
        finishTask(deps, team.agent, { taskId: reply.taskId, status: 'FAILED', result: null }),
      ),
    );
    expect(await prisma().emergencyStop.count({ where: { projectId: team.projectId } })).toBe(1);
    expect(await signals()).toBe(0);
  });
});

describe('behaviour 7.1: signals', () => {
  it('of several at once come to one stop with the highest severity, put down to whoever gave the first', async () => {
    await signal({ condition: 'SECURITY_THREAT', severity: 'MEDIUM', reason: 'a leak' });
    await signal({ severity: 'HIGH', actor: team.operator.actor });
    const events = await eventsOf(scene.house, () => scene.house.deps.stops.look(team.projectId));
    expect(await inForce()).toMatchObject({
      triggeredConditions: ['SECURITY_THREAT', 'BUDGET_CRITICAL'],
      severity: 'HIGH',
      stopReason: 'a leak; spent',
      triggeredBy: team.agent.actor,
    });
    expect(events.filter(({ type }) => type === 'emergency_stop_triggered')).toHaveLength(1);
    expect(await signals()).toBe(0);
  });

  it('that come while it is in force stand on it', async () => {
    const stop = await stopper(scene.house, team).stop({ severity: 'LOW' });
    await signal();
    await scene.house.deps.stops.look(team.projectId);
    expect(await inForce()).toMatchObject({
      id: stop.id,
      triggeredConditions: ['MANUAL_STOP', 'BUDGET_CRITICAL'],
      severity: 'CRITICAL',
      stopReason: 'smoke in the server room',
    });
    expect(await signals()).toBe(0);
  });

  it('that lie there go with a stop that somebody triggers', async () => {
    await signal();
    const stop = await stopper(scene.house, team).stop({ severity: 'LOW' });
    expect(stop).toMatchObject({
      triggeredConditions: ['MANUAL_STOP', 'BUDGET_CRITICAL'],
      severity: 'CRITICAL',
    });
    expect(await signals()).toBe(0);
  });

  it('left behind by a process that died are found by the one that leads', async () => {
    await signal();
    await signal({ condition: 'ERROR_RATE_HIGH', projectId: (await seedTeam(scene.house)).projectId });
    const database = {
      prisma: prisma(),
      leadership: { isLeader: () => true, onChange: () => () => {} },
      signals: { onReconnect: () => () => {} },
    };
    const watch = createStopWatch({ database, clock: clock(), log: silent, stops: scene.house.deps.stops });
    await watch.look();
    expect(await inForce()).toMatchObject({ triggeredConditions: ['BUDGET_CRITICAL'] });
    expect(await prisma().stopSignal.count()).toBe(0);
  });

  it('that cannot be looked at fail the answer, and are looked at later', async () => {
    const { deps } = scene.house;
    const broken = { ...deps.stops, look: () => Promise.reject(new Error('the database is away')) };
    const changeSession = createChangeSession({
      database: database(),
      clock: clock(),
      ids: deps.ids,
      touches: createAgentTouches(clock(), deps.ids),
      ...testPrivacy(database(), clock()),
      enqueueDrives: async () => {},
      announce: () => {},
      stops: broken,
    });
    const input = { sessionId, agentName: 'ada', type: 'step', metrics: { resource_usage: 99 } };
    await expect(reportExecutionEvent({ ...deps, changeSession }, team.agent, input)).rejects.toThrow('away');
    expect(await signals()).toBe(1);
    await deps.stops.look(team.projectId);
    expect(await inForce()).not.toBeNull();
  });
});
