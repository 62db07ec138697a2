import { afterEach, describe, expect, it } from 'vitest';
import { eventsOf, refusal, refusedWithoutTrace } from '../support/house.ts';
import { withApprovals } from './acts.ts';

describe('starting a call', () => {
  const { scene, act, call, stop, lift, task, clock } = withApprovals();
  afterEach(lift);

  it('uses the approval, once (5.3)', async () => {
    const { id, taskId } = await call('APPROVED');
    const events = await eventsOf(scene.house, () => act.begin(id));
    expect(events.map(({ type }) => type)).toEqual(['agent_call_started']);
    expect(await act.approval(id)).toMatchObject({ startedAt: clock().now(), dueAt: null, open: true });
    expect((await task(taskId)).status).toBe('RUNNING');
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.begin(id));
  });

  it('is refused before it is approved, and once it was rejected or cancelled (5.3)', async () => {
    const { id } = await call();
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.begin(id));
    await act.vote(id, { verdict: 'REJECT', reason: 'no' });
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => act.begin(id));
    const cancelled = await call('APPROVED');
    await act.cancel(cancelled.id);
    await refusedWithoutTrace(scene.house, 'CANCELLED', () => act.begin(cancelled.id));
  });

  it('is bounded by the expiry, which bounds nothing once it has begun (5.3, 5.7)', async () => {
    const { id } = await call('APPROVED', { timeoutMinutes: 1 });
    const started = await call('started', { timeoutMinutes: 1 });
    clock().advance(61);
    expect(await refusal(act.begin(id))).toBe('EXPIRED');
    expect(await act.approval(id)).toMatchObject({ status: 'TIMED_OUT', permit: null });
    await act.submit(started.id);
  });

  it("is for who asked, or an agent of the project where an agent did; a person's is that person's", async () => {
    const { id } = await call('APPROVED');
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.begin(id, scene.team.operator));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => act.begin(id, scene.team.stranger));
    const otherKey = { ...scene.team.agent, actor: { ...scene.team.agent.actor, id: 'key_other' } };
    await act.begin(id, otherKey);
    const sessionId = await scene.act.start();
    const hers = await act.request(sessionId, {}, scene.team.colleague);
    await act.vote(hers);
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.begin(hers));
    await act.begin(hers, scene.team.colleague);
  });

  it('is about calls alone', async () => {
    const { answerId } = await call('answered');
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => act.begin(answerId));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => act.begin('approval_none'));
  });

  it('is refused beneath a stop (7.2)', async () => {
    const { id, sessionId } = await call('APPROVED');
    await stop(sessionId);
    await refusedWithoutTrace(scene.house, 'EMERGENCY_STOPPED', () => act.begin(id));
  });
});
