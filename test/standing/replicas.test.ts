import { afterEach, describe, expect, it } from 'vitest';
import { setBudgetLimits } from '../../src/budgets/set-limits.ts';
import { addSeconds, systemClock } from '../../src/kernel/clock.ts';
import { openTill } from '../budgets/support.ts';
import { approvalActs } from '../approvals/acts.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { expectInvariants, openHouse, seedTeam, verbs } from '../support/house.ts';
import { startProcess, type TestProcess } from '../support/process.ts';
import { keyFor, standingActs } from './acts.ts';

const database = withDatabase();
let processes: TestProcess[] = [];

afterEach(async () => {
  await Promise.all(processes.map((each) => each.kill()));
  processes = [];
});

/** One in force, and two processes that ask by it until the cheapest call has to wait. */
async function raced(bounds: { maximumUses: number; maximumCost: string }) {
  const house = openHouse(database(), systemClock);
  const team = await seedTeam(house);
  const till = openTill(database(), systemClock);
  const limits = { dailyCost: '10000', monthlyCost: '10000' };
  await setBudgetLimits(till.deps, team.manager, { projectId: team.projectId, limits });
  await keyFor(house, team.operator);
  const proposedAction = 'ask at once';
  const held = await approvalActs(house, team).request(await verbs(house, team).start(), { proposedAction });
  const expiresAt = addSeconds(systemClock.now(), 3600);
  const id = await standingActs(house, team).grant(held, { ...bounds, expiresAt });
  processes = [0, 1].map(() =>
    startProcess(new URL('./processes/ask.ts', import.meta.url), [
      database().url!,
      team.teamId,
      team.projectId,
      proposedAction,
    ]),
  );
  await Promise.all(processes.map((each) => each.wrote('ready')));
  for (const each of processes) each.tell('go');
  await Promise.all(processes.map((each) => each.wrote('end')));
  const tallies = processes.map(
    (each) => JSON.parse(/done (.*) end/.exec(each.output())![1]!) as { passed: number; units: number },
  );
  await expectInvariants(house);
  const { uses, cost } = await standingActs(house, team).standing(id);
  const sum = (key: 'passed' | 'units') => tallies.reduce((total, tally) => total + tally[key], 0);
  return { uses, units: Number(cost) * 10_000, passed: sum('passed'), passedUnits: sum('units') };
}

describe.runIf(onPostgres)('two processes that ask by one standing approval', () => {
  it('take its uses to the last and not one more', async () => {
    const { uses, passed, units, passedUnits } = await raced({ maximumUses: 150, maximumCost: '100' });
    expect([uses, passed]).toEqual([150, 150]);
    expect(units).toBeCloseTo(passedUnits, 6);
  }, 90_000);

  it('take its cost to the last ten-thousandth of a dollar and not one more', async () => {
    const { uses, passed, units, passedUnits } = await raced({ maximumUses: 10_000, maximumCost: '0.0401' });
    expect(uses).toBe(passed);
    expect(units).toBeCloseTo(401, 6);
    expect(passedUnits).toBe(401);
  }, 90_000);
});
