// Asks for calls as fast as it can until a person is needed for the cheapest: ask.ts <URL> <team> <project> <action>.
// Prints how many were let through and what those were estimated at (ten-thousandths of a dollar), as JSON, and ends.
import { pino } from 'pino';
import { requestAgentCallApproval } from '../../../src/approvals/request-call.ts';
import { toDecimal } from '../../../src/budgets/state.ts';
import type { ApprovalDeps } from '../../../src/approvals/seams.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { createStops } from '../../../src/emergency/stops.ts';
import type { Viewer } from '../../../src/identity/viewer.ts';
import { systemClock as clock } from '../../../src/kernel/clock.ts';
import { createIds } from '../../../src/kernel/ids.ts';
import { createAgentTouches } from '../../../src/sessions/agents.ts';
import { createChangeSession } from '../../../src/sessions/change.ts';
import { createSession } from '../../../src/sessions/start.ts';
import { controls } from '../../support/controls.ts';
import { testPrivacy } from '../../support/vault.ts';

const [url, teamId, projectId, proposedAction] = process.argv.slice(2) as [string, string, string, string];
const log = pino({ level: 'silent' });
const database = await openDatabase({ url, dataDirectory: 'memory://', clock, log });
const ids = createIds(clock);
const nothing = () => {};
const stops = createStops({ database, clock, ids, changes: { announce: nothing }, committed: nothing });
const changeSession = createChangeSession({
  database,
  clock,
  ids,
  touches: createAgentTouches(clock, ids),
  ...testPrivacy(database, clock),
  enqueueDrives: async () => {},
  stops,
  announce: nothing,
});
const deps: ApprovalDeps = {
  database,
  prisma: database.prisma,
  changeSession,
  clock,
  ids,
  stops,
  ...testPrivacy(database, clock),
  runners: { fault: () => null },
  ...controls,
  changes: { announce: nothing },
  committed: nothing,
};
const credentialId = ids.next('key');
const viewer: Viewer = {
  actor: { kind: 'AGENT', id: credentialId, name: 'asker', role: 'AGENT' },
  role: 'AGENT',
  projectId,
  credentialId,
  expiresAt: null,
};

const tally = { passed: 0, units: 0, held: 0 };
async function ask(caller: number): Promise<void> {
  const started = await createSession(deps, viewer, { teamId, initialMessage: 'begin' });
  const { sessionId } = started.reply;
  for (let turn = 0; ; turn++) {
    const units = 1 + ((caller * 7 + turn) % 5);
    const { reply } = await requestAgentCallApproval(deps, viewer, {
      sessionId,
      agentName: 'ada',
      proposedAction,
      inputData: {},
      estimatedCost: toDecimal(BigInt(units)),
    });
    const { status } = await deps.prisma.approval.findUniqueOrThrow({ where: { id: reply.approvalId } });
    if (status === 'APPROVED') {
      tally.passed += 1;
      tally.units += units;
      continue;
    }
    tally.held += 1;
    if (units === 1) return;
  }
}

console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
await Promise.all(Array.from({ length: 16 }, (_, caller) => ask(caller)));
console.log(`done ${JSON.stringify(tally)} end`);
await database.close();
process.exit(0);
