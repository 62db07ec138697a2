import { beforeEach, describe, expect, it } from 'vitest';
import { createTask } from '../../src/sessions/tasks.ts';
import { eventsOf, refusal, seconds } from '../support/house.ts';
import { withRecovery } from './house.ts';

const { scene, fresh, clock, session, task, intervention, approval } = withRecovery();
beforeEach(fresh);

const statuses = async (id: string) => {
  const { status, steps } = await scene.recover.read(id);
  return [status, steps.map((step) => step.status)];
};

describe('initiating (7.4, 7.5)', () => {
  it('assesses, plans and asks a MANAGER, in one go', async () => {
    const sessionId = await scene.act.start();
    await scene.act.ask(sessionId);
    await scene.recover.stop(['MANUAL_STOP'], 'it smells of smoke');
    const { recoveryId, approvalId } = await scene.recover.initiate('GUIDED');
    const recovery = await scene.recover.read(recoveryId);
    expect(recovery).toMatchObject({ status: 'WAITING_APPROVAL', recoveryType: 'GUIDED', completedAt: null });
    expect(recovery.assessment).toMatchObject({
      stop: { reason: 'it smells of smoke', severity: 'CRITICAL', halted: true },
      conditions: [{ condition: 'MANUAL_STOP', cleared: true }],
      halted: { sessions: { count: 1, byState: { WAITING_FOR_HUMAN: 1 } }, frozenInterventions: 1 },
      budget: { COST_DAILY: { limit: '100.0000', used: '0.0000' } },
    });
    expect(recovery.steps.map(({ action }) => action)).toEqual([
      'verify_cause',
      'resume_sessions',
      'lift_stop',
    ]);
    expect(await approval(approvalId)).toMatchObject({
      kind: 'RECOVERY_PLAN',
      status: 'PENDING',
      requiredRole: 'MANAGER',
      frozenAt: null,
      expiresAt: null,
      recoveryId,
      stepId: null,
    });
  });

  it('is refused where no stop is in force, in another project, and while a recovery is open', async () => {
    expect(await refusal(scene.recover.initiate())).toBe('INVALID_STATE');
    await scene.recover.stop();
    expect(await refusal(scene.recover.initiate('GUIDED', scene.team.stranger))).toBe('NOT_FOUND');
    await scene.recover.initiate();
    expect(await refusal(scene.recover.initiate())).toBe('INVALID_STATE');
  });

  it('of two at once begins one', async () => {
    await scene.recover.stop();
    const both = await Promise.allSettled([scene.recover.initiate(), scene.recover.initiate('MANUAL')]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await refusal(scene.recover.initiate())).toBe('INVALID_STATE');
  });

  it("asks for what its asker can't approve, nor anybody below MANAGER (2.6, 7.4)", async () => {
    await scene.recover.stop();
    const { approvalId } = await scene.recover.initiate();
    expect(await refusal(scene.recover.vote(approvalId, {}, scene.team.supervisor))).toBe('FORBIDDEN');
    expect(await refusal(scene.recover.vote(approvalId, {}, scene.team.manager))).toBe('SELF_APPROVAL');
    await scene.recover.vote(approvalId);
    expect((await approval(approvalId)).status).toBe('APPROVED');
  });
});

