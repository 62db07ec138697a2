import { beforeEach, describe, expect, it } from 'vitest';
import { createLedger } from '../../src/budgets/ledger.ts';
import { reserveBudget } from '../../src/budgets/reserve.ts';
import { NotGranted } from '../../src/budgets/refusals.ts';
import { openHouse, refusal, seedTeam, type Team } from '../support/house.ts';
import { onPostgres, withDatabase } from '../support/database.ts';

import { expectBalanced, openTill, tellers, type Till } from './support.ts';

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

const idOf = async (work: ReturnType<typeof act.reserve>) => (await work).reservation.id;
const check = async (attempt: Promise<unknown>) => {
  const error: unknown = await attempt.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NotGranted);
  return (error as NotGranted).check;
};

describe('reserving', () => {
  it('holds the estimate in every line, until the time that was asked for (6.2)', async () => {
    const { reservation, check: verdict } = await act.reserve(1000, '1.5', { ttlSeconds: 60 });
    expect(reservation).toMatchObject({
      projectId: team.projectId,
      tokens: 1000,
      cost: 15_000n,
      status: 'HELD',
      expiresAt: new Date('2026-03-02T09:01:00.000Z'),
    });
    expect(verdict).toEqual({
      allowed: true,
      requiresApproval: false,
      budgetExceeded: false,
      emergencyStopRequired: false,
      violations: [],
    });
    expect(await act.lines()).toEqual({
      TOKEN_DAILY: '0 + 1000 of 100000 + 0',
      TOKEN_MONTHLY: '0 + 1000 of 2000000 + 0',
      COST_DAILY: '0.0000 + 1.5000 of 100.0000 + 0.0000',
      COST_MONTHLY: '0.0000 + 1.5000 of 2000.0000 + 0.0000',
    });
    expect(await act.events()).toMatchObject([
      {
        type: 'budget_reserved',
        subjectId: team.projectId.replace('project_', 'budget_'),
        actor: { id: team.agent.actor.id },
        data: { reservations: [reservation.id], tokens: [1000], cost: ['1.5000'] },
      },
    ]);
    expect(till.announced).toMatchObject([{ projectId: team.projectId, budget: true }]);
  });

  it('holds it for 600 seconds where nothing was said of it (6.3)', async () => {
    const { reservation } = await act.reserve(1, '0');
    expect(reservation.expiresAt).toEqual(new Date('2026-03-02T09:10:00.000Z'));
  });

  it.each([
    ['TOKEN_DAILY', { dailyTokens: 10 }, 11, '0'],
    ['TOKEN_MONTHLY', { monthlyTokens: 10 }, 11, '0'],
    ['COST_DAILY', { dailyCost: '1' }, 0, '1.0001'],
    ['COST_MONTHLY', { monthlyCost: '1' }, 0, '1.0001'],
  ])(
    'past the limit of %s holds nothing, and says which line it was (6.2)',
    async (line, limits, tokens, cost) => {
      await act.limit(limits);
      const before = await act.lines();
      const verdict = await check(act.reserve(tokens, cost));
      expect(verdict).toEqual({
        allowed: false,
        requiresApproval: true,
        budgetExceeded: true,
        emergencyStopRequired: false,
        violations: [line],
      });
      expect(await refusal(act.reserve(tokens, cost))).toBe('BUDGET_EXCEEDED');
      expect(await act.lines()).toEqual(before);
      expect(await act.reservations()).toEqual([]);
      await act.reserve(tokens - (tokens > 0 ? 1 : 0), cost === '0' ? '0' : '1');
    },
  );

  it('of many at once grants what fits in the order of arrival, to the last unit (6.2)', async () => {
    await act.limit({ dailyTokens: 100 });
    const asked = [60, 50, 30, 20, 10, 1, 5];
    const results = await Promise.allSettled(asked.map((tokens) => act.reserve(tokens, '0')));
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      false,
    ]);
    expect((await act.lines()).TOKEN_DAILY).toBe('0 + 100 of 100 + 0');
    await expectBalanced(till, team.projectId);
  });

  it('tells of what was granted together in one event an actor', async () => {
    await Promise.all([
      ...Array.from({ length: 300 }, () => act.reserve(1, '0.0001')),
      act.reserve(1, '0', {}, team.operator),
    ]);
    const events = await act.events();
    expect(events.map(({ data }) => (data as { reservations: [] }).reservations.length).toSorted()).toEqual(
      [1, 250, 50].toSorted(),
    );
    await expectBalanced(till, team.projectId);
  });

  it('in several projects at once: one that is full refuses its own alone', async () => {
    const other = await seedTeam(openHouse(database(), database().clock));
    const there = tellers(till, other);
    await act.limit({ dailyTokens: 0 });
    const results = await Promise.allSettled([
      act.reserve(1, '0'),
      there.reserve(1, '0'),
      act.reserve(1, '0'),
      there.reserve(2, '0'),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect((await there.lines()).TOKEN_DAILY).toBe('0 + 3 of 100000 + 0');
  });

  it('is refused in a project that is stopped (7.2)', async () => {
    await database().prisma.budget.update({
      where: { projectId: team.projectId },
      data: { emergencyStopTriggered: true },
    });
    expect(await refusal(act.reserve(1, '0'))).toBe('EMERGENCY_STOPPED');
    expect(await refusal(act.reserve(1, '500'))).toBe('EMERGENCY_STOPPED');
    expect(await act.signals()).toEqual([]);
  });

  it('past 150 % of the day’s cost limit is refused, and gives reason to stop before it answers (6.4)', async () => {
    expect(await refusal(act.reserve(0, '150'))).toBe('BUDGET_EXCEEDED');
    expect(till.looked).toEqual([]);
    const verdict = await check(act.reserve(0, '150.0001'));
    expect(verdict.emergencyStopRequired).toBe(true);
    expect(till.looked).toEqual([team.projectId]);
    expect(await act.signals()).toMatchObject([{ condition: 'BUDGET_CRITICAL', severity: 'CRITICAL' }]);
    expect(await act.reservations()).toEqual([]);
  });

  it('that gives reason to stop is no answer while nobody could look, and nobody else’s fails with it (6.4)', async () => {
    const elsewhere = await seedTeam(openHouse(database(), database().clock));
    const blind = createLedger({
      ...till.deps,
      stops: { look: () => Promise.reject(new Error('nobody looks')) },
    });
    const ask = (each: Team, cost: string) =>
      reserveBudget(blind, each.agent, { projectId: each.projectId, tokens: 0, cost });
    const [past, fits] = await Promise.allSettled([ask(team, '151'), ask(elsewhere, '1')]);
    expect(past).toMatchObject({ status: 'rejected', reason: { message: 'nobody looks' } });
    expect(fits!.status).toBe('fulfilled');
    expect(await act.signals()).toHaveLength(1);
  });

  it('with the same key gets the first answer, also at once (2.8)', async () => {
    const key = { idempotencyKey: 'once' };
    const ids = await Promise.all([1, 2, 3].map(() => idOf(act.reserve(10, '1', key))));
    ids.push(await idOf(act.reserve(10, '1', key)));
    expect(new Set(ids).size).toBe(1);
    expect((await act.lines()).TOKEN_DAILY).toBe('0 + 10 of 100000 + 0');
    expect(await refusal(act.reserve(11, '1', key))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await idOf(act.reserve(10, '1', key, team.operator))).not.toBe(ids[0]);
  });

  it('that was refused is not remembered under its key (2.8)', async () => {
    const key = { idempotencyKey: 'again' };
    expect(await refusal(act.reserve(100_001, '0', key))).toBe('BUDGET_EXCEEDED');
    await act.limit({ dailyTokens: 200_000 });
    await act.reserve(100_001, '0', key);
  });

  it('in another project, or none, finds nothing (2.2)', async () => {
    expect(await refusal(act.reserve(1, '0', {}, team.stranger))).toBe('NOT_FOUND');
    const everywhere = { ...team.admin, projectId: null };
    expect(await refusal(act.reserve(1, '0', { projectId: 'project_none' }, everywhere))).toBe('NOT_FOUND');
  });

  it.each([
    [{ tokens: -1 }, 'tokens'],
    [{ tokens: 2 ** 31 }, 'tokens'],
    [{ cost: '-0.0001' }, 'cost'],
    [{ cost: '1.00001' }, 'cost'],
    [{ cost: '1e3' }, 'cost'],
    [{ cost: '1000000000000.0001' }, 'cost'],
    [{ cost: '' }, 'cost'],
    [{ ttlSeconds: 0 }, 'ttlSeconds'],
    [{ ttlSeconds: 31_536_001 }, 'ttlSeconds'],
  ])('refuses %j (6.6, 10.3)', async (input, field) => {
    await expect(act.reserve(1, '1', input)).rejects.toMatchObject({
      errors: [{ code: 'INVALID_INPUT', path: [field] }],
    });
  });

  it('gives back what is out of time before it refuses for want of it (6.2, 6.3)', async () => {
    await act.reserve(100_000, '100', { ttlSeconds: 10 });
    expect(await refusal(act.reserve(1, '0'))).toBe('BUDGET_EXCEEDED');
    database().clock.advance(10);
    await act.reserve(100_000, '100');
    expect((await act.reservations()).map(({ status }) => status)).toEqual(['EXPIRED', 'HELD']);
    await expectBalanced(till, team.projectId);
  });
});

