import { describe, expect, it } from 'vitest';
import { eventsOf, refusedWithoutTrace } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, clock, asked, intervention, session } = withHouse();

describe('cancelling a request', () => {
  it('behaviour 3.8: the last one pending takes the session to ACTIVE', async () => {
    const { sessionId, id } = await asked();
    const events = await eventsOf(scene.house, () => scene.act.cancel(id, 'never mind'));
    expect(events).toEqual([
      {
        type: 'intervention_cancelled',
        subjectId: id,
        by: scene.team.agent.actor.id,
        data: { reason: 'never mind' },
      },
      {
        type: 'session_status_changed',
        subjectId: sessionId,
        by: scene.team.agent.actor.id,
        data: { from: 'WAITING_FOR_HUMAN', to: 'ACTIVE' },
      },
    ]);
    expect(await intervention(id)).toMatchObject({
      status: 'CANCELLED',
      resolution: null,
      response: null,
      delivery: 'UNANSWERED',
      open: false,
    });
    expect((await session(sessionId)).context).toEqual({});
  });

  it('behaviour 3.1: others keep it waiting', async () => {
    const { sessionId, id } = await asked();
    const second = await scene.act.ask(sessionId);
    await scene.act.cancel(id);
    expect(await session(sessionId)).toMatchObject({
      status: 'WAITING_FOR_HUMAN',
      currentInterventionId: second,
    });
  });

  it('behaviour 3.8: where another went unanswered, the session is TIMEOUT', async () => {
    const { sessionId, id } = await asked();
    clock().advance(100);
    const second = await scene.act.ask(sessionId);
    clock().advance(2300);
    await scene.act.sweep(id);
    expect((await session(sessionId)).status).toBe('WAITING_FOR_HUMAN');
    await scene.act.cancel(second);
    expect((await session(sessionId)).status).toBe('TIMEOUT');
  });

  it('behaviour 3.4: what runs inside is told', async () => {
    const { sessionId, id } = await asked({}, 'inside');
    scene.house.drives.length = 0;
    await scene.act.cancel(id);
    expect((await intervention(id)).delivery).toBe('PENDING');
    expect(scene.house.drives).toEqual([sessionId]);
  });

  it('behaviour 4.4: is refused once it is settled, and to strangers', async () => {
    const { id } = await asked();
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () =>
      scene.act.cancel(id, null, scene.team.stranger),
    );
    await scene.act.cancel(id);
    await refusedWithoutTrace(scene.house, 'CANCELLED', () => scene.act.cancel(id));
  });
});
