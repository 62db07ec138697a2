import { afterEach, describe, expect, it } from 'vitest';
import { eventsOf, refusal, refusedWithoutTrace } from '../support/house.ts';
import { withApprovals } from './acts.ts';

describe('asking for a call', () => {
  const { scene, act, call, stop, lift, task, clock } = withApprovals();
  afterEach(lift);

  it.each([
    ['LOW', 'OPERATOR'],
    ['MEDIUM', 'OPERATOR'],
    ['HIGH', 'SUPERVISOR'],
    ['CRITICAL', 'SUPERVISOR'],
  ] as const)('%s risk is for %s to approve, and stays so (5.4, 4.14)', async (risk, requiredRole) => {
    const { id } = await call('PENDING', { inputData: { risk } });
    expect(await act.approval(id)).toMatchObject({
      riskLevel: risk,
      requiredRole,
      requiredApprovals: 1,
      round: 1,
    });
  });

  it('fixes its terms, its digest and what the budget said (4.14, 5.6)', async () => {
    const now = clock().now();
    const { id } = await call('PENDING', { timeoutMinutes: 10 });
    const approval = await act.approval(id);
    expect(approval.expiresAt).toEqual(new Date(now.getTime() + 600_000));
    expect(approval.dueAt).toEqual(new Date(now.getTime() + 480_000));
    expect(approval.proposal).toMatchObject({
      estimatedTokens: 100,
      estimatedCost: '1.5000',
      budgetCheck: { allowed: true, violations: [] },
    });
    expect(approval.digest).toMatch(/^[0-9a-f]{64}$/);
    const other = await call('PENDING', { timeoutMinutes: 10 });
    expect((await act.approval(other.id)).digest).toBe(approval.digest);
    const different = await call('PENDING', { inputData: { to: 'nobody' } });
    expect((await act.approval(different.id)).digest).not.toBe(approval.digest);
  });

  it('holds its estimate until a day past its expiry, and says so in the log (5.2)', async () => {
    const sessionId = await scene.act.start();
    const before = await act.budget();
    let id = '';
    const events = await eventsOf(scene.house, async () => {
      id = await act.request(sessionId, { estimatedTokens: 7, estimatedCost: '0.25' });
    });
    const { expiresAt } = await act.approval(id);
    const hold = await act.reservation(id);
    expect(hold).toMatchObject({ status: 'HELD', tokens: 7, approvalId: id });
    expect(hold.expiresAt.getTime() - expiresAt!.getTime()).toBe(24 * 3_600_000);
    const after = await act.budget();
    expect(Number(after.tokensReserved - before.tokensReserved)).toBe(7);
    expect(events.map(({ type }) => type)).toContain('agent_approval_requested');
    expect(events.find(({ type }) => type === 'agent_approval_requested')).toMatchObject({
      subjectId: id,
      data: { requiredRole: 'OPERATOR', estimatedCost: '0.2500' },
    });
  });

  it('makes its task where none is named, and moves the one that is (5.2)', async () => {
    const made = await call();
    expect(await task(made.taskId)).toMatchObject({
      madeForCall: true,
      status: 'AWAITING_APPROVAL',
      agentName: 'ada',
    });
    const own = await ownTask();
    const { id } = await call('PENDING', { sessionId: own.sessionId, taskId: own.taskId });
    expect((await act.approval(id)).taskId).toBe(own.taskId);
    expect((await task(own.taskId)).status).toBe('AWAITING_APPROVAL');
    await act.vote(id);
    expect((await task(own.taskId)).status).toBe('RUNNING');
  });

  async function ownTask() {
    const { createTask } = await import('../../src/sessions/tasks.ts');
    const sessionId = await scene.act.start();
    const input = { sessionId, agentName: 'ada', instructions: 'letters' };
    const { taskId } = (await createTask(scene.house.deps, scene.team.agent, input)).reply;
    return { sessionId, taskId };
  }

  it("refuses a task of another session, of nobody's, and one that has finished", async () => {
    const { finishTask } = await import('../../src/sessions/tasks.ts');
    const { sessionId, taskId } = await ownTask();
    const elsewhere = await scene.act.start();
    expect(await refusal(call('PENDING', { sessionId: elsewhere, taskId }))).toBe('NOT_FOUND');
    expect(await refusal(call('PENDING', { sessionId, taskId: 'task_none' }))).toBe('NOT_FOUND');
    await finishTask(scene.house.deps, scene.team.agent, { taskId, status: 'COMPLETED', result: null });
    expect(await refusal(call('PENDING', { sessionId, taskId }))).toBe('INVALID_STATE');
  });

  it.each([
    ['agentName', { agentName: ' ' }],
    ['agentName', { agentName: 'x'.repeat(201) }],
    ['proposedAction', { proposedAction: '' }],
    ['proposedAction', { proposedAction: 'x'.repeat(20_001) }],
    ['contextSummary', { contextSummary: 'x'.repeat(20_001) }],
    ['inputData', { inputData: 'x'.repeat(262_145) }],
    ['estimatedTokens', { estimatedTokens: -1 }],
    ['estimatedTokens', { estimatedTokens: 2 ** 31 }],
    ['estimatedCost', { estimatedCost: '-0.0001' }],
    ['estimatedCost', { estimatedCost: '0.00001' }],
    ['estimatedCost', { estimatedCost: 'much' }],
    ['estimatedCost', { estimatedCost: '1e3' }],
    ['timeoutMinutes', { timeoutMinutes: 0 }],
    ['timeoutMinutes', { timeoutMinutes: 525_601 }],
    ['inputSchema', { inputSchema: { type: 'nonsense' } }],
    ['inputSchema', { inputSchema: 'a string' }],
    ['inputData', { inputSchema: { type: 'object', required: ['cc'] } }],
  ])('refuses a bad %s (10.3)', async (field, input) => {
    const sessionId = await scene.act.start();
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => act.request(sessionId, input));
    await expect(act.request(sessionId, input)).rejects.toMatchObject({
      errors: [expect.objectContaining({ path: expect.arrayContaining([field]) })],
    });
  });

  it('takes the bounds themselves', async () => {
    const { id } = await call('PENDING', { timeoutMinutes: 525_600, estimatedTokens: 0, estimatedCost: '0' });
    expect((await act.reservation(id)).tokens).toBe(0);
  });

  it('names the lines that the budget cannot carry, with their figures, and holds nothing (5.2)', async () => {
    const sessionId = await scene.act.start();
    const dear = { estimatedTokens: 100_001, estimatedCost: '101' };
    await refusedWithoutTrace(scene.house, 'BUDGET_EXCEEDED', () => act.request(sessionId, dear));
    await expect(act.request(sessionId, dear)).rejects.toThrow(
      /estimate: TOKEN_DAILY: 100001 asked, \d+ left; COST_DAILY: 101\.0000 asked, \d+\.\d{4} left$/,
    );
    await expect(act.request(sessionId, { estimatedTokens: 2_000_001 })).rejects.toThrow(/TOKEN_MONTHLY/);
  });

  it('is refused once the session has ended, beneath a stop, and in another project', async () => {
    const { cancelSession } = await import('../../src/sessions/end.ts');
    const ended = await scene.act.start();
    await cancelSession(scene.house.deps, scene.team.agent, ended, null);
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.request(ended));
    const sessionId = await scene.act.start();
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () =>
      act.request(sessionId, {}, scene.team.stranger),
    );
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => act.request('session_none'));
    const halted = await scene.act.start();
    await stop(halted);
    await refusedWithoutTrace(scene.house, 'EMERGENCY_STOPPED', () => act.request(halted));
    // One that the stop has not reached yet is held by the project's row.
    await refusedWithoutTrace(scene.house, 'EMERGENCY_STOPPED', () => act.request(sessionId));
    await scene.house.deps.prisma.session.update({
      where: { id: halted },
      data: { status: 'ACTIVE', haltedFrom: null, version: { increment: 1 } },
    });
  });

  it('gives an equal request with the same key the first answer, and another one a refusal (2.8)', async () => {
    const sessionId = await scene.act.start();
    const first = await act.request(sessionId, { idempotencyKey: 'once' });
    expect(await act.request(sessionId, { idempotencyKey: 'once' })).toBe(first);
    const other = act.request(sessionId, { idempotencyKey: 'once', inputData: { to: 'one' } });
    expect(await refusal(other)).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await scene.house.deps.prisma.approval.count({ where: { sessionId } })).toBe(1);
  });

  it('shows the assessment what the agent has been doing in the last 30 days (5.4)', async () => {
    const { readHistoryOf } = await import('./history.ts');
    const name = 'eve';
    const rejected = await call('PENDING', { agentName: name });
    await act.vote(rejected.id, { verdict: 'REJECT', reason: 'no' });
    const flagged = await call('started', { agentName: name });
    await act.submit(flagged.id, { response: { risk: 'HIGH' } });
    await call('PENDING', { agentName: name });
    await call('PENDING', { agentName: 'somebody else' });
    const history = { calls: 3, rejected: 1, failed: 0, flagged: 1 };
    expect(await readHistoryOf(scene.house, scene.team, name, clock().now())).toEqual(history);
    const later = new Date(clock().now().getTime() + 31 * 24 * 3_600_000);
    expect(await readHistoryOf(scene.house, scene.team, name, later)).toMatchObject({ calls: 0 });
  });
});
