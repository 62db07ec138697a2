import { describe, expect, it } from 'vitest';
import { eventsOf, refusal, refusedWithoutTrace, seconds } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, clock, asked, intervention, session } = withHouse();

describe('escalating by hand', () => {
  it('behaviour 4.11: goes to the next level; its role must answer, its window runs, and it is told', async () => {
    const { sessionId, id } = await asked();
    clock().advance(10);
    let reply: unknown;
    const events = await eventsOf(scene.house, async () => (reply = await scene.act.escalate(id)));
    expect(reply).toEqual({ interventionId: id, escalationLevel: 1, requiredRole: 'SUPERVISOR' });
    const item = await intervention(id);
    expect(item).toMatchObject({
      status: 'PENDING',
      escalations: [
        { level: 1, automatic: false, reason: 'above me', escalatedBy: scene.team.operator.actor },
      ],
    });
    expect(seconds(item.createdAt, item.expiresAt)).toBe(610);
    expect(events).toEqual([
      {
        type: 'escalation_triggered',
        subjectId: id,
        by: scene.team.operator.actor.id,
        data: { level: 1, role: 'SUPERVISOR', reason: 'above me', automatic: false },
      },
    ]);
    expect(await session(sessionId)).toMatchObject({
      status: 'WAITING_FOR_HUMAN',
      currentInterventionId: id,
      version: 2,
    });
    expect(await refusal(scene.act.resolve(id))).toBe('FORBIDDEN');
    await scene.act.resolve(id, {}, scene.team.manager);
    expect((await session(sessionId)).context).toMatchObject({ escalation_requested: true });
  });

  it('behaviour 4.6: drops the claim', async () => {
    const { id } = await asked();
    await scene.act.claim(id);
    await scene.act.escalate(id);
    expect((await intervention(id)).claimedBy).toBeNull();
  });

  it('behaviour 4.11: the present level or lower is INVALID_INPUT, past the last ESCALATION_EXHAUSTED', async () => {
    const { id } = await asked();
    await scene.act.escalate(id, { level: 2 });
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () =>
      scene.act.escalate(id, { level: 2, reason: 'once more' }),
    );
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => scene.act.escalate(id, { level: 1 }));
    await refusedWithoutTrace(scene.house, 'ESCALATION_EXHAUSTED', () =>
      scene.act.escalate(id, { level: 4 }),
    );
    await scene.act.escalate(id);
    await refusedWithoutTrace(scene.house, 'ESCALATION_EXHAUSTED', () =>
      scene.act.escalate(id, { reason: 'once more' }),
    );
  });

  it('the same once more climbs no second level, and gets the first result (4.2)', async () => {
    const { sessionId, id } = await asked();
    const first = await scene.act.escalate(id);
    const again = await eventsOf(scene.house, async () =>
      expect(await scene.act.escalate(id)).toEqual(first),
    );
    expect(again).toEqual([]);
    expect(await session(sessionId)).toMatchObject({ version: 2 });
    const both = await Promise.all([1, 2].map(() => scene.act.escalate(id, { reason: 'higher' })));
    expect(both.map(({ escalationLevel }) => escalationLevel)).toEqual([2, 2]);
    // Somebody else's is a wish of their own, and so is the first one's once the level is no longer theirs.
    expect(await scene.act.escalate(id, { reason: 'higher' }, scene.team.colleague)).toMatchObject({
      escalationLevel: 3,
    });
    await refusedWithoutTrace(scene.house, 'ESCALATION_EXHAUSTED', () =>
      scene.act.escalate(id, { reason: 'higher' }),
    );
  });

  it('is a repeat no more once the clock has climbed on (4.2)', async () => {
    const { id } = await asked();
    await scene.act.escalate(id);
    clock().advance(600);
    expect(await scene.act.escalate(id)).toMatchObject({ escalationLevel: 3 });
  });

  it('an answer that escalates, given twice, escalates once (4.2)', async () => {
    const up = { id: 'up', label: 'Up', description: '', value: 'up', category: 'ESCALATION' as const };
    const twice: ((id: string, sessionId: string) => Promise<unknown>)[] = [
      (id) => scene.act.resolve(id, { resolutionType: 'ESCALATE', reasoning: 'too big' }),
      (id) => scene.act.respond(id, { responseType: 'escalate' }),
      (id) => scene.act.select(id, { optionId: 'up' }),
      (_, sessionId) => scene.act.resume(sessionId, { responseType: 'escalate' }),
    ];
    for (const give of twice) {
      const { sessionId, id } = await asked({ options: [up] });
      const first = await give(id, sessionId);
      expect(first).toMatchObject({ resolution: 'ESCALATED' });
      expect(await give(id, sessionId)).toEqual(first);
      expect(await intervention(id)).toMatchObject({ escalationLevel: 1, requiredRole: 'SUPERVISOR' });
    }
  });

  it('is refused without a reason, to strangers, and once it is settled', async () => {
    const { id } = await asked();
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => scene.act.escalate(id, { reason: ' ' }));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () =>
      scene.act.escalate(id, {}, scene.team.stranger),
    );
    await scene.act.resolve(id);
    await refusedWithoutTrace(scene.house, 'ALREADY_RESOLVED', () => scene.act.escalate(id));
  });
});
