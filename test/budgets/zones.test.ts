import { beforeEach, describe, expect, it } from 'vitest';
import { grantOverride } from '../../src/budgets/grant-override.ts';
import { withDatabase } from '../support/database.ts';
import { openHouse, refusal, seedTeam, type Team } from '../support/house.ts';
import { createProject } from '../../src/projects/create-project.ts';
import { expectBalanced, openTill, tellers, type Till } from './support.ts';

// A budget walked over the ends of days and months where clocks change, one millisecond before each end and at it. The
// instants are written out, and worked out by nothing that is under test.

const database = withDatabase();
let till: Till;
let team: Team;

beforeEach(async () => {
  database().clock.set(new Date('2026-01-01T00:00:00.000Z'));
  till = openTill(database(), database().clock);
  team = await seedTeam(openHouse(database(), database().clock));
});

/** The verbs in a new project of this zone, made at this instant. */
async function projectIn(timeZone: string, at: string) {
  database().clock.set(new Date(at));
  const deps = { ...till.deps, prisma: database().prisma };
  const admin = { ...team.admin, projectId: null };
  const { id: projectId } = await createProject(deps, admin, { name: timeZone, timeZone });
  const here = { ...team, projectId };
  const agent = { ...team.agent, projectId };
  return { projectId, act: tellers(till, { ...here, agent, manager: { ...team.manager, projectId } }) };
}

/** By the sweep where nothing moves the budget, by a plain move, or by one that is decided under the lock. */
const ways = ['the clock', 'a reservation', 'a commit'] as const;

describe.each(ways)('begun by %s, the next day', (way) => {
  it.each([
    // The clocks go on by an hour at two on the Sunday, which has 23 hours.
    [
      'Pacific/Auckland',
      'spring',
      '2026-09-25T12:00Z',
      '2026-09-26T12:00Z',
      '2026-09-27T11:00Z',
      '2026-09-28T11:00Z',
    ],
    // Back by an hour at three: 25 hours.
    [
      'Pacific/Auckland',
      'autumn',
      '2026-04-03T11:00Z',
      '2026-04-04T11:00Z',
      '2026-04-05T12:00Z',
      '2026-04-06T12:00Z',
    ],
    [
      'America/St_Johns',
      'spring',
      '2026-03-07T03:30Z',
      '2026-03-08T03:30Z',
      '2026-03-09T02:30Z',
      '2026-03-10T02:30Z',
    ],
    // The day is the first of its month too.
    [
      'America/St_Johns',
      'autumn',
      '2026-10-31T02:30Z',
      '2026-11-01T02:30Z',
      '2026-11-02T03:30Z',
      '2026-11-03T03:30Z',
    ],
  ])(
    'of %s over the change in %s starts at its first instant, and no sooner (6.1)',
    async (zone, _, ...starts) => {
      const { clock, prisma } = database();
      const { projectId, act } = await projectIn(zone, starts[0]!);
      const hold = (await act.reserve(1, '0.0001', { ttlSeconds: 31_536_000 })).reservation.id;
      let used = 0;
      for (const [day, start] of starts.entries()) {
        const end = starts[day + 1];
        if (end === undefined) break;
        const daily = async () => (await act.lines()).TOKEN_DAILY;
        const spent = await act.reserve(10, '1');
        await act.commit(spent.reservation.id, 10, '1');
        expect(await daily()).toBe(`${used + 10} + 1 of 100000 + 0`);
        // The last millisecond of the day is still its own: what is used of it counts there.
        clock.set(new Date(Date.parse(end) - 1));
        await act.sweep();
        const late = await act.reserve(5, '0');
        await act.commit(late.reservation.id, 5, '0');
        expect(await daily()).toBe(`${used + 15} + 1 of 100000 + 0`);
        const pending = await act.reserve(3, '0', { ttlSeconds: 86_400 });
        const before = await prisma.budget.findUniqueOrThrow({ where: { projectId } });
        expect([before.dayStart, before.dayEnd]).toEqual([new Date(start), new Date(end)]);
        clock.set(new Date(end));
        if (way === 'the clock') await act.sweep();
        if (way === 'a reservation') await act.release((await act.reserve(2, '0')).reservation.id);
        // Held before midnight, committed at it: it counts in the day that it is committed in.
        await act.commit(pending.reservation.id, 4, '0');
        expect(await daily()).toBe('4 + 1 of 100000 + 0');
        const after = await prisma.budget.findUniqueOrThrow({ where: { projectId } });
        expect(after.dayStart).toEqual(new Date(end));
        await act.commit((await act.reserve(6, '0')).reservation.id, 6, '0');
        expect(await daily()).toBe('10 + 1 of 100000 + 0');
        used = 10;
      }
      await act.release(hold);
      await expectBalanced(till, projectId);
    },
  );
});

