import { beforeEach, describe, expect, it } from 'vitest';
import { liftStop } from '../../src/emergency/lift.ts';
import { createTask } from '../../src/sessions/tasks.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { STALE_AFTER_SECONDS } from '../../src/sessions/rules.ts';
import { eventsOf, everything, refusal, seconds, seedTeam, type Team, verbs } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';
import { approval, hold, stopper } from './scene.ts';

const { scene, session, intervention, task, clock } = withHouse();
let team: Team;
let act: ReturnType<typeof verbs>;
let stop: ReturnType<typeof stopper>['stop'];
let lift: ReturnType<typeof stopper>['lift'];

beforeEach(async () => {
  team = await seedTeam(scene.house);
  act = verbs(scene.house, team);
  ({ stop, lift } = stopper(scene.house, team));
});

const prisma = () => scene.house.deps.prisma;
const theApproval = (id: string) => prisma().approval.findUniqueOrThrow({ where: { id } });
const makeTask = async (sessionId: string) =>
  (await createTask(scene.house.deps, team.agent, { sessionId, agentName: 'ada', instructions: 'do' })).reply
    .taskId;

describe('behaviour 7.7: when a stop lifts,', () => {
  it('sessions and tasks return to the state before, and the project takes new work', async () => {
    const [active, waiting, inside] = [
      await act.start(),
      await act.start(),
      await act.start({ runner: 'inside' }),
    ];
    const id = await act.ask(waiting);
    const question = await act.ask(inside);
    await act.resolve(question);
    const taskId = await makeTask(active);
    const before = await everything(scene.house);
    const { id: stopId } = await stop();
    clock().advance(3_600);
    const now = clock().now();
    scene.house.drives.length = 0;
    await lift(stopId);
    for (const was of before.sessions.filter(({ projectId }) => projectId === team.projectId)) {
      expect(await session(was.id)).toEqual({
        ...was,
        version: was.version + 2,
        staleAt: addSeconds(now, STALE_AFTER_SECONDS),
      });
    }
    expect(await task(taskId)).toMatchObject({ status: 'RUNNING', haltedFrom: null });
    expect(scene.house.drives).toEqual([inside]);
    expect(await prisma().project.findUniqueOrThrow({ where: { id: team.projectId } })).toMatchObject({
      stopId: null,
      liftedAt: now,
    });
    expect(await prisma().emergencyStop.findUniqueOrThrow({ where: { id: stopId } })).toMatchObject({
      resolvedAt: now,
    });
    expect((await act.resolve(id)).sessionResumed).toBe(true);
    await act.start();
  });

  it('what was frozen gets back exactly the time for which it was, to the millisecond', async () => {
    const sessionId = await act.start();
    const [plain, climbed] = [
      await act.ask(sessionId, { timeout: 60 }),
      await act.ask(sessionId, { timeout: 90 }),
    ];
    await act.escalate(climbed);
    const call = await approval(scene.house, team, { sessionId });
    const warned = await approval(scene.house, team, {
      kind: 'BUDGET_OVERRIDE',
      teamId: null,
      open: false,
      warned: true,
    });
    const before = [await intervention(plain), await intervention(climbed)];
    const calls = [await theApproval(call), await theApproval(warned)];
    clock().advance(1.017);
    const { id } = await stop();
    // Over a change to summer time in many zones, and longer than an integer counts in milliseconds.
    const heldMs = 40 * 86_400_000 + 123;
    clock().advance(heldMs / 1000);
    await lift(id);
    for (const was of before) {
      const expiresAt = new Date(was.expiresAt!.getTime() + heldMs);
      const now = await intervention(was.id);
      expect(now).toMatchObject({ expiresAt, dueAt: expiresAt, frozenAt: null, frozenMs: heldMs });
      const [step] = now.escalations as { respondBy: string }[];
      if (step) expect(step.respondBy).toBe(expiresAt.toISOString());
    }
    for (const was of calls) {
      const later = (instant: Date) => new Date(instant.getTime() + heldMs);
      expect(await theApproval(was.id)).toMatchObject({
        expiresAt: later(was.expiresAt!),
        dueAt: later(was.warned ? was.expiresAt! : was.dueAt!),
        frozenAt: null,
        frozenMs: heldMs,
        version: 2,
      });
    }
  });

  it('level 1, counted from the request, comes as much later; and so through two stops', async () => {
    const sessionId = await act.start();
    const id = await act.ask(sessionId, { timeout: 60 });
    for (const held of [100, 45.5]) {
      clock().advance(10);
      const { id: stopId } = await stop();
      clock().advance(held);
      await lift(stopId);
    }
    const { createdAt } = await intervention(id);
    clock().advance(40);
    await act.sweep(id);
    const ended = await intervention(id);
    expect([ended.windowEnded, seconds(createdAt, ended.dueAt)]).toEqual([true, 600 + 145.5]);
    clock().advance(539.9);
    await act.sweep(id);
    expect((await intervention(id)).escalationLevel).toBe(0);
    clock().advance(0.1);
    await act.sweep(id);
    expect((await intervention(id)).escalationLevel).toBe(1);
  });

  it('abandoned sessions are CANCELLED with all that is open in them, and their holds released', async () => {
    const [kept, gone] = [await act.start(), await act.start({ runner: 'inside' })];
    const [mine, theirs] = [await act.ask(kept), await act.ask(gone)];
    const answered = await act.ask(gone);
    await act.resolve(answered);
    const [keptTask, goneTask] = [await makeTask(kept), await makeTask(gone)];
    const [one, two] = [await hold(scene.house, team.projectId), await hold(scene.house, team.projectId)];
    const call = await approval(scene.house, team, { sessionId: gone, taskId: goneTask, reservationId: one });
    const running = await approval(scene.house, team, {
      sessionId: gone,
      status: 'APPROVED',
      startedAt: clock().now(),
      reservationId: two,
    });
    const { id } = await stop();
    clock().advance(5);
    scene.house.drives.length = 0;
    const events = await eventsOf(scene.house, () => lift(id, { sessionIds: [gone] }));
    expect(await session(gone)).toMatchObject({
      status: 'CANCELLED',
      haltedFrom: null,
      currentInterventionId: null,
      staleAt: null,
      failureReason: 'abandoned when the emergency stop was lifted',
    });
    expect(await intervention(theirs)).toMatchObject({
      status: 'CANCELLED',
      frozenAt: null,
      dueAt: null,
      open: false,
    });
    expect((await intervention(answered)).delivery).toBe('FAILED');
    expect((await task(goneTask)).status).toBe('CANCELLED');
    expect(await theApproval(call)).toMatchObject({ status: 'CANCELLED', open: false, frozenAt: null });
    expect(await theApproval(running)).toMatchObject({ status: 'APPROVED', open: false });
    const reservations = await prisma().budgetReservation.findMany({
      where: { id: { in: [one, two] } },
      orderBy: { id: 'asc' },
    });
    expect(reservations.map(({ status }) => status)).toEqual(['RELEASED', 'HELD']);
    expect(await prisma().budget.findUniqueOrThrow({ where: { projectId: team.projectId } })).toMatchObject({
      tokensReserved: 100n,
      emergencyStopTriggered: false,
    });
    // The one that was kept is as it was.
    expect((await session(kept)).status).toBe('WAITING_FOR_HUMAN');
    expect((await intervention(mine)).status).toBe('PENDING');
    expect((await task(keptTask)).status).toBe('RUNNING');
    expect(scene.house.drives).toEqual([]);
    expect(events.map(({ type, subjectId }) => `${type} ${subjectId}`).sort()).toEqual(
      [
        `emergency_stop_resolved ${id}`,
        `session_status_changed ${kept}`,
        `session_status_changed ${gone}`,
        `task_status_changed ${keptTask}`,
        `task_status_changed ${goneTask}`,
        `intervention_thawed ${mine}`,
        `intervention_cancelled ${theirs}`,
        `intervention_delivery_failed ${answered}`,
        `approval_resolved ${call}`,
        `budget_released ${(await prisma().budget.findUniqueOrThrow({ where: { projectId: team.projectId } })).id}`,
      ].sort(),
    );
    expect(events.every(({ by }) => by === team.manager.actor.id)).toBe(true);
  });

  it('an abandoned task is CANCELLED with what was asked for it; its session goes on', async () => {
    const sessionId = await act.start({ runner: 'inside' });
    const [taskId, other] = [await makeTask(sessionId), await makeTask(sessionId)];
    const held = await hold(scene.house, team.projectId);
    const call = await approval(scene.house, team, { sessionId, taskId, reservationId: held });
    const kept = await approval(scene.house, team, { sessionId, taskId: other });
    const { id } = await stop();
    await lift(id, { taskIds: [taskId] });
    expect((await session(sessionId)).status).toBe('ACTIVE');
    expect([(await task(taskId)).status, (await task(other)).status]).toEqual(['CANCELLED', 'RUNNING']);
    expect(await theApproval(call)).toMatchObject({ status: 'CANCELLED', delivery: 'PENDING' });
    expect(await theApproval(kept)).toMatchObject({ status: 'PENDING', frozenAt: null });
    expect((await prisma().budgetReservation.findUniqueOrThrow({ where: { id: held } })).status).toBe(
      'RELEASED',
    );
  });

  it('what this stop did not halt is not abandoned', async () => {
    const other = await seedTeam(scene.house);
    const sessionId = await verbs(scene.house, other).start();
    const { id } = await stop();
    const before = await session(sessionId);
    await lift(id, { sessionIds: [sessionId] });
    expect(await session(sessionId)).toEqual(before);
  });
});

