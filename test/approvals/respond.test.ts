import { afterEach, describe, expect, it } from 'vitest';
import { eventsOf, refusal, refusedWithoutTrace } from '../support/house.ts';
import { withApprovals } from './acts.ts';

describe('deciding a call', () => {
  const { scene, act, call, stop, lift, task, clock } = withApprovals();
  afterEach(lift);

  const reject = { verdict: 'REJECT', reason: 'not now' } as const;

  it('approved: it may start, with a permit for exactly what was shown (5.6)', async () => {
    const { id, taskId } = await call();
    const events = await eventsOf(scene.house, () => act.vote(id));
    expect(events.map(({ type, by }) => [type, by])).toEqual([
      ['approval_voted', scene.team.operator.actor.id],
      ['approval_resolved', scene.team.operator.actor.id],
    ]);
    const approval = await act.approval(id);
    expect(approval).toMatchObject({ status: 'APPROVED', open: true, respondedAt: clock().now() });
    expect(approval.permit).toBe(`permit:${id}:${approval.digest}`);
    expect(JSON.stringify(events)).not.toContain('permit:');
    expect((await task(taskId)).status).toBe('PENDING');
    expect((await act.reservation(id)).status).toBe('HELD');
  });

  it('rejected: what it held is given back, and its task is REJECTED (5.2)', async () => {
    const { id, taskId } = await call();
    await act.vote(id, reject);
    expect(await act.approval(id)).toMatchObject({
      status: 'REJECTED',
      rejectionReason: 'not now',
      open: false,
      dueAt: null,
      permit: null,
    });
    expect((await act.reservation(id)).status).toBe('RELEASED');
    expect((await task(taskId)).status).toBe('REJECTED');
  });

  it('twice by the same person: the first result; otherwise ALREADY_DECIDED; by another: ALREADY_RESOLVED (5.4)', async () => {
    const { id } = await call();
    await act.vote(id);
    const events = await eventsOf(scene.house, () => act.vote(id));
    expect(events).toEqual([]);
    await refusedWithoutTrace(scene.house, 'ALREADY_DECIDED', () => act.vote(id, reject));
    await refusedWithoutTrace(scene.house, 'ALREADY_RESOLVED', () => act.vote(id, {}, scene.team.colleague));
    await refusedWithoutTrace(scene.house, 'ALREADY_RESOLVED', () =>
      act.vote(id, reject, scene.team.manager),
    );
  });

  it('needs a reason to reject, the role, and the project (5.5, 2.2)', async () => {
    const { id } = await call('PENDING', { inputData: { risk: 'HIGH' } });
    const noReason = { verdict: 'REJECT' } as const;
    await refusedWithoutTrace(scene.house, 'REASON_REQUIRED', () =>
      act.vote(id, noReason, scene.team.supervisor),
    );
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.vote(id));
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.vote(id, {}, scene.team.viewer));
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.vote(id, {}, scene.team.agent));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => act.vote(id, {}, scene.team.stranger));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => act.vote('approval_none'));
    await act.vote(id, {}, scene.team.supervisor);
  });

  it('refuses words that are too long, and changes for whoever they are not (10.3, 5.5)', async () => {
    const { id } = await call();
    const bad = [
      { reason: 'x'.repeat(20_001) },
      { approvedInput: 'x'.repeat(262_145) },
      { modifications: { a: 1 } },
      { verdict: 'REQUEST_MODIFICATION', reason: 'again' },
      { ...reject, approvedInput: { to: 'one' } },
    ] as const;
    for (const input of bad)
      await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => act.vote(id, input));
  });

  it('nobody approves what they asked for; an ADMIN does where nobody else could, and it is recorded (2.6)', async () => {
    const { prisma, ids } = scene.house.deps;
    const sessionId = await scene.act.start();
    const id = await act.request(sessionId, {}, scene.team.admin);
    const key = { id: ids.next('key'), hash: 'x', name: 'x', role: 'SUPERVISOR' as const };
    const { projectId, supervisor } = scene.team;
    const owner = { projectId, userId: supervisor.actor.id, createdAt: clock().now() };
    await prisma.apiKey.create({ data: { ...key, ...owner } });
    await refusedWithoutTrace(scene.house, 'SELF_APPROVAL', () => act.vote(id, {}, scene.team.admin));
    await prisma.apiKey.update({ where: { id: key.id }, data: { revokedAt: clock().now() } });
    const events = await eventsOf(scene.house, () => act.vote(id, {}, scene.team.admin));
    expect(events.map(({ type }) => type)).toEqual(['approval_voted', 'human_override', 'approval_resolved']);
  });

  it('is refused once it has expired, whether or not the clock has come by (5.7)', async () => {
    const { id, taskId } = await call('PENDING', { timeoutMinutes: 1 });
    clock().advance(60);
    expect(await refusal(act.vote(id))).toBe('EXPIRED');
    // What the clock had due was written with the refusal.
    expect(await act.approval(id)).toMatchObject({ status: 'TIMED_OUT', open: false });
    expect((await act.reservation(id)).status).toBe('RELEASED');
    expect((await task(taskId)).status).toBe('CANCELLED');
    await refusedWithoutTrace(scene.house, 'EXPIRED', () => act.vote(id));
  });

  it('beneath a stop grants nothing, and may reject (7.2)', async () => {
    const { id, sessionId, taskId } = await call();
    await stop(sessionId);
    await refusedWithoutTrace(scene.house, 'EMERGENCY_STOPPED', () => act.vote(id));
    await act.vote(id, reject);
    expect((await act.approval(id)).status).toBe('REJECTED');
    expect((await act.reservation(id)).status).toBe('RELEASED');
    expect((await task(taskId)).status).toBe('REJECTED');
  });

  it('remembers an idempotency key, and not a refusal (2.8)', async () => {
    const { id } = await call('PENDING', { inputData: { risk: 'HIGH' } });
    const keyed = { idempotencyKey: 'vote' };
    expect(await refusal(act.vote(id, keyed))).toBe('FORBIDDEN');
    await act.vote(id, keyed, scene.team.supervisor);
    expect(await act.vote(id, keyed, scene.team.supervisor)).toEqual({ approvalId: id });
    expect(await refusal(act.vote(id, { ...keyed, reason: 'other' }, scene.team.supervisor))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });
});

