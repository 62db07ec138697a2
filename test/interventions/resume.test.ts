import { describe, expect, it } from 'vitest';
import { eventsOf, refusal, refusedWithoutTrace } from '../support/house.ts';
import { option, withHouse } from '../support/with-house.ts';

const { scene, clock, asked, intervention, session } = withHouse();

describe('behaviour 3.7: resuming a session', () => {
  it('answers the current intervention, the oldest pending', async () => {
    const { sessionId, id } = await asked({ options: [option('a')] });
    const second = await scene.act.ask(sessionId);
    expect(await scene.act.resume(sessionId, { optionId: 'a' })).toEqual({
      interventionId: id,
      sessionId,
      resolution: 'OPTION_SELECTED',
      sessionResumed: false,
    });
    expect(await scene.act.resume(sessionId)).toMatchObject({ interventionId: second, sessionResumed: true });
  });

  it('behaviour 4.2: the same answer again gets the first result, once nothing is left to answer', async () => {
    const { sessionId, id } = await asked({});
    const first = await scene.act.resume(sessionId);
    const events = await eventsOf(scene.house, async () => {
      expect(await scene.act.resume(sessionId)).toEqual(first);
    });
    expect(events).toEqual([]);
    expect(await intervention(id)).toMatchObject({ status: 'RESOLVED' });
    expect(await refusal(scene.act.resume(sessionId, { responseType: 'reject' }))).toBe('INVALID_STATE');
  });

  it('revives a TIMEOUT session: the oldest timed-out one has the response and stays TIMEOUT; others are over', async () => {
    const { sessionId, id } = await asked({}, 'inside');
    const second = await scene.act.ask(sessionId);
    clock().advance(2400);
    await scene.act.sweep(id);
    await scene.act.sweep(second);
    expect((await session(sessionId)).status).toBe('TIMEOUT');
    scene.house.drives.length = 0;
    const events = await eventsOf(scene.house, () =>
      scene.act.resume(sessionId, { responseType: 'reject' }, scene.team.admin),
    );
    expect(events).toMatchObject([
      { type: 'intervention_resolved', subjectId: id, data: { resolution: 'REJECTED', revived: true } },
      { type: 'session_status_changed', data: { from: 'TIMEOUT', to: 'PROCESSING_INTERVENTION' } },
    ]);
    expect(await intervention(id)).toMatchObject({
      status: 'TIMEOUT',
      resolution: 'TIMEOUT',
      delivery: 'PENDING',
      open: false,
      response: { responseType: 'reject' },
    });
    expect(await intervention(second)).toMatchObject({
      status: 'TIMEOUT',
      open: false,
      delivery: 'PENDING',
      response: null,
    });
    expect(await session(sessionId)).toMatchObject({ unanswered: false, context: { approval_denied: true } });
    expect((await session(sessionId)).staleAt).not.toBeNull();
    expect(scene.house.drives).toEqual([sessionId]);
  });

  it('by its last level’s role', async () => {
    const { sessionId, id } = await asked();
    clock().advance(2400);
    await scene.act.sweep(id);
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () =>
      scene.act.resume(sessionId, {}, scene.team.manager),
    );
    await scene.act.resume(sessionId, {}, scene.team.admin);
    expect((await session(sessionId)).status).toBe('ACTIVE');
  });

  it('behaviour 3.3: an earlier answer with asyncMode counts when it is revived', async () => {
    const { sessionId, id } = await asked();
    const second = await scene.act.ask(sessionId, { asyncMode: true });
    await scene.act.resolve(second);
    clock().advance(2400);
    await scene.act.sweep(id);
    await scene.act.resume(sessionId, {}, scene.team.admin);
    expect((await session(sessionId)).status).toBe('CONTINUING_ASYNC');
  });

  it('behaviour 4.12: no answer goes to one whose own deadline has passed, though nobody has looked yet', async () => {
    const { sessionId, id } = await asked();
    const second = await scene.act.ask(sessionId);
    clock().advance(2400);
    // Both are over, and with them the wait: the answer revives the session, by the oldest.
    expect(await scene.act.resume(sessionId, {}, scene.team.admin)).toMatchObject({
      interventionId: id,
      resolution: 'TIMEOUT',
      sessionResumed: true,
    });
    expect(await intervention(second)).toMatchObject({ status: 'TIMEOUT', response: null, open: false });
  });

  it('an intervention cancelled meanwhile is not revived, nor what timed out in a wait that is over', async () => {
    const { sessionId, id } = await asked();
    clock().advance(2400);
    await scene.act.sweep(id);
    await scene.act.resume(sessionId, {}, scene.team.admin);
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () =>
      scene.act.resume(sessionId, { content: 'more' }, scene.team.admin),
    );
    expect(await refusal(scene.act.resolve(id, {}, scene.team.admin))).toBe('EXPIRED');
  });

  it('behaviour 4.7: the form asked for must be filled in, with an option too', async () => {
    const { sessionId } = await asked({ responseSchema: { type: 'object' }, options: [option('a')] });
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => scene.act.resume(sessionId));
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () =>
      scene.act.resume(sessionId, { optionId: 'a' }),
    );
    await scene.act.resume(sessionId, { answer: {} });
  });

  it('names what is at fault within humanResponse, the argument that holds it', async () => {
    const responseSchema = { type: 'object', required: ['limit'] };
    const { sessionId } = await asked({ options: [option('a')], responseSchema });
    const faultOf = (response: Parameters<typeof scene.act.resume>[1]) =>
      scene.act.resume(sessionId, response).then(
        () => null,
        ({ errors }: { errors: unknown }) => errors,
      );
    expect(await faultOf({ optionId: 'none' })).toMatchObject([
      { code: 'OPTION_NOT_FOUND', path: ['humanResponse', 'optionId'] },
    ]);
    expect(await faultOf({ answer: {} })).toMatchObject([
      { code: 'INVALID_INPUT', path: ['humanResponse', 'answer', 'limit'] },
    ]);
    expect(await faultOf({ answer: { limit: 1 }, responseType: 'modify', content: '' })).toMatchObject([
      { code: 'INVALID_INPUT', path: ['humanResponse', 'content'] },
    ]);
  });

  it('is refused where nothing is to be answered (INVALID_STATE), and to strangers (NOT_FOUND)', async () => {
    const sessionId = await scene.act.start();
    await refusedWithoutTrace(scene.house, 'INVALID_STATE', () => scene.act.resume(sessionId));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () =>
      scene.act.resume(sessionId, {}, scene.team.stranger),
    );
  });

  it('escalating what timed out is EXPIRED', async () => {
    const { sessionId, id } = await asked();
    clock().advance(2400);
    await scene.act.sweep(id);
    await refusedWithoutTrace(scene.house, 'EXPIRED', () =>
      scene.act.resume(sessionId, { responseType: 'escalate' }, scene.team.admin),
    );
  });
});