describe('behaviour 7.6: lifting', () => {
  it('is INVALID_STATE a second time, and for a stop that there is not', async () => {
    const { id } = await stop();
    await lift(id);
    const before = await everything(scene.house);
    expect(await refusal(lift(id))).toBe('INVALID_STATE');
    expect(await refusal(lift('stop_none'))).toBe('INVALID_STATE');
    expect(await everything(scene.house)).toEqual(before);
  });

  it('is INVALID_STATE while a worker has yet to confirm, and takes what a silent one left behind', async () => {
    const sessionId = await act.start({ runner: 'inside' });
    await prisma().sessionDrive.create({
      data: { sessionId, epoch: 1, heldUntil: addSeconds(clock().now(), 5) },
    });
    const { id, haltedAt } = await stop();
    expect(haltedAt).toBeNull();
    expect(await refusal(lift(id))).toBe('INVALID_STATE');
    clock().advance(5);
    const events = await eventsOf(scene.house, () => lift(id));
    expect(events[0]!.type).toBe('emergency_stop_halted');
    expect((await prisma().emergencyStop.findUniqueOrThrow({ where: { id } })).haltedAt).toEqual(
      clock().now(),
    );
  });

  it('leaves nothing where its transaction is taken back', async () => {
    await act.ask(await act.start());
    const { id } = await stop();
    const before = await everything(scene.house);
    await expect(
      scene.house.emergency.database.prisma.$transaction(async (tx) => {
        await liftStop(tx, scene.house.emergency, {
          stopId: id,
          actor: team.manager.actor,
          abandon: { sessionIds: [], taskIds: [] },
          now: clock().now(),
        });
        throw new Error('the step failed');
      }),
    ).rejects.toThrow('the step failed');
    expect(await everything(scene.house)).toEqual(before);
    await lift(id);
  });

  it('makes room for another stop, of its own', async () => {
    const first = await stop();
    await lift(first.id);
    const second = await stop({ severity: 'LOW', reason: 'again' });
    expect(second.id).not.toBe(first.id);
    expect(second).toMatchObject({ severity: 'LOW', stopReason: 'again' });
  });
});
