import { beforeEach, describe, expect, it } from 'vitest';
import { selectBudget } from '../../src/budgets/book.ts';
import { checkEstimate, periodEnd } from '../../src/budgets/estimate.ts';
import { grantOverride } from '../../src/budgets/grant-override.ts';
import { reviveBudget } from '../../src/budgets/state.ts';
import { openMissingBudgets } from '../../src/budgets/open-budgets.ts';
import { createProject } from '../../src/projects/create-project.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { openHouse, refusal, seedTeam, type Team } from '../support/house.ts';
import { openTill, tellers, type Till } from './support.ts';

const database = withDatabase();
let till: Till;
let team: Team;
let act: ReturnType<typeof tellers>;

beforeEach(async () => {
  database().clock.set(new Date('2026-03-02T09:00:00.000Z'));
  till = openTill(database(), database().clock);
  team = await seedTeam(openHouse(database(), database().clock));
  act = tellers(till, team);
});

const row = (projectId = team.projectId) =>
  database().prisma.budget.findUniqueOrThrow({ where: { projectId } });
const periods = async () => {
  const { dayStart, dayEnd, monthStart, monthEnd } = await row();
  return [dayStart, dayEnd, monthStart, monthEnd].map((at) => at.toISOString().slice(0, 16));
};

describe('setting limits', () => {
  it('changes those that are given, and tells what they were and are', async () => {
    await act.limit({ dailyTokens: 5, monthlyCost: '0.5' });
    expect(await act.lines()).toEqual({
      TOKEN_DAILY: '0 + 0 of 5 + 0',
      TOKEN_MONTHLY: '0 + 0 of 2000000 + 0',
      COST_DAILY: '0.0000 + 0.0000 of 100.0000 + 0.0000',
      COST_MONTHLY: '0.0000 + 0.0000 of 0.5000 + 0.0000',
    });
    const common = { monthlyTokens: 2_000_000, dailyCost: '100.0000', timeZone: 'UTC' };
    expect(await act.events()).toMatchObject([
      {
        type: 'budget_limits_changed',
        actor: { id: team.manager.actor.id },
        data: {
          before: { dailyTokens: 100_000, monthlyCost: '2000.0000', ...common },
          after: { dailyTokens: 5, monthlyCost: '0.5000', ...common },
        },
      },
    ]);
  });

  it('beneath what was granted leaves less than nothing, and what was granted stands (6.2)', async () => {
    const { reservation } = await act.reserve(100, '1');
    await act.limit({ dailyTokens: 50 });
    expect((await act.lines()).TOKEN_DAILY).toBe('0 + 100 of 50 + 0');
    expect(await refusal(act.reserve(0, '0'))).toBe('BUDGET_EXCEEDED');
    await act.commit(reservation.id, 100, '1');
  });

  it('that what was used has reached already raises the alerts (6.4)', async () => {
    const { reservation } = await act.reserve(96, '0');
    await act.commit(reservation.id, 96, '0');
    await act.limit({ dailyTokens: 120 });
    expect(await act.alerts()).toEqual(['TOKEN_DAILY WARNING']);
    await act.limit({ dailyTokens: 100 });
    expect((await act.alerts()).toSorted()).toEqual(['TOKEN_DAILY CRITICAL', 'TOKEN_DAILY WARNING']);
    await act.limit({ dailyTokens: 1000 });
    await act.limit({ dailyTokens: 100 });
    expect(await act.alerts()).toHaveLength(2);
  });

  it.each([
    [{ dailyTokens: -1 }, 'dailyTokens'],
    [{ monthlyTokens: 2 ** 31 }, 'monthlyTokens'],
    [{ dailyCost: '0.00001' }, 'dailyCost'],
    [{ dailyCost: '-1' }, 'dailyCost'],
    [{ monthlyCost: '1000000000000.0001' }, 'monthlyCost'],
    [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
  ])('refuses %j (6.6, 10.3)', async (limits, field) => {
    await expect(act.limit(limits)).rejects.toMatchObject({
      errors: [{ code: 'INVALID_INPUT', path: ['limits', field] }],
    });
  });

  it('refuses limits that name nothing, and says what tokens may be', async () => {
    await expect(act.limit({})).rejects.toMatchObject({
      errors: [
        {
          code: 'INVALID_INPUT',
          message: 'limits must name at least one limit, or the time zone',
          path: ['limits'],
        },
      ],
    });
    await expect(act.limit({ dailyTokens: -1 })).rejects.toThrow(
      'dailyTokens must be 0 to 2147483647 tokens',
    );
  });

  it('takes the bounds themselves (10.3)', async () => {
    await act.limit({
      dailyTokens: 0,
      monthlyTokens: 2 ** 31 - 1,
      dailyCost: '0',
      monthlyCost: '1000000000000',
    });
    expect(await act.lines()).toMatchObject({
      TOKEN_MONTHLY: '0 + 0 of 2147483647 + 0',
      COST_MONTHLY: '0.0000 + 0.0000 of 1000000000000.0000 + 0.0000',
    });
  });

  it('of another project, or none, finds nothing (2.2)', async () => {
    expect(await refusal(act.limit({ dailyTokens: 1 }, team.stranger))).toBe('NOT_FOUND');
    const nowhere = tellers(till, { ...team, projectId: 'project_none' });
    expect(await refusal(nowhere.limit({ dailyTokens: 1 }, { ...team.admin, projectId: null }))).toBe(
      'NOT_FOUND',
    );
  });
});

describe('a change of the time zone (6.1)', () => {
  it('holds from the next period on: that one begins where the running one ends, until the new midnight', async () => {
    await act.limit({ timeZone: 'America/New_York' });
    expect(await periods()).toEqual([
      '2026-03-02T00:00',
      '2026-03-03T00:00',
      '2026-03-01T00:00',
      '2026-04-01T00:00',
    ]);
    database().clock.set(new Date('2026-03-03T00:00:00.000Z'));
    await act.reserve(1, '0');
    expect((await periods()).slice(0, 2)).toEqual(['2026-03-03T00:00', '2026-03-03T05:00']);
    database().clock.set(new Date('2026-03-03T05:00:00.000Z'));
    await act.sweep();
    expect((await periods()).slice(0, 2)).toEqual(['2026-03-03T05:00', '2026-03-04T05:00']);
    database().clock.set(new Date('2026-04-01T00:00:00.000Z'));
    await act.sweep();
    expect((await periods()).slice(2)).toEqual(['2026-04-01T00:00', '2026-04-01T04:00']);
  });

  it('made after a period’s end that nobody has noticed begins that period in the old zone first', async () => {
    database().clock.set(new Date('2026-03-03T01:00:00.000Z'));
    await act.limit({ timeZone: 'Pacific/Auckland' });
    expect((await periods()).slice(0, 2)).toEqual(['2026-03-03T00:00', '2026-03-04T00:00']);
  });
});

describe('an override that was granted', () => {
  it('adds to its line, and lasts to the end of its period (6.5)', async () => {
    const grant = (limitType: 'COST_DAILY' | 'TOKEN_MONTHLY', amount: bigint) =>
      database().prisma.$transaction((tx) =>
        grantOverride(tx, till.deps.ids, {
          projectId: team.projectId,
          limitType,
          amount,
          approvalId: 'approval_1',
          actor: team.supervisor.actor,
          now: database().clock.now(),
        }),
      );
    await grant('COST_DAILY', 500_000n);
    await grant('COST_DAILY', 1n);
    const { events } = await grant('TOKEN_MONTHLY', 1000n);
    expect(events.map(({ type }) => type)).toEqual(['budget_overridden']);
    expect(await act.lines()).toMatchObject({
      COST_DAILY: '0.0000 + 0.0000 of 100.0000 + 50.0001',
      TOKEN_MONTHLY: '0 + 0 of 2000000 + 1000',
    });
    const { reservation } = await act.reserve(0, '150.0001', { ttlSeconds: 86_400 });
    expect(await refusal(act.reserve(0, '0.0001'))).toBe('BUDGET_EXCEEDED');
    database().clock.set(new Date('2026-03-03T00:00:00.000Z'));
    await act.sweep();
    expect(await act.lines()).toMatchObject({
      COST_DAILY: '0.0000 + 150.0001 of 100.0000 + 0.0000',
      TOKEN_MONTHLY: '0 + 0 of 2000000 + 1000',
    });
    await act.commit(reservation.id, 0, '1');
  });
});

describe('an estimate of another room', () => {
  it('is checked in the period that runs, also where nobody has begun it, and knows when that ends (6.1)', async () => {
    await act.limit({ timeZone: 'America/New_York' });
    await act.commit((await act.reserve(100_000, '0')).reservation.id, 100_000, '0');
    const { prisma, query, clock } = database();
    const [row] = await query<Record<string, unknown>>({
      text: `SELECT ${selectBudget} FROM budgets b WHERE b.project_id = $1`,
      values: [team.projectId],
    });
    const asked = () => checkEstimate(reviveBudget(row!), { tokens: 1, cost: 0n }, clock.now());
    const end = () => prisma.$transaction((tx) => periodEnd(tx, team.projectId, 'TOKEN_DAILY', clock.now()));
    expect(asked()).toMatchObject({ allowed: false, violations: ['TOKEN_DAILY'] });
    expect(await end()).toEqual(new Date('2026-03-03T00:00:00.000Z'));
    clock.set(new Date('2026-03-03T00:00:00.000Z'));
    expect(asked()).toMatchObject({ allowed: true });
    expect(await end()).toEqual(new Date('2026-03-03T05:00:00.000Z'));
  });
});

describe('the clock', () => {
  it('begins periods by itself while nothing runs, with an event (6.1)', async () => {
    const { reservation } = await act.reserve(10, '1', { ttlSeconds: 10_000_000 });
    await act.commit(reservation.id, 10, '1');
    database().clock.set(new Date('2026-04-05T12:00:00.000Z'));
    await act.sweep();
    expect(await periods()).toEqual([
      '2026-04-05T00:00',
      '2026-04-06T00:00',
      '2026-04-01T00:00',
      '2026-05-01T00:00',
    ]);
    expect((await act.events()).at(-1)).toMatchObject({
      type: 'budget_period_started',
      actor: { kind: 'SYSTEM' },
      data: {
        day: { start: '2026-04-05T00:00:00.000Z', before: { tokens: 10, cost: '1.0000' } },
        month: { start: '2026-04-01T00:00:00.000Z', before: { tokens: 10, cost: '1.0000' } },
      },
    });
    const events = await act.events();
    await act.sweep();
    expect(await act.events()).toEqual(events);
  });

  it('gives back the holds whose time is over, all at once, at their time and not before (6.3)', async () => {
    await Promise.all(Array.from({ length: 30 }, () => act.reserve(1, '0.01', { ttlSeconds: 60 })));
    await act.reserve(1, '0', { ttlSeconds: 61 });
    database().clock.advance(59.999);
    await act.sweep();
    expect((await act.lines()).TOKEN_DAILY).toBe('0 + 31 of 100000 + 0');
    database().clock.advance(0.001);
    await act.sweep();
    expect((await act.lines()).TOKEN_DAILY).toBe('0 + 1 of 100000 + 0');
    const released = (await act.events()).filter(({ type }) => type === 'budget_released');
    expect(released).toMatchObject([{ actor: { kind: 'SYSTEM' }, data: { expired: true } }]);
  });
});

describe('every project has a budget', () => {
  const deps = () => ({ ...till.deps, prisma: database().prisma });
  const made = async (input: Parameters<typeof createProject>[2]) =>
    (await createProject(deps(), { ...team.admin, projectId: null }, input)).id;

  it('made with it, with the limits of its own (6.1)', async () => {
    const projectId = await made({
      name: 'mine',
      timeZone: 'Pacific/Auckland',
      limits: { dailyTokens: 7, monthlyCost: '0.0001' },
    });
    const budget = await row(projectId);
    expect(budget).toMatchObject({ dailyTokenLimit: 7n, monthlyTokenLimit: 2_000_000n });
    expect([budget.dailyCostLimit.toString(), budget.monthlyCostLimit.toString()]).toEqual(['100', '0.0001']);
    expect(budget.dayStart.toISOString()).toBe('2026-03-01T11:00:00.000Z');
  });

  it('or is not made where a limit is at fault', async () => {
    await expect(made({ name: 'mine', limits: { dailyCost: '1.23456' } })).rejects.toMatchObject({
      errors: [{ code: 'INVALID_INPUT', path: ['limits', 'dailyCost'] }],
    });
    await expect(
      made({ name: 'mine', timeZone: 'UTC', limits: { timeZone: 'Asia/Tokyo' } }),
    ).rejects.toMatchObject({
      errors: [{ path: ['limits', 'timeZone'] }],
    });
  });

  it('made at the start for those that have none, once, by any number of replicas (6.1)', async () => {
    const { prisma, clock } = database();
    const ids = Array.from({ length: 3 }, () => till.deps.ids.next('project'));
    await prisma.project.createMany({
      data: ids.map((id) => ({ id, name: 'old', timeZone: 'Asia/Tokyo', createdAt: clock.now() })),
    });
    const replica = onPostgres ? openTill(await database().replica(), clock) : till;
    await Promise.all([openMissingBudgets(till.deps), openMissingBudgets(replica.deps)]);
    await openMissingBudgets(till.deps);
    const budgets = await prisma.budget.findMany({ where: { projectId: { in: ids } } });
    expect(budgets).toHaveLength(3);
    expect(budgets[0]!.dayStart.toISOString()).toBe('2026-03-01T15:00:00.000Z');
    const events = await prisma.unsealedEvent.findMany({ where: { projectId: { in: ids } } });
    expect(events.map(({ type }) => type)).toEqual(Array(3).fill('budget_limits_changed'));
  });
});