describe('committing', () => {
  it('settles the real figures in full, less or more than was held (6.3)', async () => {
    const [less, more] = [await idOf(act.reserve(100, '1')), await idOf(act.reserve(100, '1'))];
    const { reservation } = await act.commit(less, 40, '0.25');
    expect(reservation).toMatchObject({ status: 'COMMITTED', committedTokens: 40, committedCost: 2500n });
    await act.commit(more, 400, '2.5');
    expect(await act.lines()).toMatchObject({
      TOKEN_DAILY: '440 + 0 of 100000 + 0',
      COST_MONTHLY: '2.7500 + 0.0000 of 2000.0000 + 0.0000',
    });
    await expectBalanced(till, team.projectId);
  });

  it('again with the same figures gets the first result, with others INVALID_STATE (6.3)', async () => {
    const id = await idOf(act.reserve(100, '1'));
    const results = await Promise.all([1, 2, 3].map(() => act.commit(id, 90, '0.9')));
    expect(new Set(results.map(({ reservation }) => reservation.committedTokens))).toEqual(new Set([90]));
    expect((await act.commit(id, 90, '0.9000')).reservation.status).toBe('COMMITTED');
    expect(await refusal(act.commit(id, 91, '0.9'))).toBe('INVALID_STATE');
    expect(await refusal(act.commit(id, 90, '0.9001'))).toBe('INVALID_STATE');
    expect((await act.lines()).TOKEN_DAILY).toBe('90 + 0 of 100000 + 0');
  });

  it('counts late, after the hold ran out, and after it was released: money that was spent counts (6.3)', async () => {
    const [expired, released] = [
      await idOf(act.reserve(10, '1', { ttlSeconds: 1 })),
      await idOf(act.reserve(10, '1')),
    ];
    await act.release(released);
    database().clock.advance(1);
    await act.sweep();
    await act.commit(expired, 10, '1');
    await act.commit(released, 10, '1');
    expect((await act.lines()).TOKEN_DAILY).toBe('20 + 0 of 100000 + 0');
    expect((await act.reservations()).map(({ status }) => status)).toEqual(['COMMITTED', 'COMMITTED']);
  });

  it('beyond what is left goes past the limit, and nothing is granted then (6.2)', async () => {
    const id = await idOf(act.reserve(100_000, '0'));
    await act.commit(id, 100_001, '0');
    expect((await act.lines()).TOKEN_DAILY).toBe('100001 + 0 of 100000 + 0');
    expect(await refusal(act.reserve(0, '0.0001'))).toBe('BUDGET_EXCEEDED');
  });

  it('past 150 % of the day’s cost limit stands, and gives reason to stop before it answers (6.4)', async () => {
    const id = await idOf(act.reserve(0, '100'));
    await act.commit(id, 0, '150.0001');
    expect(till.looked).toEqual([team.projectId]);
    expect((await act.lines()).COST_DAILY).toBe('150.0001 + 0.0000 of 100.0000 + 0.0000');
    expect(await act.signals()).toHaveLength(1);
  });

  it('counts in the period that it comes in (6.1)', async () => {
    const id = await idOf(act.reserve(100, '1', { ttlSeconds: 86_400 }));
    database().clock.set(new Date('2026-03-03T00:00:00.000Z'));
    expect((await act.lines()).TOKEN_DAILY).toBe('0 + 100 of 100000 + 0');
    await act.commit(id, 50, '0.5');
    expect(await act.lines()).toMatchObject({
      TOKEN_DAILY: '50 + 0 of 100000 + 0',
      TOKEN_MONTHLY: '50 + 0 of 2000000 + 0',
    });
    expect((await act.events()).map(({ type }) => type)).toEqual([
      'budget_reserved',
      'budget_period_started',
      'budget_committed',
    ]);
  });

  it('of another project’s reservation, or none, finds nothing (2.2)', async () => {
    const id = await idOf(act.reserve(1, '0'));
    expect(await refusal(act.commit(id, 1, '0', team.stranger))).toBe('NOT_FOUND');
    expect(await refusal(act.commit('reservation_none', 1, '0'))).toBe('NOT_FOUND');
    expect(await refusal(act.commit(id, -1, '0'))).toBe('INVALID_INPUT');
    expect((await act.lines()).TOKEN_DAILY).toBe('0 + 1 of 100000 + 0');
  });
});

