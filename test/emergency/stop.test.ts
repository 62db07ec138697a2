import { beforeEach, describe, expect, it } from 'vitest';
import { appendConversationTurn } from '../../src/sessions/append-turn.ts';
import { cancelSession, completeSession, failSession } from '../../src/sessions/end.ts';
import { reportExecutionEvent } from '../../src/sessions/report.ts';
import { createTask, finishTask } from '../../src/sessions/tasks.ts';
import {
  eventsOf,
  everything,
  refusal,
  refusedWithoutTrace,
  seedTeam,
  type Team,
  verbs,
} from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';
import { approval, hold, stopper } from './scene.ts';

const { scene, session, intervention, task, clock } = withHouse();
let team: Team;
let act: ReturnType<typeof verbs>;
let stop: ReturnType<typeof stopper>['stop'];

beforeEach(async () => {
  team = await seedTeam(scene.house);
  act = verbs(scene.house, team);
  ({ stop } = stopper(scene.house, team));
});

const theApproval = (id: string) => scene.house.deps.prisma.approval.findUniqueOrThrow({ where: { id } });
const theStop = (id: string) => scene.house.deps.prisma.emergencyStop.findUniqueOrThrow({ where: { id } });
const makeTask = async (sessionId: string) =>
  (await createTask(scene.house.deps, team.agent, { sessionId, agentName: 'ada', instructions: 'do' })).reply
    .taskId;

