import { afterEach, describe, expect, it } from 'vitest';
import { addSeconds } from '../../src/kernel/clock.ts';
import type { DomainError } from '../../src/kernel/errors.ts';
import { createStandingApproval, type CreateInput } from '../../src/standing/create.ts';
import { eventsOf, refusal, refusedWithoutTrace } from '../support/house.ts';
import { withStanding } from './acts.ts';

describe('granting a standing approval', () => {
  const { scene, act, may, call, clock, stop, lift } = withStanding();
  afterEach(lift);
  let actions = 0;
  const held = async (input: Parameters<typeof call>[1] = {}, upTo: Parameters<typeof call>[0] = 'PENDING') =>
    (await call(upTo, { proposedAction: `grant ${++actions}`, ...input })).id;

  it('keeps what was granted, by whom, from what, and says so in the log (5.9)', async () => {
    const from = await held({ inputData: { to: 'all', risk: 'MEDIUM' } });
    const { proposal, projectId, teamId } = await act.approval(from);
    const { proposedAction } = proposal as { proposedAction: string };
    const expiresAt = addSeconds(clock().now(), 30 * 24 * 3600);
    let id = '';
    const events = await eventsOf(scene.house, async () => {
      id = await may.grant(from, {
        condition: 'input.to == "all"',
        maximumUses: 10_000,
        maximumCost: '12.5',
        expiresAt,
        reason: 'letters are harmless',
      });
    });
    const row = await may.standing(id);
    expect(row).toMatchObject({
      projectId,
      teamId,
      approvalId: from,
      agentName: 'ada',
      action: proposedAction,
      condition: 'input.to == "all"',
      maximumRisk: 'MEDIUM',
      maximumUses: 10_000,
      uses: 0,
      reason: 'letters are harmless',
      grantedBy: scene.team.operator.actor,
      grantedById: scene.team.operator.actor.id,
      expiresAt,
      endedAt: null,
    });
    expect([row.maximumCost.toFixed(4), row.cost.toFixed(4)]).toEqual(['12.5000', '0.0000']);
    expect(events).toMatchObject([
      {
        type: 'standing_approval_created',
        subjectId: id,
        by: scene.team.operator.actor.id,
        data: { approvalId: from, action: proposedAction, maximumUses: 10_000, maximumCost: '12.5000' },
      },
    ]);
    expect((await act.approval(from)).status).toBe('PENDING');
  });

  it('is made from an approved call as well, with the input that its approver made of it', async () => {
    const from = await held();
    await act.vote(from, { approvedInput: { to: 'few' } });
    expect(await refusal(may.grant(from, { condition: 'input.to == "all"' }))).toBe('INVALID_INPUT');
    expect((await may.standing(await may.grant(from, { condition: 'input.to == "few"' }))).approvalId).toBe(
      from,
    );
  });

  it('gives the first answer again under the same key, and makes one (2.8)', async () => {
    const from = await held();
    const first = await may.grant(from, { idempotencyKey: 'grant once' });
    expect(await may.grant(from, { idempotencyKey: 'grant once' })).toBe(first);
    expect(await refusal(may.grant(from, { idempotencyKey: 'grant once', maximumUses: 3 }))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
  });

  const bad: [string, Partial<CreateInput>, RegExp][] = [
    ['maximumUses', { maximumUses: 0 }, /maximumUses must be 1 to 10000/],
    ['maximumUses', { maximumUses: 10_001 }, /1 to 10000/],
    ['maximumUses', { maximumUses: 1.5 }, /1 to 10000/],
    ['maximumCost', { maximumCost: '-0.0001' }, /maximumCost must be 0.0000 to/],
    ['maximumCost', { maximumCost: '1.00001' }, /at most four places/],
    ['maximumCost', { maximumCost: 'much' }, /must be a decimal/],
    ['expiresAt', { expiresAt: new Date('2026-03-02T09:00:00.000Z') }, /ahead, by at most 30 days/],
    ['expiresAt', { expiresAt: new Date('2027-03-02T09:00:00.000Z') }, /ahead, by at most 30 days/],
    ['condition', { condition: 'input.to ==' }, /condition is not a condition/],
    ['condition', { condition: `input.to == "${'x'.repeat(2000)}"` }, /at most 2000 characters/],
    ['condition', { condition: 'input.to == "some"' }, /true of the call that it is made from/],
    ['condition', { condition: 'input.missing == 1' }, /true of the call that it is made from/],
    ['maximumRisk', { maximumRisk: 'HIGH' }, /maximumRisk must be LOW or MEDIUM/],
    ['reason', { reason: 'x'.repeat(20_001) }, /reason must have at most 20000 characters/],
  ];
  it.each(bad)('refuses a bad %s, naming it and its bound (10.3)', async (field, input, why) => {
    const from = await held();
    await refusedWithoutTrace(scene.house, 'INVALID_INPUT', () => may.grant(from, input));
    const error = await may.grant(from, input).catch((thrown: unknown) => thrown as DomainError);
    expect(error).toMatchObject({ errors: [{ path: [field], message: expect.stringMatching(why) }] });
  });

  it('tells all faults at once', async () => {
    const from = await held();
    const error = await may
      .grant(from, { maximumUses: 0, maximumCost: 'x', condition: '1', expiresAt: new Date(0), reason: 'x' })
      .catch((thrown: unknown) => thrown as DomainError);
    expect((error as DomainError).errors.map(({ path }) => path![0]).sort()).toEqual([
      'condition',
      'expiresAt',
      'maximumCost',
      'maximumUses',
    ]);
  });

  it('names a risk no lower than the call’s own', async () => {
    const from = await held({ inputData: { risk: 'MEDIUM' } });
    expect(await refusal(may.grant(from, { maximumRisk: 'LOW' }))).toBe('INVALID_INPUT');
  });

  it.each(['HIGH', 'CRITICAL'])('is refused of a call of %s risk, to whomever (5.9)', async (risk) => {
    const from = await held({ inputData: { risk } });
    await refusedWithoutTrace(scene.house, 'POLICY_VIOLATION', () => may.grant(from, {}, scene.team.admin));
    await refusedWithoutTrace(scene.house, 'FORBIDDEN', () => may.grant(from));
  });

  it('is refused to whoever asked for the call, also where nobody else could approve it (2.6)', async () => {
    const sessionId = await scene.act.start();
    for (const asker of [scene.team.operator, scene.team.admin]) {
      const own = await act.request(sessionId, { proposedAction: `own ${++actions}` }, asker);
      await refusedWithoutTrace(scene.house, 'SELF_APPROVAL', () => may.grant(own, {}, asker));
      expect(await may.grant(own, {}, scene.team.colleague)).toMatch(/^standing_/);
    }
  });

  it('is refused where several must approve a call of a risk that it would cover', async () => {
    const { deps } = scene.house;
    const from = await held();
    await deps.prisma.supervisionConfiguration.create({
      data: {
        teamId: scene.team.teamId,
        version: 1,
        yaml: '',
        configuration: { human_supervision: { approvals: { quorum: { medium: 2 } } } },
        setBy: {},
        createdAt: clock().now(),
      },
    });
    await refusedWithoutTrace(scene.house, 'POLICY_VIOLATION', () =>
      may.grant(from, { maximumRisk: 'MEDIUM' }),
    );
    expect(await may.grant(from)).toMatch(/^standing_/);
    await deps.prisma.supervisionConfiguration.deleteMany({});
  });

  it('is refused of what was rejected, cancelled or timed out, of an answer, and of what is not there', async () => {
    const rejected = await held();
    await act.vote(rejected, { verdict: 'REJECT', reason: 'no' });
    expect(await refusal(may.grant(rejected))).toBe('INVALID_STATE');
    const cancelled = await held();
    await act.cancel(cancelled);
    expect(await refusal(may.grant(cancelled))).toBe('CANCELLED');
    const { answerId } = await call('answered', { proposedAction: `grant ${++actions}` });
    expect(await refusal(may.grant(answerId))).toBe('NOT_FOUND');
    expect(await refusal(may.grant(scene.house.deps.ids.next('approval')))).toBe('NOT_FOUND');
    expect(await refusal(may.grant(await held(), {}, scene.team.stranger))).toBe('NOT_FOUND');
  });

  it('is refused beneath a stop (7.2)', async () => {
    const { sessionId, id } = await call('PENDING', { proposedAction: `grant ${++actions}` });
    await stop(sessionId);
    await refusedWithoutTrace(scene.house, 'EMERGENCY_STOPPED', () => may.grant(id, {}, scene.team.admin));
    await lift();
    const { deps } = scene.house;
    // What the helper froze by hand goes back by hand.
    await deps.prisma.session.updateMany({
      where: { status: 'HALTED' },
      data: { status: 'ACTIVE', haltedFrom: null },
    });
    await deps.prisma.task.updateMany({
      where: { status: 'HALTED' },
      data: { status: 'AWAITING_APPROVAL', haltedFrom: null },
    });
  });

  it('is refused past twenty in force for one action, also of twenty-five at once', async () => {
    const from = await held();
    const results = await Promise.allSettled(Array.from({ length: 25 }, () => may.grant(from)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    for (const result of results)
      if (result.status === 'rejected')
        expect((result.reason as DomainError).code).toBe('RESOURCE_CONSTRAINT');
    const [first] = results.filter((result) => result.status === 'fulfilled');
    await may.revoke((first as PromiseFulfilledResult<string>).value);
    expect(await may.grant(from)).toMatch(/^standing_/);
  });

  it('answers with the id alone, and wakes the clock for the expiry', async () => {
    const woken: Date[] = [];
    const deps = { ...scene.house.deps, wakeSweeps: (at: Date) => void woken.push(at) };
    const expiresAt = addSeconds(clock().now(), 5);
    const input = { approvalId: await held(), maximumUses: 1, maximumCost: '0', expiresAt };
    expect(Object.keys(await createStandingApproval(deps, scene.team.operator, input))).toEqual([
      'standingId',
    ]);
    expect(woken).toEqual([expiresAt]);
  });
});
