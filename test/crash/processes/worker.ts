// A worker in a process of its own, on a PostgreSQL database or a data folder. With "hang" it says so and stands still
// after a step of its second turn, mid-turn, for the test to kill it; told a line, it answers the question that is open.
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { openDatabase } from '../../../src/database/open.ts';
import { resolveIntervention } from '../../../src/interventions/resolve.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { createScriptedRunner } from '../../../src/runners/scripted/runner.ts';
import { watched } from '../../conformance/subjects.ts';
import { openHouse } from '../../runners/house.ts';
import { until } from '../../support/until.ts';

const [where, hang] = process.argv.slice(2) as [string, string];
const log = pino({ level: 'silent' });
const database = await openDatabase({
  url: where.startsWith('postgres') ? where : null,
  dataDirectory: where,
  clock: systemClock,
  log,
});
const { runner, watch } = watched(createScriptedRunner());
watch.hook = async (moment, call, turn) => {
  if (hang !== 'hang' || moment !== 'after' || call !== 'say' || turn.number === 0) return;
  process.stdout.write('mid-turn\n');
  await new Promise(() => {});
};
const house = await openHouse({ database, clock: systemClock, runners: [runner], log });
await house.worker.start();
const { prisma } = database;
if (hang === 'hang') {
  const scenario = `
    steps:
      - ask: { id: go, agent: a, message: May I? }
      - say: { agent: a, response: "{{go.content}}" }
      - report: { agent: a, type: afterwards }
      - complete: { result: "{{go.content}}" }`;
  const sessionId = await house.start('scripted', { scenario });
  await until('the question', async () => (await prisma.intervention.count({ where: { sessionId } })) === 1);
  process.stdout.write(`asked ${sessionId}\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    const question = await prisma.intervention.findFirstOrThrow({ where: { sessionId } });
    await resolveIntervention(house.deps, house.person, question.id, {
      resolutionType: 'APPROVE',
      reasoning: line,
    });
  }
} else {
  process.stdout.write('working\n');
}
