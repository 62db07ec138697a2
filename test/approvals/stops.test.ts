import { describe, expect, it } from 'vitest';
import { triggerEmergencyStop } from '../../src/emergency/trigger.ts';
import { eventsOf, refusal } from '../support/house.ts';
import { withApprovals } from './acts.ts';

describe('an answer with a CRITICAL flag', () => {
  const { scene, act, call } = withApprovals();

  it('raises an alarm without its evidence, and stops the project before it is answered (7.1)', async () => {
    const { id } = await call('started');
    const events = await eventsOf(scene.house, () => act.submit(id, { response: { risk: 'CRITICAL' } }));
    expect(events.find(({ type }) => type === 'safety_alert')?.data).toEqual({
      level: 'CRITICAL',
      codes: ['said_so'],
    });
    const stops = await scene.house.deps.prisma.emergencyStop.findMany();
    expect(stops).toMatchObject([
      { triggeredConditions: ['SECURITY_THREAT'], projectId: scene.team.projectId },
    ]);
    // The answer is there, and held.
    const answer = await scene.house.deps.prisma.approval.findFirstOrThrow({ where: { callId: id } });
    expect([answer.status, answer.frozenAt !== null]).toEqual(['PENDING', true]);
    expect(await refusal(act.vote(answer.id, {}, scene.team.supervisor))).toBe('EMERGENCY_STOPPED');
    await act.vote(answer.id, { verdict: 'REJECT', reason: 'no' }, scene.team.supervisor);
  });
});

describe("an estimate past 150 % of the day's cost", () => {
  const { scene, act } = withApprovals();

  it('is refused, and stops the project: the one refusal that changes something (6.4)', async () => {
    const sessionId = await scene.act.start();
    expect(await refusal(act.request(sessionId, { estimatedCost: '151' }))).toBe('BUDGET_EXCEEDED');
    const stops = await scene.house.deps.prisma.emergencyStop.findMany();
    expect(stops).toMatchObject([{ triggeredConditions: ['BUDGET_CRITICAL'] }]);
    expect(await refusal(act.request(sessionId))).toBe('EMERGENCY_STOPPED');
  });
});

describe('real figures past 150 % of the day', () => {
  const { scene, act, call } = withApprovals();

  it('count in full, and stop the project (6.3, 6.4)', async () => {
    const { id } = await call('started');
    await act.submit(id, { actualCost: '151' });
    expect(Number((await act.budget()).dailyCostUsed)).toBe(151);
    expect(await scene.house.deps.prisma.emergencyStop.count()).toBe(1);
  });
});

describe('a stop', () => {
  const { scene, act, call } = withApprovals();

  it('cancels what was approved and not started, and holds what is pending (7.2)', async () => {
    const pending = await call();
    const approved = await call('APPROVED');
    const started = await call('started');
    await stop(scene.team.projectId);
    expect((await act.approval(approved.id)).status).toBe('CANCELLED');
    expect((await act.reservation(approved.id)).status).toBe('RELEASED');
    expect((await act.approval(pending.id)).frozenAt).not.toBeNull();
    expect(await refusal(act.vote(pending.id))).toBe('EMERGENCY_STOPPED');
    expect(await refusal(act.begin(approved.id))).toBe('EMERGENCY_STOPPED');
    expect(await refusal(act.submit(approved.id))).toBe('CANCELLED');
    expect(await refusal(act.submit(started.id))).toBe('EMERGENCY_STOPPED');
    for (const { id } of [approved, started]) expect((await act.reservation(id)).status).toBe('COMMITTED');
    await act.vote(pending.id, { verdict: 'REJECT', reason: 'no' });
  });

  const stop = (projectId: string) =>
    triggerEmergencyStop(scene.house.emergency, scene.team.operator, {
      projectId,
      reason: 'enough',
      severity: 'HIGH',
    });
});