describe('the plan (7.5)', () => {
  it('is not run unapproved', async () => {
    await scene.recover.stop();
    const { recoveryId } = await scene.recover.initiate();
    const first = (await scene.recover.current(recoveryId))!;
    expect(await refusal(scene.recover.execute(recoveryId, first.id))).toBe('INVALID_STATE');
  });

  it('that is rejected ends the recovery and leaves the stop in force; another may begin (7.6)', async () => {
    const stopId = await scene.recover.stop();
    const { recoveryId, approvalId } = await scene.recover.initiate();
    const events = await eventsOf(scene.house, () =>
      scene.recover.vote(approvalId, { verdict: 'REJECT', reason: 'not yet' }),
    );
    expect(events.map(({ type }) => type)).toEqual(['approval_voted', 'approval_resolved', 'recovery_ended']);
    expect(await statuses(recoveryId)).toEqual(['REJECTED', ['PENDING', 'PENDING']]);
    expect(await scene.recover.stopInForce()).toBe(stopId);
    await scene.recover.initiate();
  });

  it('runs as its approver changed it, and the log says how', async () => {
    const kept = await scene.act.start();
    const dropped = await scene.act.start();
    await scene.recover.stop();
    const { recoveryId, approvalId } = await scene.recover.initiate();
    const verify = (await scene.recover.current(recoveryId))!;
    const modifications = {
      skip: [verify.id],
      sessions: { [dropped]: 'ABANDON' },
      limits: { dailyCost: '40' },
    };
    const events = await eventsOf(scene.house, () => scene.recover.vote(approvalId, { modifications }));
    expect(events.find(({ type }) => type === 'recovery_started')).toMatchObject({
      subjectId: recoveryId,
      data: { modifications, steps: [{ action: 'verify_cause', status: 'SKIPPED' }, {}, {}, {}] },
    });
    await scene.recover.finish(recoveryId);
    expect(await statuses(recoveryId)).toEqual([
      'COMPLETED',
      ['SKIPPED', 'COMPLETED', 'COMPLETED', 'COMPLETED'],
    ]);
    expect((await session(kept)).status).toBe('ACTIVE');
    expect((await session(dropped)).status).toBe('CANCELLED');
    expect((await scene.call.budget()).dailyCostLimit.toString()).toBe('40');
  });

  it('is not approved with changes that it does not take', async () => {
    await scene.recover.stop();
    const { recoveryId, approvalId } = await scene.recover.initiate();
    const lift = (await scene.recover.read(recoveryId)).steps.at(-1)!;
    const modifications = { skip: [lift.id] };
    expect(await refusal(scene.recover.vote(approvalId, { modifications }))).toBe('INVALID_INPUT');
    expect((await approval(approvalId)).status).toBe('PENDING');
    expect(await statuses(recoveryId)).toEqual(['WAITING_APPROVAL', ['PENDING', 'PENDING']]);
  });
});

describe('GUIDED (7.5)', () => {
  it('asks on the first call, runs on the next, strictly in turn, and lifts the stop with the last step', async () => {
    const sessionId = await scene.act.start();
    const stopId = await scene.recover.stop();
    const id = await scene.recover.begun();
    const { steps } = await scene.recover.read(id);
    expect(await refusal(scene.recover.execute(id, steps[1]!.id))).toBe('INVALID_STATE');
    for (const [at, { id: stepId }] of steps.entries()) {
      expect(await scene.recover.stopInForce()).toBe(stopId);
      const asked = await scene.recover.execute(id, stepId);
      expect(asked.kind).toBe('asked');
      expect(await scene.recover.execute(id, stepId)).toEqual({ ...asked, kind: 'waits' });
      await scene.recover.vote(asked.approvalId!);
      expect((await scene.recover.read(id)).steps[at]!.status).toBe('APPROVED');
      expect((await scene.recover.execute(id, stepId)).kind).toBe('ran');
      expect(await refusal(scene.recover.execute(id, stepId))).toBe('INVALID_STATE');
    }
    expect(await statuses(id)).toEqual(['COMPLETED', steps.map(() => 'COMPLETED')]);
    expect(await scene.recover.stopInForce()).toBeNull();
    expect((await session(sessionId)).status).toBe('ACTIVE');
  });

  it('of two who execute at once, one asks, and one runs', async () => {
    await scene.recover.stop();
    const id = await scene.recover.begun();
    const step = (await scene.recover.current(id))!;
    const asks = await Promise.all([scene.recover.execute(id, step.id), scene.recover.execute(id, step.id)]);
    expect(asks.map(({ kind }) => kind).sort()).toEqual(['asked', 'waits']);
    expect(asks[0]!.approvalId).toBe(asks[1]!.approvalId);
    await scene.recover.vote(asks[0]!.approvalId!);
    const events = await eventsOf(scene.house, () =>
      Promise.allSettled([scene.recover.execute(id, step.id), scene.recover.execute(id, step.id)]),
    );
    expect(events.map(({ data }) => (data as { to: string }).to)).toEqual(['RUNNING', 'COMPLETED']);
  });
});

