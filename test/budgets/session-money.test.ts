import { beforeEach, describe, expect, it } from 'vitest';
import { checkEstimate } from '../../src/budgets/estimate.ts';
import type { MoneyMove } from '../../src/budgets/moves.ts';
import { toUnits } from '../../src/budgets/state.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { begin, toChange } from '../../src/sessions/draft.ts';
import { about } from '../../src/sessions/rules.ts';
import { refusal } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';
import { expectBalanced, openTill } from './support.ts';

const { scene, clock, database } = withHouse();
let sessionId: string;

beforeEach(async () => {
  clock().set(new Date('2026-03-02T09:00:00.000Z'));
  sessionId = await scene.act.start();
});

/** A change of a session that moves money, as an agent call's would. */
async function change(
  asked: { tokens: number; cost: string } | null,
  moves: (projectId: string) => MoneyMove[],
) {
  const { reply, change: written } = await scene.house.deps.changeSession<null>({
    sessionId,
    withBudget: true,
    decide(aggregate, now) {
      if (asked) {
        const check = checkEstimate(aggregate!.budget!, { ...asked, cost: toUnits(asked.cost) }, now);
        if (!check.allowed)
          return { refusal: [{ code: 'BUDGET_EXCEEDED', message: check.violations.join() }] };
      }
      const draft = begin(aggregate!);
      draft.money.push(...moves(aggregate!.session.projectId));
      const { actor } = scene.team.agent;
      draft.events.push({
        ...about(draft.session, actor, now),
        type: 'execution_reported',
        subjectId: sessionId,
        data: {},
      });
      return { change: toChange(aggregate!, draft, actor, now), reply: null };
    },
  });
  expect(reply).toBeNull();
  return written!;
}

const hold = (reservationId: string, tokens: number, cost: string) =>
  change({ tokens, cost }, (projectId) => [
    {
      kind: 'hold',
      projectId,
      reservationId,
      tokens,
      cost: toUnits(cost),
      approvalId: null,
      createdAt: clock().now(),
      expiresAt: addSeconds(clock().now(), 600),
    },
  ]);
const settle = (reservationId: string, tokens: number, cost: string) =>
  change(null, (projectId) => [{ kind: 'settle', projectId, reservationId, tokens, cost: toUnits(cost) }]);
const id = () => scene.house.deps.ids.next('reservation');

describe('a change of a session that moves money', () => {
  it('holds and settles it with its own events, put down to who made the change (6.2, 6.3)', async () => {
    const reservation = id();
    const held = await hold(reservation, 100, '1');
    await settle(reservation, 120, '1.5');
    const events = await scene.house.deps.prisma.unsealedEvent.findMany({
      where: { sessionId, type: { in: ['budget_reserved', 'budget_committed'] } },
      orderBy: { sequence: 'asc' },
    });
    expect(events).toMatchObject([
      { type: 'budget_reserved', teamId: scene.team.teamId, actor: { id: scene.team.agent.actor.id } },
      { type: 'budget_committed', data: { reservations: [reservation], tokens: [120], cost: ['1.5000'] } },
    ]);
    expect(held.eventIds).toContain(events[0]!.id);
    await expectBalanced(openTill(database(), clock()), scene.team.projectId);
  });

  it('is decided anew where others took the money meanwhile, and refused then, whole (6.2)', async () => {
    const results = await Promise.allSettled([1, 2, 3].map(() => hold(id(), 60_000, '0')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await refusal(hold(id(), 60_000, '0'))).toBe('BUDGET_EXCEEDED');
  });

  it('begins the period that is due, and goes on (6.1)', async () => {
    clock().set(new Date('2026-03-03T00:00:00.000Z'));
    await hold(id(), 1, '0');
    const row = await scene.house.deps.prisma.budget.findUniqueOrThrow({
      where: { projectId: scene.team.projectId },
    });
    expect(row.dayStart).toEqual(new Date('2026-03-03T00:00:00.000Z'));
  });

  it('stops the project, where its settlement goes past 150 % (6.4, 7.1)', async () => {
    const reservation = id();
    await hold(reservation, 0, '1');
    expect((await settle(reservation, 0, '200')).signalled).toBe(true);
    const stops = await scene.house.deps.prisma.emergencyStop.findMany({
      where: { projectId: scene.team.projectId },
    });
    expect(stops).toMatchObject([{ triggeredConditions: ['BUDGET_CRITICAL'], resolvedAt: null }]);
  });
});
