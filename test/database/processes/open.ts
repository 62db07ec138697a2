// Opens the database of a data folder or of a server: open.ts <folder or URL> <migrations>. Writes what happens; holds
// the database until it is told to close.
import { once } from 'node:events';
import { pino } from 'pino';
import { openDatabase } from '../../../src/database/open.ts';
import { systemClock } from '../../../src/kernel/clock.ts';

const [where = '', migrations] = process.argv.slice(2);
const url = where.startsWith('postgres') ? where : null;
try {
  const database = await openDatabase({
    url,
    dataDirectory: where,
    clock: systemClock,
    // Synchronous, so that a line stands before what it announces: the next step may block or be killed.
    log: pino({ base: null }, pino.destination({ dest: 1, sync: true })),
    ...(migrations && { migrations }),
  });
  console.log(`opened by ${process.pid}`);
  await once(process.stdin, 'data');
  await database.close();
  process.exit(0);
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
  process.exit(1);
}
