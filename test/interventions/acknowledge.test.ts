import { describe, expect, it } from 'vitest';
import { completeSession } from '../../src/sessions/end.ts';
import { eventsOf, refusedWithoutTrace } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, clock, asked, intervention } = withHouse();

describe('behaviour 4.13: acknowledging', () => {
  it('marks the answer DELIVERED, once', async () => {
    const { id } = await asked();
    await scene.act.resolve(id);
    clock().advance(3);
    expect(await eventsOf(scene.house, () => scene.act.acknowledge(id))).toEqual([
      {
        type: 'intervention_delivered',
        subjectId: id,
        by: scene.team.agent.actor.id,
        data: { agentName: 'ada' },
      },
    ]);
    expect(await intervention(id)).toMatchObject({
      delivery: 'DELIVERED',
      acknowledgedAt: clock().now(),
      status: 'RESOLVED',
    });
    expect(await eventsOf(scene.house, () => scene.act.acknowledge(id))).toEqual([]);
  });

  it('before an answer is INVALID_STATE; of what was cancelled CANCELLED; of what timed out EXPIRED', async () => {
    const { id } = await asked();
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => scene.act.acknowledge(id));
    await scene.act.cancel(id);
    await refusedWithoutTrace(scene.house, 'CANCELLED', () => scene.act.acknowledge(id));
    const { id: late } = await asked();
    clock().advance(2400);
    await scene.act.sweep(late);
    await refusedWithoutTrace(scene.house, 'EXPIRED', () => scene.act.acknowledge(late));
  });

  it('after a session’s end still says that the answer arrived', async () => {
    const { id, sessionId } = await asked();
    await scene.act.resolve(id);
    await completeSession(scene.house.deps, scene.team.agent, sessionId, null);
    await scene.act.acknowledge(id);
    expect((await intervention(id)).delivery).toBe('DELIVERED');
  });
});
