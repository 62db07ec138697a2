import { describe, expect, it } from 'vitest';
import { expireStaleSession } from '../../src/sessions/expire-stale.ts';
import { cancelSession } from '../../src/sessions/end.ts';
import { reportExecutionEvent } from '../../src/sessions/report.ts';
import { eventsOf, everything, refusal, seconds } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, clock, asked, session } = withHouse();
const DAY = 86_400;
const sweep = (id: string) => expireStaleSession(scene.house.deps, id);

describe('behaviour 3.9: a silent session', () => {
  it('becomes TIMEOUT after 24 hours without activity, not a second before, once', async () => {
    const id = await scene.act.start();
    clock().advance(DAY - 1);
    const before = await everything(scene.house);
    await sweep(id);
    expect(await everything(scene.house)).toEqual(before);
    clock().advance(1);
    expect(await eventsOf(scene.house, () => Promise.all([sweep(id), sweep(id)]))).toEqual([
      {
        type: 'session_status_changed',
        subjectId: id,
        by: 'system',
        data: { from: 'ACTIVE', to: 'TIMEOUT' },
      },
    ]);
    expect(await session(id)).toMatchObject({ status: 'TIMEOUT', staleAt: null });
    expect(await refusal(scene.act.resume(id))).toBe('INVALID_STATE');
    expect(await refusal(scene.act.ask(id))).toBe('INVALID_STATE');
  });

  it('is measured from its last activity', async () => {
    const id = await scene.act.start();
    clock().advance(DAY / 2);
    await reportExecutionEvent(scene.house.deps, scene.team.agent, {
      sessionId: id,
      agentName: 'ada',
      type: 'step',
    });
    clock().advance(DAY / 2);
    expect(await eventsOf(scene.house, () => sweep(id))).toEqual([]);
    const row = await session(id);
    expect([row.status, seconds(row.lastActivity, row.staleAt)]).toEqual(['ACTIVE', DAY]);
    clock().advance(DAY / 2);
    await sweep(id);
    expect((await session(id)).status).toBe('TIMEOUT');
  });

  it('waits for something with a deadline: its own date is put off', async () => {
    const { sessionId } = await asked({ timeout: 3 * DAY });
    clock().advance(DAY);
    await sweep(sessionId);
    const row = await session(sessionId);
    expect([row.status, seconds(clock().now(), row.staleAt)]).toEqual(['WAITING_FOR_HUMAN', DAY]);
  });

  it('that has ended, or is gone, is left alone', async () => {
    const id = await scene.act.start();
    await cancelSession(scene.house.deps, scene.team.agent, id, null);
    clock().advance(2 * DAY);
    expect(await eventsOf(scene.house, async () => [await sweep(id), await sweep('session_gone')])).toEqual(
      [],
    );
  });
});
