import { describe, expect, it } from 'vitest';
import { eventsOf, everything, refusal, refusedWithoutTrace } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, clock, asked, intervention, session } = withHouse();

describe('resolving', () => {
  it.each([
    ['APPROVE', 'APPROVED', 'approve', 'Approved', { approval_granted: true }],
    ['REJECT', 'REJECTED', 'reject', 'Rejected', { approval_denied: true }],
    ['MODIFY', 'MODIFIED', 'modify', 'Approved with modifications', { modification_requested: true }],
  ] as const)(
    'behaviour 4.3, 3.5: %s → %s, folded into the context',
    async (resolutionType, resolution, responseType, content, flag) => {
      const { sessionId, id } = await asked();
      const modifications = resolutionType === 'MODIFY' ? { price: 3 } : null;
      let reply: unknown;
      const events = await eventsOf(
        scene.house,
        async () => (reply = await scene.act.resolve(id, { resolutionType, modifications })),
      );
      expect(reply).toEqual({ interventionId: id, sessionId, resolution, sessionResumed: true });
      expect(await intervention(id)).toMatchObject({
        status: 'RESOLVED',
        resolution,
        delivery: 'PENDING',
        open: false,
        resolvedAt: clock().now(),
        resolvedById: scene.team.operator.actor.id,
        response: {
          responseType,
          content,
          modifications,
          reasoning: null,
          respondedBy: scene.team.operator.actor,
        },
      });
      expect(await session(sessionId)).toMatchObject({
        status: 'ACTIVE',
        currentInterventionId: null,
        context: { human_response: content, response_type: responseType, ...flag },
      });
      expect(events).toEqual([
        {
          type: 'intervention_resolved',
          subjectId: id,
          by: scene.team.operator.actor.id,
          data: { resolution, responseType, option: null, revived: false },
        },
        {
          type: 'session_status_changed',
          subjectId: sessionId,
          by: scene.team.operator.actor.id,
          data: { from: 'WAITING_FOR_HUMAN', to: 'ACTIVE' },
        },
      ]);
    },
  );

  it('leaves other sessions, turns, tasks, agents and keys as they are', async () => {
    await asked();
    const { id, sessionId } = await asked();
    const before = await everything(scene.house);
    await scene.act.resolve(id);
    const after = await everything(scene.house);
    expect(after.interventions.filter((item) => item.id !== id)).toEqual(
      before.interventions.filter((item) => item.id !== id),
    );
    expect(after.sessions.filter((item) => item.id !== sessionId)).toEqual(
      before.sessions.filter((item) => item.id !== sessionId),
    );
    expect([after.turns, after.tasks, after.agents, after.keys]).toEqual([
      before.turns,
      before.tasks,
      before.agents,
      before.keys,
    ]);
    const fixed = (rows: typeof before.interventions) =>
      rows.map(({ message, context, options, terms, timeout, createdAt }) => ({
        message,
        context,
        options,
        terms,
        timeout,
        createdAt,
      }));
    expect(fixed(after.interventions)).toEqual(fixed(before.interventions));
  });

  it('behaviour 3.1, 3.6: one of several leaves the session waiting for the next oldest', async () => {
    const { sessionId, id } = await asked();
    const second = await scene.act.ask(sessionId);
    expect(await scene.act.resolve(id)).toMatchObject({ sessionResumed: false });
    expect(await session(sessionId)).toMatchObject({
      status: 'WAITING_FOR_HUMAN',
      currentInterventionId: second,
    });
    expect(await scene.act.resolve(second)).toMatchObject({ sessionResumed: true });
  });

  it('behaviour 3.3: with asyncMode among the answered, the session continues so', async () => {
    const { sessionId, id } = await asked({ asyncMode: true });
    const second = await scene.act.ask(sessionId);
    await scene.act.resolve(id);
    await scene.act.resolve(second);
    expect(await session(sessionId)).toMatchObject({ status: 'CONTINUING_ASYNC', answeredAsync: false });
  });

  it('behaviour 3.4: what runs inside is processing until a worker has picked it up, and is driven at each answer', async () => {
    const { sessionId, id } = await asked({}, 'inside');
    const second = await scene.act.ask(sessionId);
    scene.house.drives.length = 0;
    await scene.act.resolve(id);
    expect((await session(sessionId)).status).toBe('WAITING_FOR_HUMAN');
    await scene.act.resolve(second);
    expect((await session(sessionId)).status).toBe('PROCESSING_INTERVENTION');
    expect(scene.house.drives).toEqual([sessionId, sessionId]);
  });

  it('behaviour 4.3: ESCALATE leaves it pending and says ESCALATED', async () => {
    const { id } = await asked();
    expect(
      await scene.act.resolve(id, { resolutionType: 'ESCALATE', escalationLevel: 2, reasoning: 'too big' }),
    ).toMatchObject({ resolution: 'ESCALATED', sessionResumed: false });
    expect(await intervention(id)).toMatchObject({
      status: 'PENDING',
      escalationLevel: 2,
      requiredRole: 'MANAGER',
      response: null,
    });
  });

  it('behaviour 4.2: the same person with the same arguments gets the first result again, later too', async () => {
    const { sessionId, id } = await asked();
    const first = await scene.act.resolve(id, { reasoning: 'fine' });
    await scene.act.ask(sessionId);
    const before = await everything(scene.house);
    expect(await scene.act.resolve(id, { reasoning: 'fine' })).toEqual(first);
    expect(await everything(scene.house)).toEqual(before);
    expect(await refusal(scene.act.resolve(id, { reasoning: 'fine' }, scene.team.colleague))).toBe(
      'ALREADY_RESOLVED',
    );
    expect(await refusal(scene.act.resolve(id, { reasoning: 'other' }))).toBe('ALREADY_RESOLVED');
  });

  it('behaviour 4.7: a plain resolution stands without an answer; one that is given is checked', async () => {
    const { id } = await asked({ responseSchema: { type: 'object', required: ['n'] } });
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => scene.act.resolve(id, { answer: {} }));
    await scene.act.resolve(id, { answer: { n: 1 } });
    expect((await intervention(id)).response).toMatchObject({ answer: { n: 1 } });
    const { id: plain } = await asked({ responseSchema: { type: 'object' } });
    await scene.act.resolve(plain);
  });

  it('behaviour 4.6: someone with intervention.override answers what another has claimed, and it is recorded', async () => {
    const { id } = await asked();
    await scene.act.claim(id);
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () =>
      scene.act.resolve(id, {}, scene.team.colleague),
    );
    const events = await eventsOf(scene.house, () => scene.act.resolve(id, {}, scene.team.supervisor));
    expect(events).toContainEqual({
      type: 'human_override',
      subjectId: id,
      by: scene.team.supervisor.actor.id,
      data: { override: 'claim' },
    });
  });
});