describe('an edited input', () => {
  const { scene, act, call } = withApprovals();
  const inputSchema = { type: 'object', required: ['to'], properties: { to: { type: 'string' } } };

  it('is what runs: digest and permit are of it (5.4, 5.6)', async () => {
    const { id } = await call('PENDING', { inputSchema, inputData: { to: 'all' } });
    const before = await act.approval(id);
    await act.vote(id, { approvedInput: { to: 'one' } });
    const after = await act.approval(id);
    expect(after).toMatchObject({ status: 'APPROVED', round: 2, approvedInput: { to: 'one' } });
    expect(after.digest).toBe(
      scene.house.deps.permits.digestOf({
        agentName: 'ada',
        proposedAction: 'send the letter',
        input: { to: 'one' },
      }),
    );
    expect(after.permit).toBe(`permit:${id}:${after.digest}`);
    expect(before.digest).not.toBe(after.digest);
    expect(after.proposal).toEqual(before.proposal);
  });

  it('must satisfy the schema that it was asked with, each fault with its path', async () => {
    const { id } = await call('PENDING', { inputSchema });
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => act.vote(id, { approvedInput: { to: 1 } }));
    await expect(act.vote(id, { approvedInput: { to: 1 } })).rejects.toMatchObject({
      errors: [{ path: ['response', 'approvedInput', 'to'] }],
    });
  });

  it('is assessed anew: role and level rise, and an editor beneath them is refused (5.4)', async () => {
    const { id } = await call();
    const risky = { approvedInput: { to: 'all', risk: 'CRITICAL' } };
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.vote(id, risky));
    await act.vote(id, risky, scene.team.supervisor);
    expect(await act.approval(id)).toMatchObject({ requiredRole: 'SUPERVISOR', riskLevel: 'CRITICAL' });
    const high = await call('PENDING', { inputData: { risk: 'HIGH' } });
    const harmless = { approvedInput: { to: 'one' } };
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.vote(high.id, harmless));
    await act.vote(high.id, harmless, scene.team.supervisor);
    expect(await act.approval(high.id)).toMatchObject({ requiredRole: 'SUPERVISOR', riskLevel: 'LOW' });
  });

  it('makes the votes before it count no more, with a quorum of two (5.4)', async () => {
    const { id } = await call();
    await scene.house.deps.prisma.approval.update({ where: { id }, data: { requiredApprovals: 2 } });
    await act.vote(id);
    const first = await act.approval(id);
    await act.vote(id, { approvedInput: { to: 'one' } }, scene.team.colleague);
    expect(await act.approval(id)).toMatchObject({ status: 'PENDING', round: 2 });
    // Whoever says what they were shown does not approve something else.
    const seen = { actionDigest: first.digest };
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.vote(id, seen, scene.team.supervisor));
    await act.vote(id);
    const after = await act.approval(id);
    expect(after.status).toBe('APPROVED');
    expect(after.votes).toHaveLength(3);
    expect(after.permit).toBe(`permit:${id}:${after.digest}`);
  });
});