describe('AUTOMATED (7.5)', () => {
  it('asks for each step by itself and has it run as it is approved', async () => {
    const sessionId = await scene.act.start();
    const stopId = await scene.recover.stop();
    const id = await scene.recover.begun('AUTOMATED');
    for (const step of (await scene.recover.read(id)).steps) {
      expect(await scene.recover.stopInForce()).toBe(stopId);
      const asked = (await scene.recover.pending(id))!;
      expect(asked).toMatchObject({
        kind: 'RECOVERY_STEP',
        stepId: step.id,
        requestedBy: { kind: 'SYSTEM' },
      });
      scene.house.jobs.length = 0;
      await scene.recover.vote(asked.id);
      expect(scene.house.jobs).toEqual([id]);
      await scene.recover.work();
    }
    expect((await statuses(id))[0]).toBe('COMPLETED');
    expect(await scene.recover.stopInForce()).toBeNull();
    expect((await session(sessionId)).status).toBe('ACTIVE');
  });

  it('puts the lift down to whoever approved it', async () => {
    await scene.recover.stop();
    const id = await scene.recover.begun('AUTOMATED');
    const events = await eventsOf(scene.house, async () => {
      for (let asked = await scene.recover.pending(id); asked; asked = await scene.recover.pending(id)) {
        await scene.recover.vote(asked.id);
        await scene.recover.work();
      }
    });
    expect(events.find(({ type }) => type === 'emergency_stop_resolved')!.by).toBe(scene.team.admin.actor.id);
    expect(events.at(-1)!.type).toBe('recovery_completed');
  });
});

describe('MANUAL (7.5)', () => {
  it('records what a person did, behind the same approvals, and lifts the stop', async () => {
    await scene.act.start();
    await scene.recover.stop(['SECURITY_THREAT']);
    const id = await scene.recover.begun('MANUAL');
    const first = (await scene.recover.current(id))!;
    expect(await refusal(scene.recover.execute(id, first.id))).toBe('REASON_REQUIRED');
    const asked = await scene.recover.execute(id, first.id, 'about to rotate the keys');
    expect((await approval(asked.approvalId!)).proposal).toMatchObject({ note: 'about to rotate the keys' });
    await scene.recover.vote(asked.approvalId!);
    await scene.recover.execute(id, first.id, 'rotated the keys');
    expect((await scene.recover.read(id)).steps[0]!.result).toMatchObject({
      condition: 'SECURITY_THREAT',
      note: 'rotated the keys',
      notedBy: { id: scene.team.manager.actor.id },
    });
    await scene.recover.finish(id, 'done by hand');
    expect((await statuses(id))[0]).toBe('COMPLETED');
    expect(await scene.recover.stopInForce()).toBeNull();
  });
});

