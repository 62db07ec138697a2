import { describe, expect, it } from 'vitest';
import { createSession } from '../../src/sessions/start.ts';
import { eventsOf, refusedWithoutTrace, seconds } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, session } = withHouse();

describe('starting a session', () => {
  it('behaviour 3.3: an external one is ACTIVE, and nothing is driven', async () => {
    scene.house.drives.length = 0;
    let id = '';
    const events = await eventsOf(
      scene.house,
      async () => (id = await scene.act.start({ initialMessage: 'héllo', context: { a: [1] } })),
    );
    expect(events).toEqual([
      { type: 'session_created', subjectId: id, by: scene.team.agent.actor.id, data: { runner: 'external' } },
    ]);
    const made = await session(id);
    expect(made).toMatchObject({
      status: 'ACTIVE',
      version: 0,
      runner: 'external',
      initialMessage: 'héllo',
      context: { a: [1] },
      projectId: scene.team.projectId,
    });
    expect(seconds(made.createdAt, made.staleAt)).toBe(86_400);
    expect(scene.house.drives).toEqual([]);
  });

  it('behaviour 3.4: one that runs inside is driven with its commit; an unknown runner is INVALID_INPUT', async () => {
    scene.house.drives.length = 0;
    const id = await scene.act.start({ runner: 'inside' });
    expect(scene.house.drives).toEqual([id]);
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => scene.act.start({ runner: 'unheard of' }));
  });

  it('is refused without a trace out of bounds, and for a team that is not there or another project’s', async () => {
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () =>
      scene.act.start({ initialMessage: 'x'.repeat(20_001) }),
    );
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => scene.act.start({ context: 'text' }));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => scene.act.start({ teamId: 'team_gone' }));
    const input = { teamId: scene.team.teamId, initialMessage: '' };
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () =>
      createSession(scene.house.deps, scene.team.stranger, input),
    );
  });
});
