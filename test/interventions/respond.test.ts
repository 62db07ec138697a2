import { describe, expect, it } from 'vitest';
import { refusedWithoutTrace } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, asked, intervention, session } = withHouse();

describe('answering in one’s own words', () => {
  it.each([
    ['approve', 'APPROVED', 'approve', null],
    [' Reject ', 'REJECTED', 'reject', null],
    ['modify', 'MODIFIED', 'modify', 'as I say'],
    ['advice', 'RESPONDED', 'advice', null],
    ['auto_continue', 'RESPONDED', 'custom_auto_continue', null],
    ['select_option', 'RESPONDED', 'custom_select_option', null],
  ])('behaviour 4.3: "%s" → %s', async (given, resolution, responseType, modifications) => {
    const { sessionId, id } = await asked();
    expect(await scene.act.respond(id, { responseType: given, metadata: { mine: 1 } })).toMatchObject({
      resolution,
      sessionResumed: true,
    });
    // Behaviour 4.5: the text is the reasoning.
    expect(await intervention(id)).toMatchObject({
      resolution,
      response: {
        responseType,
        content: 'as I say',
        reasoning: 'as I say',
        modifications,
        metadata: { mine: 1 },
      },
    });
    expect((await session(sessionId)).context).toMatchObject({
      response_type: responseType,
      human_response: 'as I say',
    });
  });

  it('behaviour 4.3: "escalate" escalates', async () => {
    const { id } = await asked();
    expect(await scene.act.respond(id, { responseType: 'escalate' })).toMatchObject({
      resolution: 'ESCALATED',
    });
    expect(await intervention(id)).toMatchObject({
      status: 'PENDING',
      escalationLevel: 1,
      escalations: [{ reason: 'as I say' }],
    });
  });

  it('behaviour 4.3: an empty text is no modification', async () => {
    const { id } = await asked();
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () =>
      scene.act.respond(id, { responseType: 'modify', responseText: '  ' }),
    );
  });

  it('behaviour 4.7: the form asked for must be filled in, as its schema says', async () => {
    const { id } = await asked({ responseSchema: { type: 'object', required: ['n'] } });
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => scene.act.respond(id));
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => scene.act.respond(id, { answer: {} }));
    await scene.act.respond(id, { answer: { n: 1 } });
    expect(await intervention(id)).toMatchObject({ response: { answer: { n: 1 } } });
  });
});
