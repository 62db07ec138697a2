import { beforeEach, expect, it } from 'vitest';
import { grantOverride } from '../../src/budgets/grant-override.ts';
import { reviveBudget } from '../../src/budgets/state.ts';
import { approvalActs } from '../approvals/acts.ts';
import { withDatabase } from '../support/database.ts';
import { openHouse, refusal, seedTeam, type Team, verbs } from '../support/house.ts';
import { expectBalanced, openTill, tellers, type Till } from './support.ts';

// What a line adds up: as many amounts as come, each as large as one may be.

const MOST = '1000000000000';
const COUNT = 10_001;

const database = withDatabase();
let till: Till;
let team: Team;
let act: ReturnType<typeof tellers>;

beforeEach(async () => {
  till = openTill(database(), database().clock);
  team = await seedTeam(openHouse(database(), database().clock));
  act = tellers(till, team);
});

it('holds ten thousand commits of the largest amount, each in full, and a call beside them (6.3, 5.3)', async () => {
  const house = openHouse(database(), database().clock);
  const calls = approvalActs(house, team);
  const call = await calls.request(await verbs(house, team).start());
  await calls.vote(call);
  await calls.begin(call);
  const held = await Promise.all(Array.from({ length: COUNT }, () => act.reserve(0, '0')));
  const committed = await Promise.allSettled(
    held.map(({ reservation }) => act.commit(reservation.id, 0, MOST)),
  );
  expect(committed.filter(({ status }) => status === 'rejected')).toEqual([]);
  const used = `${COUNT}000000000000.0000`;
  expect(await act.lines()).toMatchObject({
    COST_DAILY: `${used} + 0.0000 of 100.0000 + 0.0000`,
    COST_MONTHLY: `${used} + 0.0000 of 2000.0000 + 0.0000`,
  });
  expect(await refusal(act.reserve(0, '0'))).toBe('BUDGET_EXCEEDED');
  await calls.submit(call, { tokensUsed: 0, actualCost: MOST });
  expect((await act.lines()).COST_MONTHLY).toBe(
    `${COUNT + 1}000000000000.0000 + 0.0000 of 2000.0000 + 0.0000`,
  );
  await expectBalanced(till, team.projectId);
  // The end of the day tells what was used.
  database().clock.advance(24 * 3600);
  await act.sweep();
  expect((await act.events()).at(-1)).toMatchObject({
    type: 'budget_period_started',
    data: { day: { before: { cost: `${COUNT + 1}000000000000.0000` } } },
  });
}, 180_000);

it('holds what was granted on top as often, with its alerts, and what is held of it (6.2, 6.4, 6.5)', async () => {
  const { prisma, clock } = database();
  const where = { projectId: team.projectId };
  // Overrides and commits by the thousand, written down at once.
  const [overridden, used] = ['19998000000000000', '15999500000000000'];
  await prisma.budget.update({
    where,
    data: {
      dailyCostOverridden: overridden,
      monthlyCostOverridden: overridden,
      dailyCostUsed: used,
      monthlyCostUsed: used,
    },
  });
  for (const limitType of ['COST_DAILY', 'COST_MONTHLY'] as const)
    for (let more = 0; more < 2; more++)
      await prisma.$transaction((tx) =>
        grantOverride(tx, till.deps.ids, {
          ...where,
          limitType,
          amount: 10n ** 16n,
          approvalId: 'approval_1',
          actor: team.manager.actor,
          now: clock.now(),
        }),
      );
  const { reservation } = await act.reserve(0, MOST);
  await act.commit(reservation.id, 0, MOST);
  expect(await act.lines()).toMatchObject({
    COST_DAILY: '16000500000000000.0000 + 0.0000 of 100.0000 + 20000000000000000.0000',
    COST_MONTHLY: '16000500000000000.0000 + 0.0000 of 2000.0000 + 20000000000000000.0000',
  });
  expect((await act.events()).filter(({ type }) => type === 'budget_alert')).toMatchObject([
    {
      data: {
        limitType: 'COST_DAILY',
        alertType: 'WARNING',
        thresholdValue: '16000000000000080.0000',
        currentValue: '16000500000000000.0000',
      },
    },
    { data: { limitType: 'COST_MONTHLY', thresholdValue: '16000000000001600.0000' } },
  ]);
});

it('is read in digits however large it is, whoever reads it', async () => {
  const { prisma } = database();
  const where = { projectId: team.projectId };
  const used = '9'.repeat(34) + '.9999';
  const row = await prisma.budget.update({ where, data: { dailyCostUsed: used } });
  expect(reviveBudget({ ...row, timeZone: 'UTC' }).cost.daily.used).toBe(BigInt(used.replace('.', '')));
  expect((await act.lines()).COST_DAILY).toContain(used);
});
