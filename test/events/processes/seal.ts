// Seals what waits in a server's database, believing that it leads: seal.ts <URL>. Says so each time, until it is killed.
import { pino } from 'pino';
import { openDatabase } from '../../../src/database/open.ts';
import { createSealer } from '../../../src/events/sealer.ts';
import { systemClock as clock } from '../../../src/kernel/clock.ts';

const log = pino({ level: 'silent' });
const database = await openDatabase({ url: process.argv[2]!, dataDirectory: 'memory://', clock, log });
const leadership = { isLeader: () => true, onChange: () => () => {} };
createSealer({
  database: { ...database, leadership },
  log,
  sealed: (position) => console.log(`sealed ${position}`),
}).start();
console.log('started');
setInterval(() => {}, 60_000);
