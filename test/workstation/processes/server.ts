// The product as src/main.ts starts it, with the workstation that was built into the folder it is told, and with the address
// that it listens on in its line: a test reaches it past the network that PUBLIC_URL names.
import { createApp } from '../../../src/app.ts';
import { readConfig } from '../../../src/config.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { createLog } from '../../../src/kernel/log.ts';

const config = readConfig();
const app = createApp({
  config,
  clock: systemClock,
  log: createLog(config.log.level),
  workstation: process.argv[2]!,
  ownsProcess: true,
});
const { port } = await app.start();
console.log(`Holdpoint is ready at http://127.0.0.1:${port}/graphql`);