describe('releasing', () => {
  it('gives back what is held, once (6.3)', async () => {
    const id = await idOf(act.reserve(100, '1'));
    const results = await Promise.all([act.release(id), act.release(id)]);
    expect(results.map(({ reservation }) => reservation.status)).toEqual(['RELEASED', 'RELEASED']);
    expect((await act.lines()).COST_DAILY).toBe('0.0000 + 0.0000 of 100.0000 + 0.0000');
    expect((await act.events()).map(({ type }) => type)).toEqual(['budget_reserved', 'budget_released']);
  });

  it('leaves one that ran out as it is, and refuses one that was committed (6.3)', async () => {
    const [expired, spent] = [
      await idOf(act.reserve(1, '0', { ttlSeconds: 1 })),
      await idOf(act.reserve(1, '0')),
    ];
    await act.commit(spent, 1, '0');
    database().clock.advance(1);
    await act.sweep();
    expect((await act.release(expired)).reservation.status).toBe('EXPIRED');
    expect(await refusal(act.release(spent))).toBe('INVALID_STATE');
    expect(await refusal(act.release(spent, team.stranger))).toBe('NOT_FOUND');
  });
});

describe('at the instant that a period ends', () => {
  it('reservations belong to the new one, whichever replica begins it, and nothing is lost (6.1)', async () => {
    await act.reserve(99_990, '0', { ttlSeconds: 86_400 });
    await act.limit({ dailyTokens: 100_000 });
    database().clock.set(new Date('2026-03-03T00:00:00.000Z'));
    const replica = openTill(onPostgres ? await database().replica() : database(), database().clock);
    const there = tellers(replica, team);
    const results = await Promise.allSettled([
      ...Array.from({ length: 8 }, (_, at) => (at % 2 ? act : there).reserve(2, '0')),
      act.sweep(),
      there.sweep(),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5 + 2);
    expect((await act.lines()).TOKEN_DAILY).toBe('0 + 100000 of 100000 + 0');
    expect((await act.events()).filter(({ type }) => type === 'budget_period_started')).toHaveLength(1);
    await expectBalanced(till, team.projectId);
  });
});
