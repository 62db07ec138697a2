import { afterEach, describe, expect, it } from 'vitest';
import { addSeconds } from '../../src/kernel/clock.ts';
import type { CreateInput } from '../../src/standing/create.ts';
import { eventsOf, refusedWithoutTrace } from '../support/house.ts';
import { withStanding } from './acts.ts';

describe('a call that a standing approval covers', () => {
  const { scene, act, may, call, task, clock, stop, lift } = withStanding();
  afterEach(lift);
  let actions = 0;

  /** One in force for an action of its own, and how that is asked for. */
  async function granted(input: Partial<CreateInput> = {}, by = scene.team.operator) {
    const proposedAction = `send ${++actions}`;
    const held = await call('PENDING', { proposedAction });
    const id = await may.grant(held.id, input, by);
    return {
      id,
      held: held.id,
      ask: async (more: Parameters<typeof act.request>[1] = {}, asker = scene.team.agent) => {
        const sessionId = more.sessionId ?? (await scene.act.start());
        return act.approval(await act.request(sessionId, { proposedAction, ...more }, asker));
      },
      counted: async () => {
        const { uses, cost } = await may.standing(id);
        return [uses, cost.toFixed(4)];
      },
    };
  }

  it('is approved in the very change that asks it, with permit, hold and task as ever (5.9)', async () => {
    const { id, held, ask, counted } = await granted();
    let asked!: Awaited<ReturnType<typeof ask>>;
    const sessionId = await scene.act.start();
    const events = await eventsOf(scene.house, async () => {
      asked = await ask({ sessionId, estimatedCost: '1.5', estimatedTokens: 7 });
    });
    expect(asked).toMatchObject({
      status: 'APPROVED',
      standingId: id,
      votes: [],
      open: true,
      rejectionReason: null,
      permit: `permit:${asked.id}:${asked.digest}`,
      requiredApprovals: 1,
      respondedAt: clock().now(),
    });
    expect(asked.expiresAt).toEqual(addSeconds(clock().now(), 30 * 60));
    expect(asked.dueAt).toEqual(addSeconds(clock().now(), 24 * 60));
    expect(await act.reservation(asked.id)).toMatchObject({ status: 'HELD', tokens: 7 });
    expect((await task(asked.taskId!)).status).toBe('PENDING');
    expect(await counted()).toEqual([1, '1.5000']);
    expect((await may.standing(id)).lastUsedAt).toEqual(clock().now());
    expect(events.map(({ type, subjectId }) => [type, subjectId])).toEqual([
      ['task_created', asked.taskId],
      ['agent_approval_requested', asked.id],
      ['standing_approval_used', id],
      ['approval_resolved', asked.id],
      ['budget_reserved', (await act.budget()).id],
    ]);
    expect(events[2]).toMatchObject({
      by: 'system',
      data: { approvalId: asked.id, estimatedCost: '1.5000' },
    });
    expect(events[3]).toMatchObject({
      by: 'system',
      data: { status: 'APPROVED', standingId: id, grantedBy: { id: scene.team.operator.actor.id } },
    });
    await act.begin(asked.id);
    const answer = await act.submit(asked.id);
    expect((await act.approval(answer)).status).toBe('PENDING');
    // The call that it was made from is for a person to decide, as before.
    expect((await act.approval(held)).status).toBe('PENDING');
  });

  it('gets the first answer again under the same key, and counts once (2.8)', async () => {
    const { ask, counted } = await granted();
    const sessionId = await scene.act.start();
    const first = await ask({ sessionId, idempotencyKey: 'once' });
    expect((await ask({ sessionId, idempotencyKey: 'once' })).id).toBe(first.id);
    expect(await counted()).toEqual([1, '0.0000']);
  });

  it('takes the time that the request names, and its task, where it names one', async () => {
    const { ask } = await granted();
    const sessionId = await scene.act.start();
    const first = await ask({ sessionId, timeoutMinutes: 7 });
    expect(first.expiresAt).toEqual(addSeconds(clock().now(), 7 * 60));
    const { createTask } = await import('../../src/sessions/tasks.ts');
    const made = await createTask(scene.house.deps, scene.team.agent, {
      sessionId,
      agentName: 'ada',
      instructions: 'x',
    });
    const { taskId } = made.reply;
    expect((await ask({ sessionId, taskId })).status).toBe('APPROVED');
    expect((await task(taskId)).status).toBe('RUNNING');
  });

  it('waits for a person as soon as the uses are taken', async () => {
    const { id, ask, counted } = await granted({ maximumUses: 2 });
    const asked = [await ask(), await ask(), await ask()];
    expect(asked.map(({ status }) => status)).toEqual(['APPROVED', 'APPROVED', 'PENDING']);
    expect(asked.map(({ standingId }) => standingId)).toEqual([id, id, null]);
    expect(await counted()).toEqual([2, '0.0000']);
    await act.vote(asked[2]!.id);
    expect((await act.approval(asked[2]!.id)).status).toBe('APPROVED');
  });

  it('waits for a person where its estimate is more than is left, to the ten-thousandth of a dollar', async () => {
    const { ask, counted } = await granted({ maximumCost: '1' });
    expect((await ask({ estimatedCost: '0.6' })).status).toBe('APPROVED');
    expect((await ask({ estimatedCost: '0.4001' })).status).toBe('PENDING');
    expect((await ask({ estimatedCost: '0.4' })).status).toBe('APPROVED');
    expect((await ask({ estimatedCost: '0.0001' })).status).toBe('PENDING');
    expect((await ask({ estimatedCost: '0' })).status).toBe('APPROVED');
    expect(await counted()).toEqual([3, '1.0000']);
  });

  it('counts what an answer came to beyond its estimate, and gives nothing back', async () => {
    const { ask, counted } = await granted({ maximumCost: '1' });
    const dear = await ask({ estimatedCost: '0.1' });
    await act.submit(dear.id, { actualCost: '0.7' });
    expect(await counted()).toEqual([1, '0.7000']);
    const cheap = await ask({ estimatedCost: '0.2' });
    await act.submit(cheap.id, { actualCost: '0.05' });
    expect(await counted()).toEqual([2, '0.9000']);
    const cancelled = await ask({ estimatedCost: '0.1' });
    await act.cancel(cancelled.id);
    expect(await counted()).toEqual([3, '1.0000']);
    expect((await ask({ estimatedCost: '0.0001' })).status).toBe('PENDING');
  });

  it('counts a figure past the cap in full: the next one finds nothing left', async () => {
    const { ask, counted } = await granted({ maximumCost: '1' });
    const free = await ask();
    await act.submit(free.id, { actualCost: '3' });
    expect(await counted()).toEqual([1, '3.0000']);
    expect((await ask()).status).toBe('PENDING');
  });

  it('waits for a person from the expiry on', async () => {
    const { ask } = await granted({ expiresAt: addSeconds(clock().now(), 60) });
    expect((await ask()).status).toBe('APPROVED');
    clock().advance(60);
    expect((await ask()).status).toBe('PENDING');
  });

  it.each(['HIGH', 'CRITICAL'])(
    'waits for a person where it is assessed %s, however wide the grant',
    async (risk) => {
      const { ask, counted } = await granted({ maximumRisk: 'MEDIUM' });
      expect((await ask({ inputData: { risk } })).status).toBe('PENDING');
      expect((await ask({ inputData: { risk: 'MEDIUM' } })).status).toBe('APPROVED');
      expect(await counted()).toEqual([1, '0.0000']);
    },
  );

  it('waits for a person above the risk that was granted, which is the call’s own where nothing is said', async () => {
    const { ask } = await granted();
    expect((await ask({ inputData: { risk: 'MEDIUM' } })).status).toBe('PENDING');
    expect((await ask()).status).toBe('APPROVED');
  });

  it('waits for a person where it is another agent, another action, another team, or another input', async () => {
    const { ask, counted } = await granted({ condition: 'input.to == "all"' });
    expect((await ask({ agentName: 'bob' })).status).toBe('PENDING');
    expect((await ask({ proposedAction: 'send nothing' })).status).toBe('PENDING');
    expect((await ask({ inputData: { to: 'some' } })).status).toBe('PENDING');
    expect((await ask({ inputData: {} })).status).toBe('PENDING');
    const { deps } = scene.house;
    const teamId = deps.ids.next('team');
    await deps.prisma.team.create({
      data: {
        id: teamId,
        projectId: scene.team.projectId,
        name: 'another',
        createdAt: clock().now(),
        queue: { create: {} },
      },
    });
    const sessionId = await scene.act.start({ teamId });
    expect((await ask({ sessionId })).status).toBe('PENDING');
    expect(await counted()).toEqual([0, '0.0000']);
  });

  it('waits for somebody else where who granted it asks for it themselves (2.6)', async () => {
    const { ask } = await granted();
    expect((await ask({}, scene.team.operator)).status).toBe('PENDING');
    expect((await ask({}, scene.team.colleague)).status).toBe('APPROVED');
  });

  it('is let through by another one where the first carries no more', async () => {
    const { held, id, ask } = await granted({ maximumUses: 1 });
    const second = await may.grant(held, { maximumUses: 1 });
    expect([(await ask()).standingId, (await ask()).standingId, (await ask()).standingId]).toEqual([
      id,
      second,
      null,
    ]);
  });

  it('is refused beneath a stop, and counts nothing (7.2)', async () => {
    const { ask, counted } = await granted();
    const sessionId = await scene.act.start();
    const other = await scene.act.start();
    await stop(other);
    await refusedWithoutTrace(scene.house, 'EMERGENCY_STOPPED', () => ask({ sessionId }));
    expect(await counted()).toEqual([0, '0.0000']);
    await lift();
    expect((await ask({ sessionId })).status).toBe('APPROVED');
  });

  it('is refused where the budget cannot carry it, and counts nothing (5.2)', async () => {
    const { ask, counted } = await granted({ maximumCost: '1000' });
    const sessionId = await scene.act.start();
    await refusedWithoutTrace(scene.house, 'BUDGET_EXCEEDED', () =>
      ask({ sessionId, estimatedTokens: 99_999 }),
    );
    expect(await counted()).toEqual([0, '0.0000']);
  });

  it('waits for several where its team has asked for several since', async () => {
    const { ask } = await granted();
    const { deps } = scene.house;
    await deps.prisma.supervisionConfiguration.create({
      data: {
        teamId: scene.team.teamId,
        version: 1,
        yaml: '',
        configuration: { human_supervision: { approvals: { quorum: { low: 2 }, timeout_minutes: 11 } } },
        setBy: {},
        createdAt: clock().now(),
      },
    });
    const asked = await ask();
    expect(asked).toMatchObject({ status: 'PENDING', requiredApprovals: 2, standingId: null });
    await deps.prisma.supervisionConfiguration.deleteMany({});
    expect((await ask()).status).toBe('APPROVED');
  });
});
