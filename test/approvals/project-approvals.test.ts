import { afterEach, describe, expect, it } from 'vitest';
import { transact } from '../../src/database/transact.ts';
import { announceApproval } from '../../src/approvals/change-project-approval.ts';
import { type Asked, askApproval } from '../../src/approvals/ask.ts';
import { requestBudgetOverride, type RequestOverrideInput } from '../../src/approvals/request-override.ts';
import { respondToApproval } from '../../src/approvals/respond.ts';
import type { Consequences, Settlement } from '../../src/approvals/seams.ts';
import { createApprovalSweep } from '../../src/approvals/sweep.ts';
import { systemActor } from '../../src/identity/viewer.ts';
import { eventsOf, refusal, refusedWithoutTrace } from '../support/house.ts';
import { withApprovals } from './acts.ts';

const DAY = 24 * 3_600;

describe('an approval without a session', () => {
  const { scene, act, lift, clock } = withApprovals();
  afterEach(lift);

  const override = async (input: Partial<RequestOverrideInput> = {}, by = scene.team.agent) =>
    (
      await requestBudgetOverride(scene.house.deps, by, {
        projectId: scene.team.projectId,
        limitType: 'COST_DAILY',
        requestedAmount: '50',
        justification: 'the letters are many',
        ...input,
      })
    ).reply.approvalId;

  /** The project as a stop holds it. */
  const stop = () =>
    scene.house.deps.prisma.project.update({
      where: { id: scene.team.projectId },
      data: { stopId: scene.house.deps.ids.next('stop') },
    });

  const ask = (more: Partial<Asked> = {}) =>
    transact(scene.house.deps.database, 'ask', async (tx) =>
      askApproval(tx, scene.house.deps, {
        kind: 'RECOVERY_PLAN',
        projectId: scene.team.projectId,
        summary: 'go on',
        proposal: { steps: [1, 2] },
        requestedBy: systemActor,
        requiredRole: 'MANAGER',
        recoveryId: 'recovery_1',
        expiresAt: null,
        ...more,
      }),
    );

  /** The house with something to do once one is settled. */
  function hooked() {
    const settled: Settlement[] = [];
    const onSettled = async (_: unknown, settlement: Settlement): Promise<Consequences> => {
      settled.push(settlement);
      const { approval, actor, now } = settlement;
      const about = { projectId: approval.projectId, teamId: null, sessionId: null, subjectId: approval.id };
      return { events: [{ ...about, type: 'budget_overridden', actor, occurredAt: now, data: {} }] };
    };
    return {
      settled,
      deps: { ...scene.house.deps, onSettled: { BUDGET_OVERRIDE: onSettled, RECOVERY_PLAN: onSettled } },
    };
  }

  it.each([
    ['COST_DAILY', '100', 'SUPERVISOR'],
    ['COST_MONTHLY', '100.0001', 'MANAGER'],
    ['TOKEN_DAILY', '100000', 'SUPERVISOR'],
    ['TOKEN_MONTHLY', '100001', 'MANAGER'],
  ] as const)('more of %s by %s is for a %s to approve (6.5)', async (limitType, requestedAmount, role) => {
    const id = await override({ limitType, requestedAmount });
    expect(await act.approval(id)).toMatchObject({
      kind: 'BUDGET_OVERRIDE',
      requiredRole: role,
      sessionId: null,
      proposal: { requiresManagerApproval: role === 'MANAGER' },
    });
    const below = role === 'MANAGER' ? scene.team.supervisor : scene.team.operator;
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => act.vote(id, {}, below));
  });

  it.each([
    ['requestedAmount', { requestedAmount: '0' }],
    ['requestedAmount', { requestedAmount: '-5' }],
    ['requestedAmount', { requestedAmount: '0.00001' }],
    ['requestedAmount', { limitType: 'TOKEN_DAILY', requestedAmount: '1.5' }],
    ['justification', { justification: '  ' }],
    ['justification', { justification: 'x'.repeat(20_001) }],
  ] as const)('refuses a bad %s (6.6, 10.3)', async (_, input) => {
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => override(input));
  });

  it('is asked within the project, not beneath a stop, and once by its key (2.2, 7.2, 2.8)', async () => {
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => override({}, scene.team.stranger));
    const first = await override({ idempotencyKey: 'more' });
    expect(await override({ idempotencyKey: 'more' })).toBe(first);
    await stop();
    await refusedWithoutTrace(scene.house, 'EMERGENCY_STOPPED', () => override());
  });

  it('says in its summary what is asked for, in words', async () => {
    const summaryOf = async (input: Partial<RequestOverrideInput>) =>
      (await scene.house.deps.prisma.approval.findUniqueOrThrow({ where: { id: await override(input) } }))
        .summary;
    expect(await summaryOf({ requestedAmount: '25' })).toBe('$25 more a day');
    expect(await summaryOf({ limitType: 'TOKEN_MONTHLY', requestedAmount: '50000' })).toBe(
      '50,000 more tokens a month',
    );
  });

  it('approved, does what it was asked for in the same transaction, and is announced', async () => {
    const { settled, deps } = hooked();
    const id = await override();
    const events = await eventsOf(scene.house, () =>
      respondToApproval(deps, scene.team.supervisor, id, { verdict: 'APPROVE' }),
    );
    expect(events.map(({ type }) => type)).toEqual([
      'approval_voted',
      'approval_resolved',
      'budget_overridden',
    ]);
    expect(settled).toMatchObject([{ status: 'APPROVED', actor: { id: scene.team.supervisor.actor.id } }]);
    expect(await act.approval(id)).toMatchObject({
      status: 'APPROVED',
      open: false,
      dueAt: null,
      version: 1,
    });
    const told = scene.house.told.at(-1)!;
    expect(told).toMatchObject({ projectId: scene.team.projectId, budget: true });
    expect(told.approvals![0]!.row).toMatchObject({ id, status: 'APPROVED', version: 1 });
    expect(told.eventIds).toHaveLength(3);
  });

  it('takes nothing of it where what it was asked for fails', async () => {
    const id = await override();
    const broken = () => Promise.reject(new Error('no'));
    const deps = { ...scene.house.deps, onSettled: { BUDGET_OVERRIDE: broken } };
    await expect(respondToApproval(deps, scene.team.supervisor, id, { verdict: 'APPROVE' })).rejects.toThrow(
      'no',
    );
    expect(await act.approval(id)).toMatchObject({ status: 'PENDING', version: 0, votes: [] });
  });

  it('is decided by the same rules: repeats, reasons, self-approval (2.6, 5.4, 5.5)', async () => {
    const id = await override({}, scene.team.supervisor);
    await refusedWithoutTrace(scene.house, 'SELF_APPROVAL', () => act.vote(id, {}, scene.team.supervisor));
    const noReason = { verdict: 'REJECT' } as const;
    await refusedWithoutTrace(scene.house, 'REASON_REQUIRED', () =>
      act.vote(id, noReason, scene.team.manager),
    );
    await act.vote(id, {}, scene.team.manager);
    expect(await eventsOf(scene.house, () => act.vote(id, {}, scene.team.manager))).toEqual([]);
    const reject = { verdict: 'REJECT', reason: 'no' } as const;
    await refusedWithoutTrace(scene.house, 'ALREADY_DECIDED', () => act.vote(id, reject, scene.team.manager));
    await refusedWithoutTrace(scene.house, 'ALREADY_RESOLVED', () => act.vote(id, reject, scene.team.admin));
    await refusedWithoutTrace(scene.house, 'NOT_FOUND', () => act.vote(id, reject, scene.team.stranger));
  });

  it('beneath a stop grants nothing, may be rejected and cancelled; what recovery asks is never held (7.2, 7.4)', async () => {
    const [held, other] = [await override(), await override()];
    const { approval: plan } = await ask();
    await stop();
    await refusedWithoutTrace(scene.house, 'EMERGENCY_STOPPED', () => act.vote(held, {}, scene.team.manager));
    await act.vote(held, { verdict: 'REJECT', reason: 'no' }, scene.team.manager);
    await act.cancel(other, 'never mind');
    expect((await act.approval(other)).status).toBe('CANCELLED');
    const { settled, deps } = hooked();
    const modifications = { skip: [2] };
    await respondToApproval(deps, scene.team.manager, plan.id, { verdict: 'APPROVE', modifications });
    expect(settled).toMatchObject([
      { status: 'APPROVED', approval: { modifications, recoveryId: 'recovery_1' } },
    ]);
  });

  it('of recovery is for its role alone, and never expires (7.4, 5.7)', async () => {
    const { approval, eventIds } = await ask({ kind: 'RECOVERY_STEP', stepId: 'step_1' });
    announceApproval(scene.house.deps, { approval, eventIds });
    expect(scene.house.told.at(-1)).toMatchObject({ approvals: [{ id: approval.id }], eventIds });
    expect(await act.approval(approval.id)).toMatchObject({ stepId: 'step_1', expiresAt: null, dueAt: null });
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () =>
      act.vote(approval.id, {}, scene.team.supervisor),
    );
    await act.vote(approval.id, {}, scene.team.manager);
  });

  it('is warned of at 80 % of its time, and is over with the period that it was for (5.7)', async () => {
    const { settled, deps } = hooked();
    const sweep = createApprovalSweep(deps);
    const run = () => sweep.run(clock().now());
    while ((await run()).again);
    const id = await override();
    const { expiresAt } = await act.approval(id);
    const left = (expiresAt!.getTime() - clock().now().getTime()) / 1000;
    expect(new Date(expiresAt!).toISOString()).toMatch(/T00:00:00/);
    clock().advance(0.8 * left);
    expect((await eventsOf(scene.house, run)).filter(({ subjectId }) => subjectId === id)).toMatchObject([
      { type: 'approval_timeout_warning', by: 'system' },
    ]);
    expect((await run()).next).toEqual(expiresAt);
    clock().advance(0.2 * left);
    await run();
    expect((await act.approval(id)).status).toBe('TIMED_OUT');
    expect(settled.at(-1)).toMatchObject({ status: 'TIMED_OUT', actor: { id: 'system' } });
    expect(await refusal(act.vote(id, {}, scene.team.supervisor))).toBe('EXPIRED');
  });

  it('takes no vote after its time, whether or not the clock has come by (5.7)', async () => {
    const id = await override();
    clock().advance(DAY);
    expect(await refusal(act.vote(id, {}, scene.team.supervisor))).toBe('EXPIRED');
    expect((await act.approval(id)).status).toBe('TIMED_OUT');
    const later = await override();
    clock().advance(DAY);
    expect(await refusal(act.cancel(later))).toBe('EXPIRED');
  });
});
