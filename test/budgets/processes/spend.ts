// Reserves as fast as it can until nothing fits any more, committing and releasing some of it: spend.ts <URL> <project>.
// Prints what it was granted, as JSON, and ends.
import { pino } from 'pino';
import { commitBudget } from '../../../src/budgets/commit.ts';
import { createLedger } from '../../../src/budgets/ledger.ts';
import { releaseBudget } from '../../../src/budgets/release.ts';
import { reserveBudget } from '../../../src/budgets/reserve.ts';
import { openDatabase } from '../../../src/database/open.ts';
import type { Viewer } from '../../../src/identity/viewer.ts';
import { systemClock as clock } from '../../../src/kernel/clock.ts';
import { DomainError } from '../../../src/kernel/errors.ts';
import { createIds } from '../../../src/kernel/ids.ts';

const [url, projectId] = process.argv.slice(2) as [string, string];
const log = pino({ level: 'silent' });
const database = await openDatabase({ url, dataDirectory: 'memory://', clock, log });
const ids = createIds(clock);
const ledger = createLedger({
  database,
  clock,
  ids,
  changes: { announce: () => {} },
  committed: () => {},
  stops: { look: () => Promise.resolve() },
});
const credentialId = ids.next('key');
const viewer: Viewer = {
  actor: { kind: 'AGENT', id: credentialId, name: 'spender', role: 'AGENT' },
  role: 'AGENT',
  projectId,
  credentialId,
  expiresAt: null,
};

const tally = { held: 0, spent: 0, refused: 0 };
async function spend(caller: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const tokens = 1 + ((caller * 7 + turn) % 13);
    try {
      const { reservation } = await reserveBudget(ledger, viewer, { projectId, tokens, cost: '0' });
      if (turn % 3 === 0) await releaseBudget(ledger, viewer, reservation.id);
      else if (turn % 3 === 1) {
        await commitBudget(ledger, viewer, { reservationId: reservation.id, tokens, cost: '0' });
        tally.spent += tokens;
      } else tally.held += tokens;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'BUDGET_EXCEEDED') throw error;
      tally.refused += 1;
      if (tokens === 1) return;
    }
  }
}

console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
await Promise.all(Array.from({ length: 32 }, (_, caller) => spend(caller)));
console.log(`done ${JSON.stringify(tally)} end`);
await database.close();
process.exit(0);
