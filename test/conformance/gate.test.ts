import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expireApproval } from '../../src/approvals/expire.ts';
import { callOf } from '../../src/approvals/proposal.ts';
import { respondToApproval, type RespondInput } from '../../src/approvals/respond.ts';
import { resolveIntervention } from '../../src/interventions/resolve.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { createStandingApproval } from '../../src/standing/create.ts';
import { keyFor } from '../standing/acts.ts';
import { attended } from '../runners/ai/attended.ts';
import { openHouse, type RunnerHouse, supervise } from '../runners/house.ts';
import { answerOf, type CallOfTest } from '../runners/agent.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { type Subject, subjects, type Watch, watched } from './subjects.ts';

// The gate (behaviour 5.1), over each runner in turn: nothing that acts is reached but through it, and never twice.

const database = withDatabase();
const INPUT = { to: 'production' };
const CALL: CallOfTest = { input: INPUT, tokens: 100, cost: '0.5' };

describe.each(Object.keys(subjects))('the gate of the %s runner', (kind) => {
  let subject: Subject;
  let watch: Watch;
  let house: RunnerHouse;
  let beside: RunnerHouse;

  beforeEach(async () => {
    const clock = database().clock;
    subject = await subjects[kind]!(clock);
    const seen = watched(subject.runner, subject.isBeside);
    watch = seen.watch;
    const runners = [attended(seen.runner, subject.isBeside, () => house)];
    house = await openHouse({ database: database(), clock, runners });
    beside = await openHouse({ database: database(), clock, runners, beside: house });
  });
  afterEach(async () => {
    await house.close();
    await beside.close();
    await subject.close();
  });

  const begin = (call: Partial<CallOfTest> = {}) =>
    house.start(subject.runner.name, subject.calling({ ...CALL, ...call }));
  const session = (id: string) => house.deps.prisma.session.findUniqueOrThrow({ where: { id } });
  /** Those of the call that the suite is about. */
  const approvals = async (id: string) => {
    const all = await house.deps.prisma.approval.findMany({
      where: { sessionId: id },
      orderBy: { id: 'asc' },
    });
    return all.filter(({ id: own, callId }) => {
      const { proposedAction: action, inputData: input } = callOf(
        all.find((each) => each.id === (callId ?? own))!,
      );
      return !subject.isBeside({ agentName: 'worker', action, input });
    });
  };
  const approvalOf = async (id: string, kindOf: 'AGENT_CALL' | 'RESPONSE', status = 'PENDING') => {
    const is = (approval: { kind: string; status: string }) =>
      approval.kind === kindOf && approval.status === status;
    await until(`a ${status} ${kindOf}`, async () => (await approvals(id)).some(is));
    return (await approvals(id)).findLast(is)!;
  };
  const vote = (id: string, input: Partial<RespondInput> = {}) =>
    respondToApproval(house.deps, house.person, id, { verdict: 'APPROVE', ...input });
  const ended = async (id: string) => {
    await until('the session to end', async () =>
      ['COMPLETED', 'FAILED'].includes((await session(id)).status),
    );
    const { status, result, failureReason } = await session(id);
    expect(failureReason).toBeNull();
    expect(status).toBe('COMPLETED');
    return result;
  };
  const budget = () =>
    house.deps.prisma.budget.findFirstOrThrow({ where: { projectId: house.person.projectId! } });
  const reservations = async (id: string) =>
    house.deps.prisma.budgetReservation.findMany({
      where: { approvalId: { in: (await approvals(id)).map((approval) => approval.id) } },
    });

  test('(5.1) runs nothing before it is approved, exactly what was approved, and uses the answer once that is', async () => {
    await house.worker.start();
    const id = await begin();
    const call = await approvalOf(id, 'AGENT_CALL');
    expect(watch.runs).toEqual([]);
    expect(await budget()).toMatchObject({ tokensReserved: 100n });
    await vote(call.id);
    const answer = await approvalOf(id, 'RESPONSE');
    expect(watch.runs).toEqual([INPUT]);
    expect((await session(id)).status).toBe('ACTIVE');
    expect(await reservations(id)).toMatchObject([{ status: 'COMMITTED', committedTokens: 7 }]);
    // Decided in the middle of a turn, it would be used by that one, and no turn would bring it as news.
    await until('the turn to be over', () => house.worker.driver.running() === 0);
    await vote(answer.id);
    expect(await ended(id)).toEqual({ outcome: 'done', response: answerOf(INPUT).response });
    expect(watch.runs).toHaveLength(1);
    expect(await budget()).toMatchObject({ tokensReserved: 0n, dailyTokensUsed: 7n });
    await until('both outcomes to have been taken', async () =>
      (await approvals(id)).every(({ delivery }) => delivery === 'DELIVERED'),
    );
  });

  test('(5.6) runs the input as its approver edited it, and no other', async () => {
    await house.worker.start();
    const id = await begin();
    await vote((await approvalOf(id, 'AGENT_CALL')).id, { approvedInput: { to: 'staging' } });
    await vote((await approvalOf(id, 'RESPONSE')).id);
    expect(await ended(id)).toEqual({ outcome: 'done', response: answerOf({ to: 'staging' }).response });
    expect(watch.runs).toEqual([{ to: 'staging' }]);
  });

  test('(5.9) runs what a standing approval covers at once, once for each use, and waits for a person past its uses', async () => {
    await house.worker.start();
    const held = await approvalOf(await begin(), 'AGENT_CALL');
    await keyFor(house, house.person);
    const { standingId } = await createStandingApproval(
      { ...house.deps, wakeSweeps: () => {} },
      house.person,
      {
        approvalId: held.id,
        condition: `input.to == "${INPUT.to}"`,
        maximumUses: 1,
        maximumCost: '1',
        expiresAt: addSeconds(house.deps.clock.now(), 3600),
      },
    );
    const id = await begin();
    const answer = await approvalOf(id, 'RESPONSE');
    expect(watch.runs).toEqual([INPUT]);
    const [call] = await approvals(id);
    // The runner heard of it in the answer to its asking: nothing else brought it the news.
    expect(call).toMatchObject({ status: 'APPROVED', standingId, delivery: 'UNANSWERED' });
    expect(await reservations(id)).toMatchObject([{ status: 'COMMITTED', committedTokens: 7 }]);
    await vote(answer.id);
    expect(await ended(id)).toEqual({ outcome: 'done', response: answerOf(INPUT).response });
    const third = await begin();
    expect((await approvalOf(third, 'AGENT_CALL')).standingId).toBeNull();
    expect(watch.runs).toHaveLength(1);
  });

  test('(5.1) runs nothing once it was rejected', async () => {
    await house.worker.start();
    const id = await begin();
    await vote((await approvalOf(id, 'AGENT_CALL')).id, { verdict: 'REJECT', reason: 'not today' });
    expect(await ended(id)).toEqual({ outcome: 'rejected', response: null });
    expect(watch.runs).toEqual([]);
    expect(await budget()).toMatchObject({ tokensReserved: 0n, dailyTokensUsed: 0n });
  });

  test('(5.7) runs nothing that was not approved in time', async () => {
    await house.worker.start();
    const id = await begin({ timeoutMinutes: 5 });
    const call = await approvalOf(id, 'AGENT_CALL');
    await until('the turn to be over', () => house.worker.driver.running() === 0);
    database().clock.advance(301);
    await expireApproval(house.deps, call.id);
    expect(await ended(id)).toEqual({ outcome: 'expired', response: null });
    expect(watch.runs).toEqual([]);
  });

  test('(6.2) asks and runs nothing that the budget cannot carry', async () => {
    await house.worker.start();
    const id = await begin({ cost: '100.0001' });
    expect(await ended(id)).toEqual({ outcome: 'over_budget', response: null });
    expect(watch.runs).toEqual([]);
    expect(await approvals(id)).toEqual([]);
  });

  test('(5.1) uses no answer that was rejected; what it cost counts', async () => {
    await house.worker.start();
    const id = await begin();
    await vote((await approvalOf(id, 'AGENT_CALL')).id);
    await vote((await approvalOf(id, 'RESPONSE')).id, { verdict: 'REJECT', reason: 'wrong' });
    expect(await ended(id)).toEqual({ outcome: 'rejected', response: null });
    expect(watch.runs).toHaveLength(1);
    expect(await budget()).toMatchObject({ dailyTokensUsed: 7n });
  });

  test('(5.3) answers anew where people want another answer, without running again', async () => {
    await house.worker.start();
    const id = await begin();
    await vote((await approvalOf(id, 'AGENT_CALL')).id);
    const first = await approvalOf(id, 'RESPONSE');
    await vote(first.id, {
      verdict: 'REQUEST_MODIFICATION',
      reason: 'shorter',
      modifications: { words: 10 },
    });
    await until('another answer', async () => (await approvals(id)).length === 3);
    const second = await approvalOf(id, 'RESPONSE');
    expect(second.callId).toBe(first.callId);
    await vote(second.id);
    expect(await ended(id)).toEqual({
      outcome: 'done',
      response: subject.revised(INPUT, { words: 10 }),
    });
    expect(watch.runs).toHaveLength(1);
  });

  describe('(5.1) a worker lost between any two steps', () => {
    /** What people do whenever something waits for them. */
    async function approveWhatWaits(id: string): Promise<void> {
      for (const { id: approval, status } of await approvals(id))
        if (status === 'PENDING') await vote(approval);
    }

    /** Drives by `worker` until the session has ended or rests without anything that waits for people. */
    async function live(id: string, { driver }: RunnerHouse['worker']): Promise<void> {
      for (let round = 0; round < 12; round += 1) {
        await driver.drive(id).catch(() => {});
        await until('the turn to be over', () => driver.running() === 0);
        if ((await session(id)).status !== 'ACTIVE') return;
        await approveWhatWaits(id);
      }
    }

    test('the call is never run twice, and the session ends with its answer, or told that nobody knows', async () => {
      let places = 0;
      watch.hook = () => void (places += 1);
      const whole = await begin();
      await live(whole, house.worker);
      expect((await session(whole)).result).toMatchObject({ outcome: 'done' });
      expect(places).toBeGreaterThan(8);
      const outcomes = new Set<unknown>();
      for (let place = 0; place < places; place += 1) outcomes.add(await dieAt(place));
      expect(outcomes).toEqual(new Set(['done', 'interrupted']));
    });

    async function dieAt(place: number): Promise<unknown> {
      const wake = Promise.withResolvers<void>();
      const hung = Promise.withResolvers<void>();
      let seen = 0;
      watch.runs.length = 0;
      watch.hook = () => {
        if (seen++ !== place) return;
        hung.resolve();
        // Where it comes to itself again it goes on as if nothing had happened: what it writes is refused.
        return wake.promise;
      };
      const id = await begin();
      const living = live(id, house.worker);
      await Promise.race([hung.promise, living]);
      database().clock.advance(6);
      await live(id, beside.worker);
      const runs = watch.runs.length;
      wake.resolve();
      await living;
      await until('the lost one to be gone', () => house.worker.driver.running() === 0);
      expect(watch.runs.length, `runs, lost at ${place}`).toBeLessThanOrEqual(1);
      expect(runs, `runs, lost at ${place}`).toBeLessThanOrEqual(1);
      const { status, result } = await session(id);
      expect(status, `lost at ${place}`).toBe('COMPLETED');
      const { outcome } = result as { outcome: string };
      // What nobody knows the cost of stays held, until it is settled or out of time.
      const hold = outcome === 'done' ? 'COMMITTED' : 'HELD';
      expect((await reservations(id)).map((reservation) => reservation.status)).toEqual([hold]);
      return outcome;
    }
  });

  const questionOf = async (id: string) => {
    const pending = () =>
      house.deps.prisma.intervention.findFirst({ where: { sessionId: id, status: 'PENDING' } });
    await until('a person to be asked', async () => (await pending()) !== null);
    return (await pending())!;
  };
  const resolve = (id: string, resolutionType: 'APPROVE' | 'REJECT' = 'APPROVE') =>
    resolveIntervention(house.deps, house.person, id, { resolutionType, reasoning: 'as I say' });

  test('(8.4) asks for no approval before what a trigger asks about the call is answered', async () => {
    await supervise(house, "model_call && cost >= 0.5 && to == 'production'");
    await house.worker.start();
    const id = await begin();
    const question = await questionOf(id);
    expect(question).toMatchObject({
      agentName: 'worker',
      context: { action: 'do the work', to: 'production' },
    });
    await until('the turn to be over', () => house.worker.driver.running() === 0);
    expect(await approvals(id)).toEqual([]);
    await resolve(question.id);
    await vote((await approvalOf(id, 'AGENT_CALL')).id);
    await vote((await approvalOf(id, 'RESPONSE')).id);
    expect(await ended(id)).toEqual({ outcome: 'done', response: answerOf(INPUT).response });
    expect(watch.runs).toHaveLength(1);
  });

  test('(8.4) does not run a call that a person, whom a trigger asked about it, said no to', async () => {
    await supervise(house, 'model_call && has(to)');
    await house.worker.start();
    const id = await begin();
    await resolve((await questionOf(id)).id, 'REJECT');
    expect(await ended(id)).toEqual({ outcome: 'rejected', response: null });
    expect(watch.runs).toEqual([]);
    expect(await approvals(id)).toEqual([]);
  });

  test('(8.4) uses no answer before what a trigger asks about it is answered, whatever else was approved', async () => {
    await supervise(house, 'task_completion && confidence > 0.8 && cost < 0.3');
    await house.worker.start();
    const id = await begin();
    await vote((await approvalOf(id, 'AGENT_CALL')).id);
    await vote((await approvalOf(id, 'RESPONSE')).id);
    const question = await questionOf(id);
    await until('the turn to be over', () => house.worker.driver.running() === 0);
    expect((await session(id)).status).toBe('WAITING_FOR_HUMAN');
    await resolve(question.id);
    expect(await ended(id)).toEqual({ outcome: 'done', response: answerOf(INPUT).response });
    expect(watch.runs).toHaveLength(1);
    expect(await house.deps.prisma.intervention.count({ where: { sessionId: id } })).toBe(1);
  });

  test('(8.4) writes nothing of the triggers where the team has no configuration', async () => {
    await house.worker.start();
    const id = await begin();
    await vote((await approvalOf(id, 'AGENT_CALL')).id);
    await approvalOf(id, 'RESPONSE');
    const reports = { sessionId: id, type: 'execution_reported' };
    expect(await house.deps.prisma.unsealedEvent.count({ where: reports })).toBe(0);
  });
});
