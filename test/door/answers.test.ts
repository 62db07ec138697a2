import { describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { makeKey } from '../support/world.ts';
import {
  app,
  cancel,
  claim,
  escalate,
  instant,
  OPTIONS,
  PAYLOAD,
  release,
  resolve,
  respond,
  resume,
  run,
  select,
  STANDING,
  world,
} from './desk.ts';

describe('behaviour 4.3: answers', () => {
  test.each([
    [{ resolutionType: 'APPROVE', reasoning: 'fine' }, 'APPROVED', 'approve', 'fine'],
    [{ resolutionType: 'REJECT' }, 'REJECTED', 'reject', 'Rejected'],
    [
      { resolutionType: 'MODIFY', modifications: { x: 1 } },
      'MODIFIED',
      'modify',
      'Approved with modifications',
    ],
  ])('resolveIntervention %j', async (input, resolution, responseType, content) => {
    const sessionId = await world.session();
    const asked = await world.ask({ sessionId });
    expect(await resolve('OPERATOR', asked, input)).toEqual({
      success: true,
      message: 'intervention answered',
      errors: [],
      sessionId,
      interventionId: asked,
      resolution,
      sessionResumed: true,
      intervention: {
        id: asked,
        status: 'RESOLVED',
        resolution,
        requiredRole: 'OPERATOR',
        escalationLevel: 0,
        claimedBy: null,
        humanResponse: {
          responseType,
          content,
          respondedBy: { kind: 'USER', name: 'OPERATOR', role: 'OPERATOR' },
        },
      },
    });
  });

  test('MODIFY without modifications is refused and answers nothing', async () => {
    const asked = await world.ask();
    expect(await resolve('OPERATOR', asked, { resolutionType: 'MODIFY' })).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_INPUT' }],
      resolution: null,
      sessionResumed: false,
      intervention: { status: 'PENDING' },
    });
  });

  test('ESCALATE leaves it pending and says ESCALATED', async () => {
    const asked = await world.ask();
    expect(
      await resolve('OPERATOR', asked, { resolutionType: 'ESCALATE', escalationLevel: 2 }),
    ).toMatchObject({
      success: true,
      resolution: 'ESCALATED',
      sessionResumed: false,
      intervention: { status: 'PENDING', resolution: null, escalationLevel: 2, requiredRole: 'MANAGER' },
    });
    expect(await resolve('OPERATOR', asked, { resolutionType: 'APPROVE' })).toMatchObject({
      success: false,
      errors: [{ code: 'FORBIDDEN', message: expect.stringContaining('MANAGER') }],
      intervention: { status: 'PENDING' },
    });
    expect(await resolve('ADMIN', asked, { resolutionType: 'APPROVE' })).toMatchObject({
      success: true,
      resolution: 'APPROVED',
    });
  });

  test('behaviour 4.5: options are chosen, unknown and disabled ones refused, overridden from SUPERVISOR on, escalating ones escalate', async () => {
    const asked = await world.ask({ options: OPTIONS });
    expect(await select('OPERATOR', asked, { optionId: 'c' })).toMatchObject({
      success: false,
      errors: [{ code: 'OPTION_NOT_FOUND', path: ['optionId'] }],
      selectedOption: null,
      sessionResumed: false,
      intervention: { status: 'PENDING' },
    });
    expect(await select('OPERATOR', asked, { optionId: 'b' })).toMatchObject({
      success: false,
      errors: [{ code: 'OPTION_DISABLED', path: ['optionId'] }],
      selectedOption: null,
    });
    expect(await select('OPERATOR', asked, { optionId: 'up' })).toMatchObject({
      success: true,
      sessionResumed: false,
      intervention: { status: 'PENDING', escalationLevel: 2 },
    });
    expect(
      await select('MANAGER', asked, { optionId: 'b', customInput: 'until noon', reasoning: 'safer' }),
    ).toMatchObject({
      success: true,
      sessionResumed: true,
      selectedOption: { id: 'b', value: 'wait', disabled: true },
      intervention: {
        status: 'RESOLVED',
        resolution: 'OPTION_SELECTED',
        humanResponse: { responseType: 'select_option', content: 'Selected option: Wait' },
      },
    });
  });

  test.each([
    ['approve', 'APPROVED'],
    ['Reject', 'REJECTED'],
    ['modify', 'MODIFIED'],
    ['thoughts', 'RESPONDED'],
    ['auto_continue', 'RESPONDED'],
  ])('provideCustomResponse %s means %s', async (responseType, resolution) => {
    const asked = await world.ask();
    expect(
      await respond('OPERATOR', asked, { responseType, responseText: 'as I say', metadata: { k: 1 } }),
    ).toMatchObject({
      success: true,
      message: 'response given',
      sessionResumed: true,
      intervention: { resolution, humanResponse: { content: 'as I say' } },
    });
  });

  test('behaviour 4.3, 4.7, 4.11: a fault’s path begins with the argument’s name', async () => {
    const asked = await world.ask({ responseSchema: { type: 'object', required: ['limit'] } });
    const faultOf = async (resolution: Record<string, unknown>) =>
      (await resolve('OPERATOR', asked, resolution)).errors;
    expect(await faultOf({ resolutionType: 'MODIFY' })).toMatchObject([
      { code: 'INVALID_INPUT', message: 'MODIFY needs modifications', path: ['resolution', 'modifications'] },
    ]);
    expect(await faultOf({ resolutionType: 'APPROVE', answer: {} })).toMatchObject([
      { code: 'INVALID_INPUT', path: ['resolution', 'answer', 'limit'] },
    ]);
    expect(await faultOf({ resolutionType: 'ESCALATE', escalationLevel: 0 })).toMatchObject([
      {
        code: 'INVALID_INPUT',
        message: 'escalationLevel must be 1 to 3',
        path: ['resolution', 'escalationLevel'],
      },
    ]);
  });

  test('behaviour 4.7: a form that was asked for must be filled in as its schema says', async () => {
    const responseSchema = {
      type: 'object',
      required: ['limit'],
      properties: { limit: { type: 'integer' } },
    };
    const asked = await world.ask({ responseSchema });
    const form = { responseType: 'approve', responseText: 'ok' };
    expect(await respond('OPERATOR', asked, form)).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_INPUT', path: ['answer'] }],
    });
    expect(await respond('OPERATOR', asked, { ...form, answer: { limit: 'x' } })).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_INPUT', path: ['answer', 'limit'] }],
      intervention: { status: 'PENDING' },
    });
    expect(await respond('OPERATOR', asked, { ...form, answer: { limit: 3 } })).toMatchObject({
      success: true,
    });
  });

  test('behaviour 4.11: escalating by hand climbs, refuses what is no climb, and ends', async () => {
    const asked = await world.ask();
    expect(await escalate('OPERATOR', asked, { reason: 'too big' })).toEqual({
      success: true,
      message: 'intervention escalated',
      errors: [],
      interventionId: asked,
      escalationLevel: 1,
      requiredRole: 'SUPERVISOR',
      intervention: expect.objectContaining({ id: asked, status: 'PENDING', escalationLevel: 1 }),
    });
    expect(await escalate('OPERATOR', asked, { reason: 'again', level: 1 })).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_INPUT' }],
      escalationLevel: 1,
      requiredRole: 'SUPERVISOR',
    });
    expect(await escalate('OPERATOR', asked, { reason: 'again', level: 4 })).toMatchObject({
      success: false,
      errors: [{ code: 'ESCALATION_EXHAUSTED' }],
    });
    expect(await escalate('OPERATOR', asked, { reason: ' ' })).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_INPUT', path: ['escalation', 'reason'] }],
    });
  });

  test("behaviour 4.6: a claimed one is its claimer's, whom the message names", async () => {
    const asked = await world.ask();
    const other = (await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id, 'Olga')).secret;
    const by = (key: string, field: string) =>
      app
        .graphql(key, `mutation($id: ID!) { result: ${field}(id: $id) { ${PAYLOAD} ${STANDING} } }`, {
          id: asked,
        })
        .then(({ data }) => data.result);
    expect(await by(other, 'claimIntervention')).toMatchObject({
      success: true,
      intervention: { claimedBy: { name: 'Olga' } },
    });
    const mine = await app.ok(
      other,
      '{ interventions(filter: {claimedByMe: true}) { totalCount nodes { id } } }',
    );
    expect(mine.interventions).toEqual({ totalCount: 1, nodes: [{ id: asked }] });
    for (const refused of [
      await claim('OPERATOR', asked),
      await release('OPERATOR', asked),
      await resolve('OPERATOR', asked, { resolutionType: 'APPROVE' }),
    ])
      expect(refused).toMatchObject({
        success: false,
        errors: [{ code: 'FORBIDDEN', message: 'claimed by Olga' }],
        intervention: { claimedBy: { name: 'Olga' } },
      });
    expect(await release('SUPERVISOR', asked)).toMatchObject({
      success: true,
      intervention: { claimedBy: null },
    });
    expect(await claim('OPERATOR', asked)).toMatchObject({ success: true, message: 'intervention claimed' });
    expect(await by(other, 'releaseIntervention')).toMatchObject({ success: false });
  });

  test('behaviour 4.2: every later answer is told how it stands; the same once more gets the first result', async () => {
    const asked = await world.ask({ options: OPTIONS });
    const first = await resolve('OPERATOR', asked, { resolutionType: 'APPROVE', reasoning: 'yes' });
    expect(await resolve('OPERATOR', asked, { resolutionType: 'APPROVE', reasoning: 'yes' })).toEqual(first);
    const late = {
      success: false,
      errors: [{ code: 'ALREADY_RESOLVED' }],
      interventionId: asked,
      sessionResumed: false,
      intervention: {
        status: 'RESOLVED',
        resolution: 'APPROVED',
        humanResponse: { respondedBy: { name: 'OPERATOR' } },
      },
    };
    expect(await resolve('OPERATOR', asked, { resolutionType: 'APPROVE', reasoning: 'yes!' })).toMatchObject({
      ...late,
      resolution: null,
    });
    expect(await resolve('MANAGER', asked, { resolutionType: 'APPROVE', reasoning: 'yes' })).toMatchObject(
      late,
    );
    expect(await select('OPERATOR', asked, { optionId: 'a' })).toMatchObject(late);
    expect(await respond('OPERATOR', asked, { responseType: 'approve', responseText: 'yes' })).toMatchObject(
      late,
    );
    expect(await escalate('OPERATOR', asked, { reason: 'late' })).toMatchObject({
      success: false,
      errors: [{ code: 'ALREADY_RESOLVED' }],
      intervention: { status: 'RESOLVED' },
    });
    for (const refused of [
      await claim('OPERATOR', asked),
      await release('OPERATOR', asked),
      await cancel(asked),
    ])
      expect(refused).toMatchObject({
        success: false,
        errors: [{ code: 'ALREADY_RESOLVED' }],
        intervention: { status: 'RESOLVED' },
      });
  });

  test('behaviour 4.2: of 50 answers at once one wins, by whichever mutation', async () => {
    const asked = await world.ask({ options: OPTIONS });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        n % 3 === 0
          ? resolve('OPERATOR', asked, { resolutionType: 'APPROVE', reasoning: `${n}` })
          : n % 3 === 1
            ? select('SUPERVISOR', asked, { optionId: 'a', reasoning: `${n}` })
            : respond('ADMIN', asked, { responseType: 'reject', responseText: `${n}` }),
      ),
    );
    const won = answers.filter(({ success }) => success);
    expect(won).toHaveLength(1);
    for (const { success, errors, intervention } of answers) {
      if (!success) expect(errors).toMatchObject([{ code: 'ALREADY_RESOLVED' }]);
      expect(intervention.humanResponse).toEqual(won[0].intervention.humanResponse);
    }
  });

  test('behaviour 4.13: acknowledging is refused before an answer, and once there is one says DELIVERED', async () => {
    const asked = await world.ask();
    const acknowledge = () =>
      run(
        'AGENT',
        `mutation($id: ID!) { acknowledgeResponse(interventionId: $id) { ${PAYLOAD} intervention { delivery acknowledgedAt } } }`,
        { id: asked },
      );
    expect(await acknowledge()).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_STATE' }],
      intervention: { delivery: 'UNANSWERED' },
    });
    await world.approve(asked);
    expect(await acknowledge()).toMatchObject({
      success: true,
      intervention: { delivery: 'DELIVERED', acknowledgedAt: instant },
    });
    expect(await acknowledge()).toMatchObject({ success: true });
  });
});