describe('behaviour 7.2: a stop, in one transaction,', () => {
  it('halts every live session and its tasks, and says what they were', async () => {
    const [active, waiting, ended, over] = [
      await act.start(),
      await act.start(),
      await act.start(),
      await act.start(),
    ];
    const id = await act.ask(waiting);
    const [running, finished] = [await makeTask(active), await makeTask(active)];
    await finishTask(scene.house.deps, team.agent, { taskId: finished, status: 'COMPLETED', result: null });
    await completeSession(scene.house.deps, team.agent, ended, null);
    const lost = await act.ask(over, { timeout: 1 });
    clock().advance(100_000);
    await act.sweep(lost);
    await act.sweep(id);
    const again = await act.start();
    const question = await act.ask(again);

    const { id: stopId } = await stop();
    expect(await session(active)).toMatchObject({ status: 'HALTED', haltedFrom: 'ACTIVE', staleAt: null });
    expect(await session(again)).toMatchObject({
      status: 'HALTED',
      haltedFrom: 'WAITING_FOR_HUMAN',
      currentInterventionId: question,
    });
    expect((await session(ended)).status).toBe('COMPLETED');
    expect((await session(over)).status).toBe('TIMEOUT');
    expect(await task(running)).toMatchObject({ status: 'HALTED', haltedFrom: 'RUNNING' });
    expect((await task(finished)).status).toBe('COMPLETED');
    const { prisma } = scene.house.deps;
    expect(
      await prisma.stoppedSession.findMany({ where: { stopId }, orderBy: { sessionId: 'asc' } }),
    ).toEqual([
      { stopId, sessionId: active, status: 'ACTIVE' },
      { stopId, sessionId: again, status: 'WAITING_FOR_HUMAN' },
    ]);
    expect(await prisma.stoppedTask.findMany({ where: { stopId } })).toEqual([
      { stopId, taskId: running, status: 'RUNNING' },
    ]);
    expect((await prisma.project.findUniqueOrThrow({ where: { id: team.projectId } })).stopId).toBe(stopId);
  });

  it('freezes what is pending, but not what recovery asks; its deadlines stand still', async () => {
    const sessionId = await act.start();
    const id = await act.ask(sessionId, { timeout: 60 });
    const [call, override, plan] = [
      await approval(scene.house, team, { sessionId }),
      await approval(scene.house, team, { kind: 'BUDGET_OVERRIDE', teamId: null, open: false }),
      await approval(scene.house, team, { kind: 'RECOVERY_PLAN', teamId: null, open: false }),
    ];
    const frozenAt = clock().now();
    await stop();
    expect(await intervention(id)).toMatchObject({ status: 'PENDING', frozenAt, dueAt: null });
    expect(await theApproval(call)).toMatchObject({ status: 'PENDING', frozenAt, dueAt: null, version: 1 });
    expect(await theApproval(override)).toMatchObject({ frozenAt, dueAt: null, version: 1 });
    expect(await theApproval(plan)).toMatchObject({ frozenAt: null, version: 0 });
    clock().advance(1_000_000);
    await act.sweep(id);
    expect(await intervention(id)).toMatchObject({
      status: 'PENDING',
      escalationLevel: 0,
      windowEnded: false,
    });
  });

  it('grants nothing: every verb of an agent, and every answer but a rejection, is EMERGENCY_STOPPED', async () => {
    const over = await act.start();
    const lost = await act.ask(over, { timeout: 1 });
    clock().advance(100_000);
    await act.sweep(lost);
    const fresh = await act.start();
    const pending = await act.ask(fresh, { options: [{ id: 'a', label: 'A', description: '', value: 'a' }] });
    const taskId = await makeTask(fresh);
    await stop();
    const { house } = scene;
    const turn = { agentName: 'ada', input: '', response: '' };
    const attempts: (() => Promise<unknown>)[] = [
      () => act.start(),
      () => act.start({ runner: 'inside' }),
      () => act.ask(fresh),
      () => makeTask(fresh),
      () => finishTask(house.deps, team.agent, { taskId, status: 'COMPLETED', result: null }),
      () => appendConversationTurn(house.deps, team.agent, fresh, turn),
      () => completeSession(house.deps, team.agent, fresh, null),
      () => act.resolve(pending),
      () => act.resolve(pending, { resolutionType: 'MODIFY', modifications: {} }, team.admin),
      () => act.resolve(pending, { resolutionType: 'ESCALATE' }),
      () => act.select(pending, { optionId: 'a' }),
      () => act.respond(pending),
      () => act.resume(fresh),
      () => act.escalate(pending),
      () => act.resume(over, {}, team.admin),
    ];
    for (const attempt of attempts) await refusedWithoutTrace(house, 'EMERGENCY_STOPPED', attempt);
  });

  it('answers a report with HALT, and records nothing, so that it can be made again later', async () => {
    const sessionId = await act.start();
    const { id } = await stop();
    const before = await everything(scene.house);
    const input = { sessionId, agentName: 'ada', type: 'step', idempotencyKey: 'k' };
    expect((await reportExecutionEvent(scene.house.deps, team.agent, input)).reply).toEqual({
      directive: 'HALT',
      interventionId: null,
    });
    expect(await everything(scene.house)).toEqual(before);
    await stopper(scene.house, team).lift(id);
    expect((await reportExecutionEvent(scene.house.deps, team.agent, input)).reply).toEqual({
      directive: 'CONTINUE',
      interventionId: null,
    });
  });

  it('lets what is frozen be rejected or cancelled, and a halted session fail or be cancelled', async () => {
    const [one, two, three, four] = [
      await act.start(),
      await act.start(),
      await act.start(),
      await act.start(),
    ];
    const [rejected, cancelled, failing] = [await act.ask(one), await act.ask(two), await act.ask(three)];
    const { id } = await stop();
    expect((await act.resolve(rejected, { resolutionType: 'REJECT' })).sessionResumed).toBe(false);
    await act.cancel(cancelled);
    expect(await session(one)).toMatchObject({ status: 'HALTED', haltedFrom: 'ACTIVE', staleAt: null });
    expect(await session(two)).toMatchObject({ status: 'HALTED', haltedFrom: 'ACTIVE' });
    await failSession(scene.house.deps, team.agent, three, 'broken');
    await cancelSession(scene.house.deps, team.agent, four, null);
    expect(await session(three)).toMatchObject({ status: 'FAILED', haltedFrom: null });
    expect(await intervention(failing)).toMatchObject({ status: 'CANCELLED', frozenAt: null });
    await stopper(scene.house, team).lift(id);
    expect((await session(one)).status).toBe('ACTIVE');
    expect((await session(three)).status).toBe('FAILED');
    expect((await session(four)).status).toBe('CANCELLED');
  });

  it('cancels calls that were approved and not started, with the stop as reason, and releases their holds alone', async () => {
    const sessionId = await act.start();
    const inside = await act.start({ runner: 'inside' });
    const own = await makeTask(sessionId);
    const made = await makeTask(sessionId);
    await scene.house.deps.prisma.task.update({
      where: { id: made },
      data: { madeForCall: true, status: 'PENDING' },
    });
    const [first, second, third] = [
      await hold(scene.house, team.projectId),
      await hold(scene.house, team.projectId),
      await hold(scene.house, team.projectId),
    ];
    const approved = { sessionId, status: 'APPROVED', respondedAt: clock().now() } as const;
    const waiting = await approval(scene.house, team, { ...approved, taskId: made, reservationId: first });
    const started = await approval(scene.house, team, {
      ...approved,
      taskId: own,
      reservationId: second,
      startedAt: clock().now(),
    });
    const pending = await approval(scene.house, team, { sessionId, reservationId: third });
    const internal = await approval(scene.house, team, { ...approved, sessionId: inside });
    // In a session that is not live: its version is raised, and nothing else of it.
    const over = await act.start();
    await scene.house.deps.prisma.session.update({
      where: { id: over },
      data: { status: 'TIMEOUT', staleAt: null, failureReason: 'no activity for 24 hours' },
    });
    const stranded = await approval(scene.house, team, { ...approved, sessionId: over });

    const events = await eventsOf(scene.house, () => stop({ reason: 'too hot' }));
    expect(await theApproval(waiting)).toMatchObject({
      status: 'CANCELLED',
      rejectionReason: 'emergency stop: too hot',
      dueAt: null,
      open: false,
      delivery: 'UNANSWERED',
      version: 1,
    });
    expect((await theApproval(internal)).delivery).toBe('PENDING');
    expect(await theApproval(started)).toMatchObject({ status: 'APPROVED', open: true, version: 0 });
    expect((await theApproval(pending)).status).toBe('PENDING');
    expect((await theApproval(stranded)).status).toBe('CANCELLED');
    expect(await session(over)).toMatchObject({ status: 'TIMEOUT', version: 1 });
    expect(await task(made)).toMatchObject({ status: 'CANCELLED', haltedFrom: null });
    expect(await task(own)).toMatchObject({ status: 'HALTED', haltedFrom: 'RUNNING' });
    const { prisma } = scene.house.deps;
    const reservations = await prisma.budgetReservation.findMany({
      where: { projectId: team.projectId },
      orderBy: { id: 'asc' },
    });
    expect(reservations.map(({ status }) => status)).toEqual(['RELEASED', 'HELD', 'HELD']);
    const stands = await prisma.budget.findUniqueOrThrow({ where: { projectId: team.projectId } });
    expect([stands.tokensReserved, Number(stands.costReserved), stands.emergencyStopTriggered]).toEqual([
      200n,
      3,
      true,
    ]);
    expect(events.filter(({ type }) => type === 'budget_released')).toMatchObject([
      { data: { reservations: [first] } },
    ]);
    expect(
      events
        .filter(({ type }) => type === 'approval_resolved')
        .map(({ subjectId }) => subjectId)
        .sort(),
    ).toEqual([waiting, internal, stranded].sort());
  });

  it('writes an event for every single thing, by whoever stopped', async () => {
    const sessionId = await act.start();
    const id = await act.ask(sessionId);
    const taskId = await makeTask(sessionId);
    const call = await approval(scene.house, team, { sessionId });
    const events = await eventsOf(scene.house, () => stop());
    expect(events.map(({ type }) => type)).toEqual([
      'emergency_stop_triggered',
      'session_status_changed',
      'task_status_changed',
      'intervention_frozen',
      'approval_frozen',
      'emergency_stop_halted',
    ]);
    expect(events.slice(1, 5).map(({ subjectId }) => subjectId)).toEqual([sessionId, taskId, id, call]);
    expect(events.every(({ by }) => by === team.operator.actor.id)).toBe(true);
    expect(events[0]!.data).toMatchObject({
      conditions: ['MANUAL_STOP'],
      severity: 'CRITICAL',
      sessions: 1,
      tasks: 1,
    });
    expect(events[1]!.data).toMatchObject({ from: 'WAITING_FOR_HUMAN', to: 'HALTED' });
  });

  it('leaves every other project as it is', async () => {
    const other = await seedTeam(scene.house);
    const elsewhere = verbs(scene.house, other);
    const sessionId = await elsewhere.start();
    const id = await elsewhere.ask(sessionId);
    const before = await session(sessionId);
    await stop();
    expect(await session(sessionId)).toEqual(before);
    expect((await elsewhere.resolve(id)).sessionResumed).toBe(true);
  });
});

