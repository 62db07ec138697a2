import { afterEach, describe, expect, it } from 'vitest';
import { eventsOf, refusal, refusedWithoutTrace } from '../support/house.ts';
import { withApprovals } from './acts.ts';

describe('submitting an answer', () => {
  const { scene, act, call, stop, lift, task, clock } = withApprovals();
  afterEach(lift);

  const used = async () => {
    const { dailyTokensUsed, dailyCostUsed } = await act.budget();
    return [Number(dailyTokensUsed), Number(dailyCostUsed)] as const;
  };
  /** What this added to what was used today. */
  async function spentBy(work: () => Promise<unknown>): Promise<readonly [number, number]> {
    const [tokens, cost] = await used();
    await work();
    const [after, afterCost] = await used();
    return [after - tokens, Math.round((afterCost - cost) * 10_000) / 10_000];
  }
  const figures = { tokensUsed: 11, actualCost: '0.75' };

  it('commits the real figures and asks a person (5.1, 5.3)', async () => {
    const { id, taskId } = await call('started');
    let answerId = '';
    const spent = await spentBy(async () => {
      answerId = await act.submit(id, { ...figures, summary: 'done', nextSteps: ['rest'], confidence: 0.5 });
    });
    expect(spent).toEqual([11, 0.75]);
    expect(await act.approval(answerId)).toMatchObject({
      kind: 'RESPONSE',
      status: 'PENDING',
      callId: id,
      taskId,
      summary: 'done',
      expiresAt: null,
      dueAt: null,
      requiredRole: 'OPERATOR',
      proposal: { nextSteps: ['rest'], tokensUsed: 11, actualCost: '0.7500', confidence: 0.5 },
    });
    expect(await act.reservation(id)).toMatchObject({ status: 'COMMITTED', committedTokens: 11 });
    expect((await task(taskId)).status).toBe('AWAITING_RESPONSE_APPROVAL');
  });

  it('starts a call that was approved and never started (5.3)', async () => {
    const { id } = await call('APPROVED');
    const events = await eventsOf(scene.house, () => act.submit(id));
    expect(events.map(({ type }) => type)).toContain('agent_call_started');
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.begin(id));
  });

  it.each([
    ['is not approved', 'INVALID_STATE', async () => call()],
    [
      'was rejected',
      'INVALID_STATE',
      async () => {
        const made = await call();
        await act.vote(made.id, { verdict: 'REJECT', reason: 'no' });
        return made;
      },
    ],
    [
      'was cancelled',
      'CANCELLED',
      async () => {
        const made = await call('started');
        await act.cancel(made.id);
        return made;
      },
    ],
    [
      'was never started and expired',
      'EXPIRED',
      async () => {
        const made = await call('APPROVED', { timeoutMinutes: 1 });
        clock().advance(61);
        return made;
      },
    ],
    [
      'is stopped',
      'EMERGENCY_STOPPED',
      async () => {
        const made = await call('started');
        await stop(made.sessionId);
        return made;
      },
    ],
  ] as const)('of a call that %s is refused, and the money counts, once (5.3)', async (_, code, make) => {
    const { id } = await make();
    expect(await spentBy(async () => expect(await refusal(act.submit(id, figures))).toBe(code))).toEqual([
      11, 0.75,
    ]);
    await refusedWithoutTrace(scene.house, code, () => act.submit(id, figures));
    expect((await act.reservation(id)).status).toBe('COMMITTED');
    if (code !== 'EMERGENCY_STOPPED') return;
    const { prisma } = scene.house.deps;
    const { sessionId } = await act.approval(id);
    await prisma.session.update({
      where: { id: sessionId! },
      data: { status: 'ACTIVE', haltedFrom: null, version: { increment: 1 } },
    });
  });

  it('of one whose session has ended is refused, and the money counts (5.3)', async () => {
    const { cancelSession } = await import('../../src/sessions/end.ts');
    const { id, sessionId } = await call('started');
    await cancelSession(scene.house.deps, scene.team.agent, sessionId, 'enough');
    expect(
      await spentBy(async () => expect(await refusal(act.submit(id, figures))).toBe('CANCELLED')),
    ).toEqual([11, 0.75]);
  });

  it('again while one is pending is refused, and counts nothing more; so does another one once it is settled', async () => {
    const { id, answerId } = await call('answered');
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.submit(id, figures));
    await act.vote(answerId);
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.submit(id, figures));
  });

  it('again after REQUIRES_MODIFICATION is a new RESPONSE for the same call, whose cost comes on top (5.3)', async () => {
    const { id, answerId, taskId } = await call('answered');
    const changes = {
      verdict: 'REQUEST_MODIFICATION',
      reason: 'shorter',
      modifications: { length: 10 },
    } as const;
    await act.vote(answerId, changes);
    expect(await act.approval(answerId)).toMatchObject({
      status: 'REQUIRES_MODIFICATION',
      rejectionReason: 'shorter',
      modifications: { length: 10 },
      open: false,
    });
    expect((await act.approval(id)).open).toBe(true);
    expect((await task(taskId)).status).toBe('RUNNING');
    let again = '';
    expect(await spentBy(async () => (again = await act.submit(id, figures)))).toEqual([11, 0.75]);
    expect(again).not.toBe(answerId);
    await act.vote(again);
    expect((await task(taskId)).status).toBe('COMPLETED');
    expect((await act.approval(id)).open).toBe(false);
    const rows = await scene.house.deps.prisma.budgetReservation.findMany({ where: { approvalId: id } });
    expect(rows.map(({ status }) => status)).toEqual(['COMMITTED', 'COMMITTED']);
  });

  it('rejected: the call is over, and its task REJECTED', async () => {
    const { id, answerId, taskId } = await call('answered');
    await act.vote(answerId, { verdict: 'REJECT', reason: 'wrong' });
    expect((await task(taskId)).status).toBe('REJECTED');
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.submit(id, figures));
  });

  it('is for higher roles by its own risk (5.4)', async () => {
    const { id } = await call('started');
    const answerId = await act.submit(id, { response: { risk: 'HIGH' } });
    expect(await act.approval(answerId)).toMatchObject({ riskLevel: 'HIGH', requiredRole: 'SUPERVISOR' });
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.vote(answerId));
  });

  it.each([
    ['tokensUsed', { tokensUsed: -1 }],
    ['actualCost', { actualCost: '-1' }],
    // Past 10^12 dollars, a few of them would overflow what a line has used (behaviour 6.1).
    ['actualCost', { actualCost: '1000000000000.0001' }],
    ['actualCost', { actualCost: '0.12345' }],
    ['response', { response: 'x'.repeat(262_145) }],
    ['summary', { summary: 'x'.repeat(20_001) }],
    ['nextSteps', { nextSteps: Array.from({ length: 51 }, () => 'go') }],
    ['confidence', { confidence: 1.1 }],
  ])('refuses a bad %s (10.3)', async (field, input) => {
    const { id } = await call('started');
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => act.submit(id, input));
    await expect(act.submit(id, input)).rejects.toMatchObject({
      errors: [expect.objectContaining({ path: expect.arrayContaining([field]) })],
    });
  });

  it('is for who asked, in the project (2.2)', async () => {
    const { id } = await call('started');
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.submit(id, {}, scene.team.operator));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => act.submit(id, {}, scene.team.stranger));
  });

  it('with the same key once more gets the first answer, and costs nothing more (2.8)', async () => {
    const { id } = await call('started');
    const first = await act.submit(id, { idempotencyKey: 'answer' });
    expect(
      await spentBy(async () => expect(await act.submit(id, { idempotencyKey: 'answer' })).toBe(first)),
    ).toEqual([0, 0]);
  });
});
