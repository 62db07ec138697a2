import { describe, expect, it } from 'vitest';
import { eventsOf, refusedWithoutTrace } from '../support/house.ts';
import { option, withHouse } from '../support/with-house.ts';

const { scene, asked, intervention, session } = withHouse();

describe('selecting an option', () => {
  it('behaviour 4.3, 3.5: OPTION_SELECTED, its metadata and choice in the context', async () => {
    const { sessionId, id } = await asked({
      options: [option('a', { metadata: { price: 2 } }), option('b')],
    });
    const events = await eventsOf(scene.house, () =>
      scene.act.select(id, { optionId: 'a', customInput: 'mine', reasoning: 'why' }),
    );
    expect(events[0]).toMatchObject({
      type: 'intervention_resolved',
      data: { resolution: 'OPTION_SELECTED', option: 'a' },
    });
    expect(await intervention(id)).toMatchObject({
      resolution: 'OPTION_SELECTED',
      response: {
        responseType: 'select_option',
        content: 'Selected option: A',
        selectedOption: { id: 'a' },
        customInput: 'mine',
        reasoning: 'why',
      },
    });
    expect((await session(sessionId)).context).toMatchObject({
      price: 2,
      selected_option: { id: 'a' },
      custom_input: 'mine',
      human_reasoning: 'why',
    });
  });

  it('behaviour 4.3: one of category ESCALATION escalates, to the level it names, and its label is the reason', async () => {
    const { id } = await asked({
      options: [option('up', { category: 'ESCALATION', metadata: { escalation_level: 2 } })],
    });
    expect(await scene.act.select(id, { optionId: 'up' })).toMatchObject({
      resolution: 'ESCALATED',
      sessionResumed: false,
    });
    expect(await intervention(id)).toMatchObject({
      status: 'PENDING',
      escalationLevel: 2,
      escalations: [{ level: 2, reason: 'UP', automatic: false }],
    });
  });

  it.each([1.5, 0, -1])(
    'one of category ESCALATION that names the level %s is refused, and the rest can still be chosen',
    async (escalation_level) => {
      const { id } = await asked({
        options: [option('up', { category: 'ESCALATION', metadata: { escalation_level } }), option('a')],
      });
      await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => scene.act.select(id, { optionId: 'up' }));
      await scene.act.select(id, { optionId: 'a' });
    },
  );

  it('one of category ESCALATION that names a level which is not there is disabled, also for an override (8.6, 4.11)', async () => {
    const { id } = await asked({
      options: [option('up', { category: 'ESCALATION', metadata: { escalation_level: 9 } }), option('a')],
    });
    const choose = (by = scene.team.operator) => scene.act.select(id, { optionId: 'up' }, by);
    await refusedWithoutTrace(scene.house, 'OPTION_DISABLED', () => choose());
    await refusedWithoutTrace(scene.house, 'ESCALATION_EXHAUSTED', () => choose(scene.team.supervisor));
    await scene.act.select(id, { optionId: 'a' });
  });

  it('behaviour 4.5: OPTION_NOT_FOUND, OPTION_DISABLED, and an override is recorded', async () => {
    const { id } = await asked({ options: [option('off', { disabled: true })] });
    await refusedWithoutTrace(scene.house, 'OPTION_NOT_FOUND', () =>
      scene.act.select(id, { optionId: 'gone' }),
    );
    await refusedWithoutTrace(scene.house, 'OPTION_DISABLED', () =>
      scene.act.select(id, { optionId: 'off' }),
    );
    const events = await eventsOf(scene.house, () =>
      scene.act.select(id, { optionId: 'off' }, scene.team.supervisor),
    );
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'human_override', data: { override: 'disabled_option' } }),
    );
  });

  it('behaviour 4.7: stands without an answer to the responseSchema', async () => {
    const { id } = await asked({ options: [option('a')], responseSchema: { type: 'object' } });
    expect(await scene.act.select(id, { optionId: 'a' })).toMatchObject({ resolution: 'OPTION_SELECTED' });
  });
});