describe('behaviour 7.1: stopping', () => {
  it('a stopped project answers with the stop in force, and changes nothing', async () => {
    const first = await stop();
    const before = await everything(scene.house);
    expect(await stop({ reason: 'again' })).toEqual(first);
    expect(await everything(scene.house)).toEqual(before);
  });

  it('raises the severity of the stop in force, and adds its condition; who and why stay', async () => {
    const first = await stop({ severity: 'LOW' });
    const events = await eventsOf(scene.house, () =>
      stop({ severity: 'HIGH', reason: 'worse' }, team.manager),
    );
    expect(await theStop(first.id)).toEqual({ ...first, severity: 'HIGH' });
    expect(events).toMatchObject([
      { type: 'emergency_stop_widened', subjectId: first.id, data: { reason: 'worse' } },
    ]);
    expect(await stop({ severity: 'MEDIUM' })).toMatchObject({ id: first.id, severity: 'HIGH' });
  });

  it.each([
    ['', 'INVALID_INPUT'],
    ['   ', 'INVALID_INPUT'],
    ['x'.repeat(20_001), 'INVALID_INPUT'],
  ])('needs a reason of 1 to 20,000 characters', async (reason, code) => {
    await refusedWithoutTrace(scene.house, code as 'INVALID_INPUT', () => stop({ reason }));
  });

  it('works for an agent, and only in a project that is there for whoever stops', async () => {
    expect((await stop({ reason: 'x'.repeat(20_000) }, team.agent)).triggeredBy).toEqual(team.agent.actor);
    const other = await seedTeam(scene.house);
    expect(await refusal(stopper(scene.house, other).stop({}, team.operator))).toBe('NOT_FOUND');
    expect(
      await refusal(
        stopper(scene.house, { ...team, projectId: 'project_none' }).stop(
          {},
          { ...team.admin, projectId: null },
        ),
      ),
    ).toBe('NOT_FOUND');
  });

  it('with nothing that runs has halted at once (7.3)', async () => {
    await act.start();
    const stopped = await stop();
    expect(stopped).toMatchObject({ haltedAt: clock().now(), createdAt: clock().now(), resolvedAt: null });
  });
});
