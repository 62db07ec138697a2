import { beforeAll, describe, expect, it } from 'vitest';
import { withHouse } from '../support/with-house.ts';
import { eventsOf } from '../support/house.ts';
import { approvalActs } from './acts.ts';

describe('a call and its answer', () => {
  const { scene, task } = withHouse();
  let act: ReturnType<typeof approvalActs>;
  beforeAll(() => {
    act = approvalActs(scene.house, scene.team);
  });

  it('goes from request to an approved answer, its task and its money with it (5.1 to 5.3)', async () => {
    const sessionId = await scene.act.start();
    const id = await act.request(sessionId, { estimatedTokens: 100, estimatedCost: '2.5' });
    const asked = await act.approval(id);
    expect(asked).toMatchObject({
      status: 'PENDING',
      kind: 'AGENT_CALL',
      requiredRole: 'OPERATOR',
      permit: null,
    });
    expect((await task(asked.taskId!)).status).toBe('AWAITING_APPROVAL');
    expect(await act.reservation(id)).toMatchObject({ status: 'HELD', tokens: 100 });

    await act.vote(id);
    const approved = await act.approval(id);
    expect(approved).toMatchObject({
      status: 'APPROVED',
      permit: `permit:${id}:${asked.digest}`,
      open: true,
    });
    expect((await task(asked.taskId!)).status).toBe('PENDING');

    await act.begin(id);
    expect((await act.approval(id)).startedAt).not.toBeNull();
    expect((await task(asked.taskId!)).status).toBe('RUNNING');

    const answerId = await act.submit(id);
    expect((await task(asked.taskId!)).status).toBe('AWAITING_RESPONSE_APPROVAL');
    expect(await act.reservation(id)).toMatchObject({ status: 'COMMITTED', committedTokens: 10 });

    const events = await eventsOf(scene.house, () => act.vote(answerId));
    expect(events.map(({ type }) => type)).toEqual(['approval_voted', 'task_finished', 'approval_resolved']);
    expect(await task(asked.taskId!)).toMatchObject({ status: 'COMPLETED', result: { text: 'sent' } });
    expect((await act.approval(id)).open).toBe(false);
    expect(await act.approval(answerId)).toMatchObject({ status: 'APPROVED', open: false, callId: id });
  });
});