describe('the next month', () => {
  it.each([
    // Each month in which the clocks change, and the one behind it.
    ['Pacific/Auckland', '2026-03-31T11:00Z', '2026-04-30T12:00Z', '2026-05-31T12:00Z'],
    ['Pacific/Auckland', '2026-08-31T12:00Z', '2026-09-30T11:00Z', '2026-10-31T11:00Z'],
    ['America/St_Johns', '2026-03-01T03:30Z', '2026-04-01T02:30Z', '2026-05-01T02:30Z'],
    ['America/St_Johns', '2026-11-01T02:30Z', '2026-12-01T03:30Z', '2027-01-01T03:30Z'],
  ])(
    'of %s that began at %s starts at %s: used and overridden are nothing, held carries over, alerts come anew (6.1, 6.4, 6.5)',
    async (zone, start, end, until) => {
      const { clock, prisma } = database();
      const { projectId, act } = await projectIn(zone, start);
      await act.limit({ dailyTokens: 1000, monthlyTokens: 100 }, { ...team.manager, projectId });
      await prisma.$transaction((tx) =>
        grantOverride(tx, till.deps.ids, {
          projectId,
          limitType: 'TOKEN_MONTHLY',
          amount: 10n,
          approvalId: 'approval_1',
          actor: team.supervisor.actor,
          now: clock.now(),
        }),
      );
      const hold = (await act.reserve(20, '0', { ttlSeconds: 31_536_000 })).reservation.id;
      await act.commit((await act.reserve(90, '0')).reservation.id, 90, '0');
      expect(await refusal(act.reserve(1, '0'))).toBe('BUDGET_EXCEEDED');
      clock.set(new Date(Date.parse(end) - 1));
      await act.sweep();
      // Days have begun anew since; the month has not.
      expect(await act.lines()).toMatchObject({
        TOKEN_DAILY: '0 + 20 of 1000 + 0',
        TOKEN_MONTHLY: '90 + 20 of 100 + 10',
      });
      expect(await refusal(act.reserve(1, '0'))).toBe('BUDGET_EXCEEDED');
      expect(await act.alerts()).toEqual(['TOKEN_MONTHLY WARNING']);
      clock.set(new Date(end));
      await act.commit(hold, 95, '0');
      expect(await act.lines()).toMatchObject({
        TOKEN_DAILY: '95 + 0 of 1000 + 0',
        TOKEN_MONTHLY: '95 + 0 of 100 + 0',
      });
      expect((await act.alerts()).toSorted()).toEqual([
        'TOKEN_MONTHLY CRITICAL',
        'TOKEN_MONTHLY WARNING',
        'TOKEN_MONTHLY WARNING',
      ]);
      const { monthStart, monthEnd, dayStart } = await prisma.budget.findUniqueOrThrow({
        where: { projectId },
      });
      expect([monthStart, monthEnd, dayStart]).toEqual([new Date(end), new Date(until), new Date(end)]);
      await expectBalanced(till, projectId);
    },
  );
});
