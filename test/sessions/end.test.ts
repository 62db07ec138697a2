import { describe, expect, it } from 'vitest';
import { cancelSession, completeSession, failSession } from '../../src/sessions/end.ts';
import { eventsOf, everything, refusedWithoutTrace } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, clock, asked, intervention, session } = withHouse();
const complete = (id: string, result: never = { done: true } as never) =>
  completeSession(scene.house.deps, scene.team.agent, id, result);
const fail = (id: string, reason = 'broken') => failSession(scene.house.deps, scene.team.agent, id, reason);
const cancel = (id: string, reason: string | null = null) =>
  cancelSession(scene.house.deps, scene.team.agent, id, reason);

describe('ending a session', () => {
  it('completing keeps the result, and nothing more happens to it', async () => {
    const id = await scene.act.start();
    const events = await eventsOf(scene.house, () => complete(id));
    expect(events).toEqual([
      {
        type: 'session_status_changed',
        subjectId: id,
        by: scene.team.agent.actor.id,
        data: { from: 'ACTIVE', to: 'COMPLETED' },
      },
    ]);
    expect(await session(id)).toMatchObject({
      status: 'COMPLETED',
      result: { done: true },
      staleAt: null,
      failureReason: null,
    });
    for (const again of [complete, fail, cancel])
      await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => again(id));
  });

  it('behaviour 3.8: completing while waiting is INVALID_STATE', async () => {
    const { sessionId } = await asked();
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => complete(sessionId));
  });

  it.each([
    ['failing', fail, 'FAILED'],
    ['cancelling', cancel, 'CANCELLED'],
  ] as const)(
    'behaviour 3.8: %s cancels what is pending, and touches no other session',
    async (_, end, status) => {
      const { id: other } = await asked();
      const { sessionId, id } = await asked();
      const second = await scene.act.ask(sessionId);
      const before = await everything(scene.house);
      const events = await eventsOf(scene.house, () => end(sessionId, 'enough'));
      expect(events).toMatchObject([
        { type: 'intervention_cancelled', subjectId: id, data: { reason: 'enough' } },
        { type: 'intervention_cancelled', subjectId: second, data: { reason: 'enough' } },
        { type: 'session_status_changed', data: { from: 'WAITING_FOR_HUMAN', to: status } },
      ]);
      expect(await session(sessionId)).toMatchObject({
        status,
        failureReason: 'enough',
        currentInterventionId: null,
      });
      for (const each of [id, second])
        expect(await intervention(each)).toMatchObject({ status: 'CANCELLED', open: false });
      expect(await intervention(other)).toEqual(before.interventions.find((item) => item.id === other));
      expect((await everything(scene.house)).queues[0]!.pending).toBe(before.queues[0]!.pending - 2);
    },
  );

  it('what timed out and could have been revived is over with the session', async () => {
    const { sessionId, id } = await asked();
    clock().advance(2400);
    await scene.act.sweep(id);
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => complete(sessionId));
    await cancel(sessionId);
    expect(await intervention(id)).toMatchObject({ status: 'TIMEOUT', open: false });
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () =>
      scene.act.resume(sessionId, {}, scene.team.admin),
    );
  });

  it('is refused to strangers, and out of bounds', async () => {
    const id = await scene.act.start();
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () =>
      cancelSession(scene.house.deps, scene.team.stranger, id, null),
    );
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => fail(id, ' '));
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () =>
      complete(id, { x: 'x'.repeat(256 * 1024) } as never),
    );
  });
});
