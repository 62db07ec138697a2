import { beforeEach, describe, expect, it } from 'vitest';
import { moveMoney } from '../../src/budgets/move-money.ts';
import type { AttributedMove } from '../../src/budgets/moves.ts';
import { toDecimal, toUnits } from '../../src/budgets/state.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { seedTeam, type Team } from '../support/house.ts';
import { withHouse } from '../support/with-house.ts';

const { scene, clock } = withHouse();
let team: Team;

beforeEach(async () => {
  team = await seedTeam(scene.house);
});

const by = () => ({ actor: team.agent.actor, teamId: team.teamId, sessionId: null });
const id = () => scene.house.deps.ids.next('reservation');

const hold = (
  reservationId: string,
  tokens: number,
  dollars: string,
  project = team.projectId,
): AttributedMove => ({
  kind: 'hold',
  projectId: project,
  reservationId,
  tokens,
  cost: toUnits(dollars),
  approvalId: null,
  createdAt: clock().now(),
  expiresAt: addSeconds(clock().now(), 600),
  ...by(),
});
const settle = (reservationId: string, tokens: number, dollars: string): AttributedMove => ({
  kind: 'settle',
  projectId: team.projectId,
  reservationId,
  tokens,
  cost: toUnits(dollars),
  ...by(),
});
const release = (reservationId: string): AttributedMove => ({
  kind: 'release',
  projectId: team.projectId,
  reservationId,
  ...by(),
});

const move = (...moves: AttributedMove[]) => {
  const { prisma, ids } = scene.house.deps;
  return prisma.$transaction((tx) => moveMoney(tx, ids, moves, clock().now()));
};

async function budget(projectId = team.projectId) {
  const row = await scene.house.deps.prisma.budget.findUniqueOrThrow({ where: { projectId } });
  const cost = (value: { toString(): string }) => toDecimal(toUnits(value.toString()));
  return {
    reserved: [Number(row.tokensReserved), cost(row.costReserved)],
    day: [Number(row.dailyTokensUsed), cost(row.dailyCostUsed)],
    month: [Number(row.monthlyTokensUsed), cost(row.monthlyCostUsed)],
  };
}
const status = async (reservationId: string) =>
  (await scene.house.deps.prisma.budgetReservation.findUniqueOrThrow({ where: { id: reservationId } }))
    .status;
const events = (projectId = team.projectId) =>
  scene.house.deps.prisma.unsealedEvent.findMany({ where: { projectId }, orderBy: { sequence: 'asc' } });
const types = async () => (await events()).map(({ type }) => type);

const untouched = { reserved: [0, '0.0000'], day: [0, '0.0000'], month: [0, '0.0000'] };

describe('a hold', () => {
  it('is taken up to the last unit of the narrowest line, and not one further (6.2)', async () => {
    const [first, second] = [id(), id()];
    expect(await move(hold(first, 99_999, '99.9999'))).toMatchObject({ signalled: [] });
    expect(await move(hold(second, 2, '0'))).toBeNull();
    expect(await move(hold(second, 0, '0.0002'))).toBeNull();
    expect(await move(hold(second, 1, '0.0001'))).not.toBeNull();
    expect(await budget()).toEqual({ ...untouched, reserved: [100_000, '100.0000'] });
    expect(await move(hold(id(), 0, '0.0001'))).toBeNull();
    expect(await types()).toEqual(['budget_reserved', 'budget_reserved']);
  });

  it('is refused while a stop is in force, and what ends meanwhile goes on (7.2)', async () => {
    const first = id();
    await move(hold(first, 10, '1'));
    const { prisma } = scene.house.deps;
    await prisma.budget.update({
      where: { projectId: team.projectId },
      data: { emergencyStopTriggered: true },
    });
    expect(await move(hold(id(), 1, '0'))).toBeNull();
    expect(await move(settle(first, 8, '0.5'))).not.toBeNull();
    expect(await budget()).toEqual({ reserved: [0, '0.0000'], day: [8, '0.5000'], month: [8, '0.5000'] });
  });

  it('of several projects goes through for all or for none', async () => {
    const other = await seedTeam(scene.house);
    const both = [hold(id(), 10, '1'), hold(id(), 10, '1', other.projectId)];
    expect(await move(...both)).not.toBeNull();
    expect(await budget(other.projectId)).toEqual({ ...untouched, reserved: [10, '1.0000'] });
    const attempt = scene.house.deps.prisma.$transaction(async (tx) => {
      const refused = await moveMoney(
        tx,
        scene.house.deps.ids,
        [hold(id(), 10, '1'), hold(id(), 100_000, '1', other.projectId)],
        clock().now(),
      );
      if (refused === null) throw new Error('taken back');
    });
    await expect(attempt).rejects.toThrow('taken back');
    expect(await budget()).toEqual({ ...untouched, reserved: [10, '1.0000'] });
  });
});

