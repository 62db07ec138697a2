import { describe, expect, it } from 'vitest';
import { eventsOf, refusedWithoutTrace } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, asked, intervention, session } = withHouse();

describe('behaviour 4.6: claiming and releasing', () => {
  it('says whose it is; the claimer again, and releasing what nobody holds, changes nothing', async () => {
    const { sessionId, id } = await asked();
    const { operator } = scene.team;
    expect(await eventsOf(scene.house, () => scene.act.release(id))).toEqual([]);
    expect(await eventsOf(scene.house, () => scene.act.claim(id))).toEqual([
      { type: 'intervention_claimed', subjectId: id, by: operator.actor.id, data: { from: null } },
    ]);
    expect(await eventsOf(scene.house, () => scene.act.claim(id))).toEqual([]);
    expect((await intervention(id)).claimedBy).toEqual(operator.actor);
    expect(await session(sessionId)).toMatchObject({ status: 'WAITING_FOR_HUMAN', version: 2 });
    expect(await eventsOf(scene.house, () => scene.act.release(id))).toEqual([
      {
        type: 'intervention_released',
        subjectId: id,
        by: operator.actor.id,
        data: { from: operator.actor.id },
      },
    ]);
    expect((await intervention(id)).claimedBy).toBeNull();
  });

  it('another person neither claims nor releases it, unless by intervention.override, which tells from whom', async () => {
    const { id } = await asked();
    await scene.act.claim(id);
    const { colleague, supervisor, operator } = scene.team;
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => scene.act.claim(id, colleague));
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => scene.act.release(id, colleague));
    const events = await eventsOf(scene.house, () => scene.act.claim(id, supervisor));
    expect(events).toMatchObject([
      { type: 'intervention_claimed', by: supervisor.actor.id, data: { from: operator.actor.id } },
    ]);
    await scene.act.release(id, scene.team.admin);
    expect((await intervention(id)).claimedBy).toBeNull();
  });

  it('is refused below the level’s role, to agents, to strangers, and once it is settled', async () => {
    const { id } = await asked();
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => scene.act.claim(id, scene.team.agent));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => scene.act.claim(id, scene.team.stranger));
    await scene.act.escalate(id, { level: 2 });
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => scene.act.claim(id, scene.team.supervisor));
    await scene.act.resolve(id, {}, scene.team.manager);
    await refusedWithoutTrace(scene.house, 'ALREADY_RESOLVED', () => scene.act.claim(id, scene.team.manager));
    await refusedWithoutTrace(scene.house, 'ALREADY_RESOLVED', () =>
      scene.act.release(id, scene.team.manager),
    );
  });
});