describe('behaviour 3.6, 3.7: resuming', () => {
  test('sessionResumed is true exactly for the answer that ends the wait', async () => {
    const sessionId = await world.session();
    const [one, two] = [await world.ask({ sessionId }), await world.ask({ sessionId })];
    expect((await world.approve(two)).sessionResumed).toBe(false);
    expect((await world.approve(one)).sessionResumed).toBe(true);
  });

  test('resumeSession answers the oldest pending, by words or by an option', async () => {
    const sessionId = await world.session();
    const [one, two] = [await world.ask({ sessionId }), await world.ask({ sessionId, options: OPTIONS })];
    expect(await resume('OPERATOR', sessionId, { responseType: 'approve', content: 'go on' })).toMatchObject({
      success: true,
      sessionId,
      session: { status: 'WAITING_FOR_HUMAN', context: { human_response: 'go on', approval_granted: true } },
    });
    expect(
      await resume('OPERATOR', sessionId, { responseType: 'x', content: 'take it', optionId: 'a' }),
    ).toMatchObject({
      success: true,
      session: {
        status: 'ACTIVE',
        context: { response_type: 'select_option', selected_option: { id: 'a' }, speed: 2 },
      },
    });
    const { intervention } = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { intervention(id: $id) { resolution } }',
      { id: one },
    );
    expect(intervention.resolution).toBe('APPROVED');
    expect(
      (
        await app.ok(world.keys.VIEWER, 'query($id: ID!) { intervention(id: $id) { resolution } }', {
          id: two,
        })
      ).intervention.resolution,
    ).toBe('OPTION_SELECTED');
  });

  test('a session that waits for nothing is INVALID_STATE and shown as it stands', async () => {
    const sessionId = await world.session();
    expect(await resume('OPERATOR', sessionId, { responseType: 'approve', content: '' })).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_STATE' }],
      sessionId,
      session: { id: sessionId, status: 'ACTIVE' },
    });
  });
});
