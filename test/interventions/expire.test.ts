import { describe, expect, it } from 'vitest';
import { eventsOf, everything } from '../support/house.ts';
import { option, withHouse } from '../support/with-house.ts';

const { scene, clock, asked, intervention, session } = withHouse();

describe('the clock’s verb', () => {
  it('before the deadline, and on what is settled or gone, does nothing', async () => {
    const { id } = await asked({ timeout: 60 });
    const { id: done } = await asked({ timeout: 60 });
    await scene.act.resolve(done);
    clock().advance(59);
    const before = await everything(scene.house);
    for (const each of [id, done, 'intervention_gone']) await scene.act.sweep(each);
    expect(await everything(scene.house)).toEqual(before);
  });

  it('behaviour 4.8: at the end of the first window tells it once, and leaves it answerable', async () => {
    const { id } = await asked();
    clock().advance(300);
    const events = await eventsOf(scene.house, () => Promise.all([scene.act.sweep(id), scene.act.sweep(id)]));
    expect(events).toMatchObject([
      { type: 'timeout_occurred', by: 'system', data: { level: 0, dueAt: clock().now().toISOString() } },
    ]);
    await scene.act.resolve(id);
  });

  it('behaviour 4.10: AUTO_CONTINUE takes the recommended option and is delivered like any answer', async () => {
    const options = [
      option('off', { recommended: true, disabled: true }),
      option('a', { recommended: true, metadata: { m: 1 } }),
    ];
    const { sessionId, id } = await asked({ timeout: 120, autoContinue: true, options }, 'inside');
    scene.house.drives.length = 0;
    clock().advance(120);
    const events = await eventsOf(scene.house, () => scene.act.sweep(id));
    expect(events.map(({ type }) => type)).toEqual([
      'timeout_occurred',
      'auto_continue_triggered',
      'intervention_resolved',
      'session_status_changed',
    ]);
    expect(await intervention(id)).toMatchObject({
      status: 'RESOLVED',
      resolution: 'AUTO_CONTINUE',
      delivery: 'PENDING',
      resolvedById: null,
      response: {
        responseType: 'auto_continue',
        selectedOption: { id: 'a' },
        respondedBy: { kind: 'SYSTEM' },
      },
    });
    expect((await session(sessionId)).context).toMatchObject({ response_type: 'auto_continue', m: 1 });
    expect(scene.house.drives).toEqual([sessionId]);
  });

  it('behaviour 4.10: without an option it continues with none', async () => {
    const { id } = await asked({ timeout: 120, autoContinue: true });
    clock().advance(120);
    await scene.act.sweep(id);
    expect(await intervention(id)).toMatchObject({
      resolution: 'AUTO_CONTINUE',
      response: { selectedOption: null },
    });
  });

  it('behaviour 3.2, 4.8: past the last level it is TIMEOUT; the session too, once none is left', async () => {
    const { sessionId, id } = await asked();
    clock().advance(10);
    const second = await scene.act.ask(sessionId);
    clock().advance(2390);
    await scene.act.sweep(id);
    expect(await intervention(id)).toMatchObject({
      status: 'TIMEOUT',
      resolution: 'TIMEOUT',
      delivery: 'UNANSWERED',
      open: true,
    });
    expect(await session(sessionId)).toMatchObject({
      status: 'WAITING_FOR_HUMAN',
      currentInterventionId: second,
    });
    expect(await scene.act.resolve(second, {}, scene.team.admin)).toMatchObject({ sessionResumed: false });
    expect(await session(sessionId)).toMatchObject({ status: 'TIMEOUT', currentInterventionId: null });
  });
});
