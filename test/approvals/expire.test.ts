import { describe, expect, it } from 'vitest';
import { expireApproval, expireApprovalsInSession } from '../../src/approvals/expire.ts';
import { createSweeps } from '../../src/clock/sweeps.ts';
import { readDue } from '../../src/clock/due.ts';
import { silent } from '../support/database.ts';
import { eventsOf, refusedWithoutTrace } from '../support/house.ts';
import { until } from '../support/until.ts';
import { withApprovals } from './acts.ts';

describe('time on a call', () => {
  const { scene, act, call, stop, lift, task, clock, database } = withApprovals();

  it('warns at 80 %, then ends it and gives back what it held, pending or approved (5.7)', async () => {
    const sessionId = await scene.act.start();
    const pending = await call('PENDING', { sessionId, timeoutMinutes: 10 });
    const approved = await call('APPROVED', { sessionId, timeoutMinutes: 10 });
    const sweep = () => expireApprovalsInSession(scene.house.deps, sessionId);
    clock().advance(8 * 60);
    const warnings = await eventsOf(scene.house, sweep);
    expect(warnings.map(({ type, subjectId }) => [type, subjectId])).toEqual([
      ['approval_timeout_warning', pending.id],
      ['approval_timeout_warning', approved.id],
    ]);
    expect(await eventsOf(scene.house, sweep)).toEqual([]);
    clock().advance(2 * 60);
    await sweep();
    for (const { id, taskId } of [pending, approved]) {
      expect(await act.approval(id)).toMatchObject({ status: 'TIMED_OUT', open: false, permit: null });
      expect((await act.reservation(id)).status).toBe('RELEASED');
      expect((await task(taskId)).status).toBe('CANCELLED');
    }
    expect(await eventsOf(scene.house, sweep)).toEqual([]);
  });

  it('ends no call that has begun, and no answer (5.3)', async () => {
    const { id, answerId } = await call('answered', { timeoutMinutes: 1 });
    clock().advance(3600);
    for (const each of [id, answerId])
      expect(await eventsOf(scene.house, () => expireApproval(scene.house.deps, each))).toEqual([]);
    await act.vote(answerId);
  });

  it('stands still while a stop holds it (7.2)', async () => {
    const { id, sessionId } = await call('PENDING', { timeoutMinutes: 1 });
    await stop(sessionId);
    clock().advance(3600);
    expect(await eventsOf(scene.house, () => expireApproval(scene.house.deps, id))).toEqual([]);
    await refusedWithoutTrace(scene.house, 'EMERGENCY_STOPPED', () => act.vote(id));
    await act.cancel(id);
    await lift();
  });

  it("is kept by the leader's sweep, which sleeps until the next one is due (4.12)", async () => {
    const { id } = await call('PENDING', { timeoutMinutes: 5 });
    const { deps } = scene.house;
    const { next } = await readDue(deps.prisma, clock().now(), 10, []);
    expect(next).toEqual(new Date(clock().now().getTime() + 4 * 60_000));
    const sweeps = createSweeps({
      database: { ...database(), leadership: { isLeader: () => true, onChange: () => () => {} } as never },
      clock: clock(),
      log: silent,
      deps,
      poll: 3_600_000,
    });
    sweeps.start();
    sweeps.wake(next!);
    clock().advance(4 * 60);
    await until('it to be warned of', async () => (await act.approval(id)).warned);
    sweeps.wake((await act.approval(id)).dueAt!);
    clock().advance(60);
    await until('it to have timed out', async () => (await act.approval(id)).status === 'TIMED_OUT');
    await sweeps.stop();
  });
});

describe('a session that a runner drives', () => {
  const { scene, act, call, clock } = withApprovals();

  it('is driven whenever one of its approvals is settled, and has the outcome to be delivered (3.4)', async () => {
    const drives = () => scene.house.drives.length;
    const settling: [string, (id: string) => Promise<unknown>][] = [
      ['APPROVED', (id) => act.vote(id)],
      ['REJECTED', (id) => act.vote(id, { verdict: 'REJECT', reason: 'no' })],
      ['CANCELLED', (id) => act.cancel(id, null, scene.team.operator)],
      [
        'TIMED_OUT',
        async (id) => {
          clock().advance(3600);
          await expireApproval(scene.house.deps, id);
        },
      ],
    ];
    for (const [status, settle] of settling) {
      const { id, sessionId } = await call('PENDING', {}, 'inside');
      expect((await act.approval(id)).delivery).toBe('UNANSWERED');
      const before = drives();
      await settle(id);
      expect(await act.approval(id)).toMatchObject({ status, delivery: 'PENDING' });
      expect(scene.house.drives.slice(before)).toEqual([sessionId]);
    }
    const { answerId } = await call('answered', {}, 'inside');
    const before = drives();
    await act.vote(answerId, { verdict: 'REQUEST_MODIFICATION', reason: 'again' });
    expect((await act.approval(answerId)).delivery).toBe('PENDING');
    expect(drives()).toBe(before + 1);
  });

  it('an external one is owed nothing: its agent looks for itself (3.3)', async () => {
    const { id } = await call();
    const before = scene.house.drives.length;
    await act.vote(id);
    expect((await act.approval(id)).delivery).toBe('UNANSWERED');
    expect(scene.house.drives.length).toBe(before);
  });
});
