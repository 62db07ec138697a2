import { afterEach, describe, expect, it } from 'vitest';
import { commitBudget } from '../../src/budgets/commit.ts';
import { openTill } from '../budgets/support.ts';
import { releaseBudget } from '../../src/budgets/release.ts';
import { cancelSession, completeSession, failSession } from '../../src/sessions/end.ts';
import { createTask, finishTask } from '../../src/sessions/tasks.ts';
import { expireStaleSession } from '../../src/sessions/expire-stale.ts';
import { refusal, refusedWithoutTrace } from '../support/house.ts';
import { withApprovals } from './acts.ts';

describe('cancelling', () => {
  const { scene, act, call, stop, lift, task, database } = withApprovals();
  afterEach(lift);

  it.each(['PENDING', 'APPROVED', 'started'] as const)(
    'a call that is %s gives back what it holds (5.2)',
    async (upTo) => {
      const { id, taskId } = await call(upTo);
      await act.cancel(id, 'changed my mind');
      expect(await act.approval(id)).toMatchObject({
        status: 'CANCELLED',
        rejectionReason: 'changed my mind',
        open: false,
        permit: null,
      });
      expect((await act.reservation(id)).status).toBe('RELEASED');
      expect((await task(taskId)).status).toBe('CANCELLED');
    },
  );

  it('a call takes its waiting answer with it; what was spent stays spent', async () => {
    const { id, answerId, taskId } = await call('answered');
    await act.cancel(id);
    expect((await act.approval(answerId)).status).toBe('CANCELLED');
    expect((await act.reservation(id)).status).toBe('COMMITTED');
    expect((await task(taskId)).status).toBe('CANCELLED');
  });

  it('is the one way to give back what a call holds, and its answer the one way to settle it (5.2, 5.3, 6.2)', async () => {
    const { id } = await call('started');
    const { id: reservationId } = await act.reservation(id);
    const { ledger } = openTill(database(), database().clock);
    const { agent } = scene.team;
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () =>
      commitBudget(ledger, agent, { reservationId, tokens: 0, cost: '0' }),
    );
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () =>
      releaseBudget(ledger, agent, reservationId),
    );
    expect((await act.reservation(id)).status).toBe('HELD');
    await act.submit(id);
    expect((await act.reservation(id)).status).toBe('COMMITTED');
  });

  it('an answer ends its call', async () => {
    const { id, answerId, taskId } = await call('answered');
    await act.cancel(answerId);
    expect(await act.approval(id)).toMatchObject({ status: 'APPROVED', open: false });
    expect((await task(taskId)).status).toBe('CANCELLED');
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.submit(id));
  });

  it('is for who asked, and for people; not for another agent', async () => {
    const { id } = await call();
    const other = { ...scene.team.agent, actor: { ...scene.team.agent.actor, id: 'key_other' } };
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.cancel(id, null, other));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => act.cancel(id, null, scene.team.stranger));
    await act.cancel(id, null, scene.team.operator);
  });

  it('what is settled stays as it is', async () => {
    const { id } = await call();
    await act.vote(id, { verdict: 'REJECT', reason: 'no' });
    await refusedWithoutTrace(scene.house, 'ALREADY_RESOLVED', () => act.cancel(id));
    const { id: second } = await call();
    await act.cancel(second);
    await refusedWithoutTrace(scene.house, 'CANCELLED', () => act.cancel(second));
  });

  it('is possible beneath a stop (7.2)', async () => {
    const { id, sessionId } = await call();
    await stop(sessionId);
    await act.cancel(id);
    expect((await act.approval(id)).status).toBe('CANCELLED');
  });
});

describe('a session that ends', () => {
  const { scene, act, call, task } = withApprovals();

  it.each([
    ['completed', (id: string) => completeSession(scene.house.deps, scene.team.agent, id, null)],
    ['failed', (id: string) => failSession(scene.house.deps, scene.team.agent, id, 'broken')],
    ['cancelled', (id: string) => cancelSession(scene.house.deps, scene.team.agent, id, null)],
  ])('%s, cancels what is open and gives back what nobody is spending (3.8)', async (_, end) => {
    const sessionId = await scene.act.start();
    const made = [];
    for (const upTo of ['PENDING', 'APPROVED', 'started', 'answered'] as const)
      made.push(await call(upTo, { sessionId }));
    await end(sessionId);
    for (const { id, taskId } of made) {
      expect(await act.approval(id)).toMatchObject({ status: 'CANCELLED', open: false });
      expect((await task(taskId)).status).toBe('CANCELLED');
    }
    expect((await act.approval(made[3]!.answerId)).status).toBe('CANCELLED');
    const holds = await Promise.all(made.map(async ({ id }) => (await act.reservation(id)).status));
    // What has begun may be spending yet: it stays held until it is settled or out of time.
    expect(holds).toEqual(['RELEASED', 'RELEASED', 'HELD', 'COMMITTED']);
  });

  it('while people have yet to decide, no session is silent (3.9)', async () => {
    const { deps } = scene.house;
    const { sessionId } = await call('answered');
    const past = new Date(deps.clock.now().getTime() - 25 * 3_600_000);
    await deps.prisma.session.update({
      where: { id: sessionId },
      data: { staleAt: past, lastActivity: past, version: { increment: 1 } },
    });
    await expireStaleSession(deps, sessionId);
    expect((await deps.prisma.session.findUniqueOrThrow({ where: { id: sessionId } })).status).toBe('ACTIVE');
  });
});

describe('a task with an open approval', () => {
  const { scene, act, call, task } = withApprovals();

  it('cannot be finished until it is settled', async () => {
    const { deps } = scene.house;
    const sessionId = await scene.act.start();
    const own = (
      await createTask(deps, scene.team.agent, { sessionId, agentName: 'ada', instructions: 'do' })
    ).reply;
    const finish = () =>
      finishTask(deps, scene.team.agent, { taskId: own.taskId, status: 'COMPLETED', result: null });
    const { id, answerId } = await call('answered', { sessionId, taskId: own.taskId });
    expect((await task(own.taskId)).status).toBe('AWAITING_RESPONSE_APPROVAL');
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', finish);
    await act.vote(answerId);
    expect((await act.approval(id)).open).toBe(false);
    expect((await task(own.taskId)).status).toBe('RUNNING');
    await finish();
  });

  it('that was made for a call is finished by it alone', async () => {
    const { taskId } = await call('APPROVED');
    const finished = finishTask(scene.house.deps, scene.team.agent, {
      taskId,
      status: 'FAILED',
      result: null,
    });
    expect(await refusal(finished)).toBe('INVALID_STATE');
  });
});
