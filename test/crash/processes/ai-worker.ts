// A worker in a process of its own with an agent inside, whose calls people approve at once: it lives up to the place of
// this name, says so, and stands still there for the test to kill it.
import { openDatabase } from '../../../src/database/open.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { createLog } from '../../../src/kernel/log.ts';
import { attended } from '../../runners/ai/attended.ts';
import { openHouse, type RunnerHouse } from '../../runners/house.ts';
import { contextOf, placed, type Reached, runnerOf } from '../ai-life.ts';

const [where, life, last, reached] = process.argv.slice(2) as [string, string, string, string];
const log = createLog('silent');
const clock = systemClock;
const database = await openDatabase({
  url: where.startsWith('postgres') ? where : null,
  dataDirectory: where,
  clock,
  log,
});
const to = JSON.parse(reached) as Reached;
let sessionId = '';
const inner = attended(
  runnerOf(clock, to),
  () => true,
  () => house,
);
const runner = placed(inner, async (name) => {
  if (name !== last) return;
  const { projectId, teamId, person } = house;
  process.stdout.write(`at ${JSON.stringify({ sessionId, projectId, teamId, person })}\n`);
  await new Promise(() => {});
});
const house: RunnerHouse = await openHouse({ database, clock, runners: [runner], log });
sessionId = await house.start('ai', contextOf(life, to));
await house.worker.start();