describe('a step that cannot be done, or may not (7.6)', () => {
  it('stops there, says what is wrong, and runs once that is put right', async () => {
    const stopId = await scene.recover.stop(['BUDGET_CRITICAL']);
    await scene.house.deps.prisma.budget.update({
      where: { projectId: scene.team.projectId },
      data: { dailyCostUsed: '160' },
    });
    const id = await scene.recover.begun();
    const step = await scene.recover.take(id);
    expect(step).toMatchObject({
      status: 'FAILED',
      error: expect.stringContaining("the day's cost is $160, past 150 %"),
    });
    expect(await scene.recover.read(id)).toMatchObject({ status: 'FAILED', completedAt: null });
    expect(await scene.recover.stopInForce()).toBe(stopId);
    await scene.house.deps.prisma.budget.update({
      where: { projectId: scene.team.projectId },
      data: { dailyCostLimit: '200' },
    });
    await scene.recover.finish(id);
    expect(await statuses(id)).toEqual(['COMPLETED', ['COMPLETED', 'SKIPPED', 'COMPLETED']]);
  });

  it('holds against the limit that the plan sets', async () => {
    await scene.recover.stop(['BUDGET_CRITICAL']);
    await scene.house.deps.prisma.budget.update({
      where: { projectId: scene.team.projectId },
      data: { dailyCostUsed: '160' },
    });
    const id = await scene.recover.begun('GUIDED', { limits: { dailyCost: '180' } });
    await scene.recover.finish(id);
    expect((await statuses(id))[0]).toBe('COMPLETED');
    expect((await scene.call.budget()).dailyCostLimit.toString()).toBe('180');
  });

  it('cannot be made hopeless by a limit beneath what is spent already', async () => {
    await scene.recover.stop();
    await scene.house.deps.prisma.budget.update({
      where: { projectId: scene.team.projectId },
      data: { dailyCostUsed: '90' },
    });
    const { approvalId } = await scene.recover.initiate();
    const vote = (dailyCost: string) =>
      scene.recover.vote(approvalId, { modifications: { limits: { dailyCost } } });
    expect(await refusal(vote('59.9999'))).toBe('INVALID_INPUT');
    await vote('60');
  });

  it('that was rejected can be asked for again', async () => {
    await scene.recover.stop();
    const id = await scene.recover.begun('AUTOMATED');
    const step = (await scene.recover.current(id))!;
    await scene.recover.vote((await scene.recover.pending(id))!.id, {
      verdict: 'REJECT',
      reason: 'wait an hour',
    });
    expect(await scene.recover.read(id)).toMatchObject({
      status: 'FAILED',
      steps: [{ status: 'REJECTED', error: 'rejected: wait an hour' }, {}],
    });
    const again = await scene.recover.execute(id, step.id);
    expect(await statuses(id)).toEqual(['IN_PROGRESS', ['WAITING_APPROVAL', 'PENDING']]);
    await scene.recover.vote(again.approvalId!);
    await scene.recover.work();
    expect((await scene.recover.read(id)).steps[0]!.status).toBe('COMPLETED');
  });

  it('keeps a flagged answer from coming back with the lift', async () => {
    const sessionId = await scene.act.start();
    const call = await scene.call.request(sessionId);
    await scene.call.vote(call);
    await scene.call.begin(call);
    const answer = await scene.call.submit(call, { response: { risk: 'CRITICAL' } });
    const taskId = (await approval(answer)).taskId!;
    await scene.recover.stop(['SECURITY_THREAT']);
    const id = await scene.recover.begun('GUIDED', { tasks: { [taskId]: 'REQUEUE' } });
    const step = await scene.recover.take(id);
    expect(step).toMatchObject({ status: 'FAILED', error: expect.stringContaining(answer) });
    await scene.call.vote(answer, { verdict: 'REJECT', reason: 'no' }, scene.team.supervisor);
    await scene.recover.finish(id);
    expect((await statuses(id))[0]).toBe('COMPLETED');
  });

  it('looks at the causes once more before it lifts, also at what came meanwhile', async () => {
    await scene.recover.stop();
    const id = await scene.recover.begun();
    await scene.recover.take(id);
    await scene.house.deps.prisma.budget.update({
      where: { projectId: scene.team.projectId },
      data: { dailyCostUsed: '151' },
    });
    expect(await scene.recover.take(id)).toMatchObject({ action: 'lift_stop', status: 'FAILED' });
    await scene.house.deps.prisma.budget.update({
      where: { projectId: scene.team.projectId },
      data: { dailyCostUsed: '150' },
    });
    expect(await scene.recover.take(id)).toMatchObject({ action: 'lift_stop', status: 'COMPLETED' });
  });
});

describe('what the stop halted (7.7)', () => {
  it('goes back to where it was, with exactly the time it was held, and what is abandoned is cancelled', async () => {
    const kept = await scene.act.start();
    const waiting = await scene.act.ask(kept, { timeout: 600 });
    const expiry = (await intervention(waiting)).expiresAt!;
    const dropped = await scene.act.start();
    const frozen = await scene.act.ask(dropped);
    const taskIds = await Promise.all(
      [kept, dropped].map(
        async (sessionId) =>
          (
            await createTask(scene.house.deps, scene.team.agent, {
              sessionId,
              agentName: 'ada',
              instructions: 'do',
            })
          ).reply.taskId,
      ),
    );
    await scene.recover.stop();
    clock().advance(3_600);
    const id = await scene.recover.begun('GUIDED', { sessions: { [dropped]: 'ABANDON' } });
    clock().advance(100);
    await scene.recover.finish(id);
    expect((await session(kept)).status).toBe('WAITING_FOR_HUMAN');
    expect(seconds(expiry, (await intervention(waiting)).expiresAt)).toBe(3_700);
    expect((await intervention(waiting)).frozenAt).toBeNull();
    expect((await session(dropped)).status).toBe('CANCELLED');
    expect((await intervention(frozen)).status).toBe('CANCELLED');
    expect((await Promise.all(taskIds.map(task))).map(({ status }) => status)).toEqual([
      'RUNNING',
      'CANCELLED',
    ]);
  });

  it('is abandoned by default where a call had started and nobody knows what became of it', async () => {
    const sessionId = await scene.act.start();
    const call = await scene.call.request(sessionId);
    await scene.call.vote(call);
    await scene.call.begin(call);
    const { taskId } = await approval(call);
    await scene.recover.stop();
    const id = await scene.recover.begun();
    await scene.recover.finish(id);
    expect((await task(taskId!)).status).toBe('CANCELLED');
    expect((await session(sessionId)).status).toBe('ACTIVE');
  });

  it('and was ended by its owner meanwhile stays ended', async () => {
    const { cancelSession } = await import('../../src/sessions/end.ts');
    const sessionId = await scene.act.start();
    await scene.recover.stop();
    const id = await scene.recover.begun();
    await cancelSession(scene.house.deps, scene.team.agent, sessionId, 'never mind');
    await scene.recover.finish(id);
    const { status, steps } = await scene.recover.read(id);
    expect(status).toBe('COMPLETED');
    expect(steps.find(({ action }) => action === 'resume_sessions')!.result).toMatchObject({
      resumed: 0,
      endedMeanwhile: [{ id: sessionId, status: 'CANCELLED' }],
    });
    expect((await session(sessionId)).status).toBe('CANCELLED');
  });
});

