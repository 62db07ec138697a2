// Reports an exhausted resource, and stands still right after the commit, before the look that would stop the project,
// for the test to kill it.
import { openDatabase } from '../../../src/database/open.ts';
import { systemClock as clock } from '../../../src/kernel/clock.ts';
import { createLog } from '../../../src/kernel/log.ts';
import { createAgentTouches } from '../../../src/sessions/agents.ts';
import { createChangeSession } from '../../../src/sessions/change.ts';
import { reportExecutionEvent } from '../../../src/sessions/report.ts';
import { openHouse, seedTeam, verbs } from '../../support/house.ts';
import { testPrivacy } from '../../support/vault.ts';

const where = process.argv[2]!;
const url = where.startsWith('postgres') ? where : null;
const database = await openDatabase({ url, dataDirectory: where, clock, log: createLog('silent') });
const house = openHouse(database, clock);
const team = await seedTeam(house);
const sessionId = await verbs(house, team).start();
const { ids } = house.deps;
const changeSession = createChangeSession({
  database,
  clock,
  ids,
  touches: createAgentTouches(clock, ids),
  ...testPrivacy(database, clock),
  enqueueDrives: async () => {},
  announce: () => {},
  stops: {
    look() {
      process.stdout.write(`committed ${team.projectId}\n`);
      return new Promise(() => {});
    },
  },
});
await reportExecutionEvent({ ...house.deps, changeSession }, team.agent, {
  sessionId,
  agentName: 'ada',
  type: 'step',
  metrics: { resource_usage: 99 },
});