describe('resolving is refused, and changes nothing', () => {
  it.each([
    ['behaviour 2.4: an agent', 'agent', 'FORBIDDEN'],
    ['a viewer', 'viewer', 'FORBIDDEN'],
    ['behaviour 2.2: someone of another project', 'stranger', 'NOT_FOUND'],
  ] as const)('to %s', async (_, who, code) => {
    const { id } = await asked();
    await refusedWithoutTrace(scene.house, code, () => scene.act.resolve(id, {}, scene.team[who]));
  });

  it('behaviour 4.3: MODIFY without modifications', async () => {
    const { id } = await asked();
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () =>
      scene.act.resolve(id, { resolutionType: 'MODIFY' }),
    );
  });

  it('behaviour 4.4: what was cancelled, and what timed out', async () => {
    const { id } = await asked();
    await scene.act.cancel(id);
    await refusedWithoutTrace(scene.house, 'CANCELLED', () => scene.act.resolve(id));
    const { id: late } = await asked();
    clock().advance(2400);
    await scene.act.sweep(late);
    await refusedWithoutTrace(scene.house, 'EXPIRED', () => scene.act.resolve(late, {}, scene.team.admin));
  });

  it('behaviour 10.3: reasoning over 20,000 characters', async () => {
    const { id } = await asked();
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () =>
      scene.act.resolve(id, { reasoning: 'x'.repeat(20_001) }),
    );
  });

  it('behaviour 4.12: what the clock had due is written all the same, as the system’s', async () => {
    const { sessionId, id } = await asked();
    clock().advance(2400);
    const events = await eventsOf(scene.house, () => refusal(scene.act.resolve(id, {}, scene.team.admin)));
    expect(events.map(({ type, by }) => [type, by])).toEqual(
      [
        ...Array.from({ length: 3 }, () => ['timeout_occurred', 'escalation_triggered']).flat(),
        'timeout_occurred',
        'session_status_changed',
      ].map((type) => [type, 'system']),
    );
    expect((await session(sessionId)).status).toBe('TIMEOUT');
  });
});