describe('cancelling (7.6)', () => {
  it('takes what is asked for with it and leaves the stop in force', async () => {
    const stopId = await scene.recover.stop();
    const id = await scene.recover.begun('AUTOMATED');
    const asked = (await scene.recover.pending(id))!;
    await scene.recover.cancel(id, 'another way');
    expect(await statuses(id)).toEqual(['CANCELLED', ['REJECTED', 'PENDING']]);
    expect(await approval(asked.id)).toMatchObject({ status: 'CANCELLED', rejectionReason: 'another way' });
    expect(await refusal(scene.recover.vote(asked.id))).toBe('CANCELLED');
    expect(await refusal(scene.recover.cancel(id))).toBe('INVALID_STATE');
    expect(await scene.recover.stopInForce()).toBe(stopId);
    await scene.recover.initiate();
  });

  it('against an approval at the same moment: one of them wins, and nothing runs of a recovery that is over', async () => {
    await scene.recover.stop();
    const id = await scene.recover.begun('AUTOMATED');
    const asked = (await scene.recover.pending(id))!;
    await Promise.allSettled([scene.recover.vote(asked.id), scene.recover.cancel(id)]);
    await scene.recover.work();
    expect((await scene.recover.read(id)).status).toBe('CANCELLED');
    expect(await scene.recover.stopInForce()).not.toBeNull();
  });

  it("by taking back the plan's approval takes a MANAGER too", async () => {
    await scene.recover.stop();
    const { recoveryId, approvalId } = await scene.recover.initiate();
    expect(await refusal(scene.call.cancel(approvalId, null, scene.team.operator))).toBe('FORBIDDEN');
    await scene.call.cancel(approvalId, 'no', scene.team.manager);
    expect((await scene.recover.read(recoveryId)).status).toBe('CANCELLED');
  });
});

describe('a worker that dies (1.8)', () => {
  it('in the middle of a step leaves one that another runs', async () => {
    await scene.recover.stop();
    const id = await scene.recover.begun('AUTOMATED');
    const step = (await scene.recover.current(id))!;
    await scene.recover.vote((await scene.recover.pending(id))!.id);
    await scene.house.deps.prisma.recoveryStep.update({
      where: { id: step.id },
      data: { status: 'RUNNING' },
    });
    await scene.recover.work();
    expect((await scene.recover.read(id)).steps[0]!.status).toBe('COMPLETED');
  });
});

describe('who follows the stop (9.3)', () => {
  it('is told of every change of its recovery', async () => {
    const stopId = await scene.recover.stop();
    const told = async (act: () => Promise<unknown>) => {
      scene.house.told.length = 0;
      await act();
      return scene.house.told.some(({ stops }) => stops?.includes(stopId));
    };
    let id = '';
    let planId = '';
    expect(
      await told(
        async () => ({ recoveryId: id, approvalId: planId } = await scene.recover.initiate('AUTOMATED')),
      ),
    ).toBe(true);
    expect(await told(() => scene.recover.vote(planId))).toBe(true);
    const asked = (await scene.recover.pending(id))!;
    expect(scene.house.told.flatMap(({ approvals = [] }) => approvals.map((each) => each.id))).toContain(
      asked.id,
    );
    expect(await told(() => scene.recover.vote(asked.id))).toBe(true);
    expect(await told(() => scene.recover.work())).toBe(true);
    expect(await told(() => scene.recover.cancel(id))).toBe(true);
  });
});
