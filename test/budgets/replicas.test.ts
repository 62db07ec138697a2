import { afterEach, describe, expect, it } from 'vitest';
import { setBudgetLimits } from '../../src/budgets/set-limits.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { openHouse, seedTeam } from '../support/house.ts';
import { startProcess, type TestProcess } from '../support/process.ts';
import { expectBalanced, openTill } from './support.ts';

const database = withDatabase();
const LIMIT = 20_000;
let processes: TestProcess[] = [];

afterEach(async () => {
  await Promise.all(processes.map((each) => each.kill()));
  processes = [];
});

const spender = (projectId: string): TestProcess => {
  const program = startProcess(new URL('./processes/spend.ts', import.meta.url), [
    database().url!,
    projectId,
  ]);
  processes.push(program);
  return program;
};

async function scene() {
  const till = openTill(database(), systemClock);
  const team = await seedTeam(openHouse(database(), systemClock));
  await setBudgetLimits(till.deps, team.manager, {
    projectId: team.projectId,
    limits: { dailyTokens: LIMIT },
  });
  const budget = () => database().prisma.budget.findUniqueOrThrow({ where: { projectId: team.projectId } });
  return { till, projectId: team.projectId, budget };
}

describe.runIf(onPostgres)('several processes on one budget', () => {
  it('spend it to the last unit and not one further, and lose none (6.2)', async () => {
    const { till, projectId, budget } = await scene();
    const spenders = [spender(projectId), spender(projectId), spender(projectId)];
    await Promise.all(spenders.map((each) => each.wrote('ready')));
    for (const each of spenders) each.tell('go');
    await Promise.all(spenders.map((each) => each.wrote('end')));
    const tallies = spenders.map(
      (each) => JSON.parse(/done (.*) end/.exec(each.output())![1]!) as { held: number; spent: number },
    );
    const [held, spent] = (['held', 'spent'] as const).map((key) =>
      tallies.reduce((sum, tally) => sum + tally[key], 0),
    );
    const row = await budget();
    expect([row.tokensReserved, row.dailyTokensUsed]).toEqual([BigInt(held!), BigInt(spent!)]);
    expect(held! + spent!).toBe(LIMIT);
    await expectBalanced(till, projectId);
  }, 60_000);

  it('one of which is killed leave a budget that adds up (1.8, 6.2)', async () => {
    const { till, projectId, budget } = await scene();
    const spenders = [spender(projectId), spender(projectId)];
    await Promise.all(spenders.map((each) => each.wrote('ready')));
    for (const each of spenders) each.tell('go');
    while ((await budget()).dailyTokensUsed < LIMIT / 10);
    await spenders[0]!.kill();
    await spenders[1]!.wrote('end');
    const row = await budget();
    expect(row.dailyTokensUsed + row.tokensReserved).toBe(BigInt(LIMIT));
    await expectBalanced(till, projectId);
  }, 60_000);
});