describe('a settlement', () => {
  it('counts the real figures in full, once, whatever became of the hold (6.3)', async () => {
    const [held, freed, expired] = [id(), id(), id()];
    await move(hold(held, 100, '1'), hold(freed, 100, '1'), hold(expired, 100, '1'));
    await move(release(freed));
    await scene.house.deps.prisma.budgetReservation.update({
      where: { id: expired },
      data: { status: 'EXPIRED' },
    });
    // What the sweep would have given back with it.
    await scene.house.deps.prisma.budget.update({
      where: { projectId: team.projectId },
      data: { tokensReserved: 100, costReserved: 1 },
    });
    await move(settle(held, 150, '1.5'), settle(freed, 10, '0.1'), settle(expired, 1, '0.01'));
    await move(settle(held, 150, '1.5'), settle(freed, 11, '5'), release(expired));
    expect(await budget()).toEqual({ reserved: [0, '0.0000'], day: [161, '1.6100'], month: [161, '1.6100'] });
    expect(await Promise.all([held, freed, expired].map(status))).toEqual(Array(3).fill('COMMITTED'));
  });

  it('goes beyond a limit rather than being lost (6.2)', async () => {
    const held = id();
    await move(hold(held, 100_000, '1'));
    await move(settle(held, 120_000, '1'));
    expect((await budget()).day).toEqual([120_000, '1.0000']);
    expect(await move(hold(id(), 0, '0'))).toBeNull();
  });

  it('of what is held in the same transaction is decided behind it', async () => {
    const held = id();
    await move(hold(held, 100, '1'), settle(held, 50, '0.5'));
    expect(await budget()).toEqual({ reserved: [0, '0.0000'], day: [50, '0.5000'], month: [50, '0.5000'] });
    expect(await status(held)).toBe('COMMITTED');
    expect(await types()).toEqual(['budget_reserved', 'budget_committed']);
  });

  it('raises each alert once a period and line, at the level or above, with the change (6.4)', async () => {
    const spend = async (tokens: number, dollars: string) => {
      const held = id();
      await move(hold(held, 0, '0'));
      await move(settle(held, tokens, dollars));
    };
    const alerts = async () =>
      (
        await scene.house.deps.prisma.budgetAlert.findMany({
          where: { budget: { projectId: team.projectId } },
        })
      ).map(({ limitType, alertType }) => `${limitType} ${alertType}`);
    await spend(79_999, '79.9999');
    expect(await alerts()).toEqual([]);
    await spend(1, '0');
    expect(await alerts()).toEqual(['TOKEN_DAILY WARNING']);
    await spend(1, '0.0001');
    expect(await alerts()).toEqual(['TOKEN_DAILY WARNING', 'COST_DAILY WARNING']);
    expect((await types()).filter((type) => type === 'budget_alert')).toHaveLength(2);
    const [held] = [id()];
    await move(hold(held, 0, '0'));
    expect(await move(settle(held, 0, '70'))).toMatchObject({ signalled: [] });
    expect((await alerts()).toSorted()).toEqual([
      'COST_DAILY CRITICAL',
      'COST_DAILY EMERGENCY',
      'COST_DAILY WARNING',
      'TOKEN_DAILY WARNING',
    ]);
  });

  it('past 150 % of the day’s cost limit leaves a reason to stop with it (6.4)', async () => {
    const [first, second] = [id(), id()];
    await move(hold(first, 0, '50'), hold(second, 0, '50'));
    expect(await move(settle(first, 0, '100'))).toMatchObject({ signalled: [] });
    expect(await move(settle(second, 0, '50.0001'))).toMatchObject({ signalled: [team.projectId] });
    const signals = await scene.house.deps.prisma.stopSignal.findMany({
      where: { projectId: team.projectId },
    });
    expect(signals).toMatchObject([
      { condition: 'BUDGET_CRITICAL', severity: 'CRITICAL', actor: team.agent.actor },
    ]);
  });
});

describe('a move in a period that is over (6.1)', () => {
  it('begins the next one first, and goes on: what is held carries over, what was used does not', async () => {
    const [kept, late] = [id(), id()];
    await move(hold(kept, 60_000, '60'), hold(late, 40_000, '40'));
    await move(settle(late, 40_000, '40'));
    const tomorrow = new Date('2026-03-03T00:00:00.000Z');
    clock().set(new Date(tomorrow.getTime() - 1));
    expect(await move(hold(id(), 1, '0'))).toBeNull();
    clock().set(tomorrow);
    expect(await move(hold(id(), 40_000, '40'))).not.toBeNull();
    expect(await budget()).toEqual({
      reserved: [100_000, '100.0000'],
      day: [0, '0.0000'],
      month: [40_000, '40.0000'],
    });
    const row = await scene.house.deps.prisma.budget.findUniqueOrThrow({
      where: { projectId: team.projectId },
    });
    expect([row.dayStart, row.dayEnd]).toEqual([tomorrow, new Date('2026-03-04T00:00:00.000Z')]);
    expect((await types()).slice(-2)).toEqual(['budget_period_started', 'budget_reserved']);
    await move(settle(kept, 70_000, '60'));
    expect((await budget()).day).toEqual([70_000, '60.0000']);
    clock().set(new Date('2026-03-02T09:00:00.000Z'));
  });
});
