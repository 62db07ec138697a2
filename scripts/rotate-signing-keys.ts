// npm run keys:rotate-signing: a new key to sign permits with. See USAGE.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { renewSigningKeys } from '../src/permits/renew.ts';
import { withKeys } from './keys/with-keys.ts';

const USAGE = `Usage: npm run keys:rotate-signing -- [--at-once]

Makes a new key for signing permits, in the database that DATABASE_URL or DATA_DIR names, with the ENCRYPTION_KEYS of the
server. It is published at once and signs ten minutes later; the one before it stays published until every permit that
it signed has expired. Keys are renewed by themselves every 90 days: this is for when that is too late.

  --at-once  for a key that somebody else may have: the new one signs at once, all others are withdrawn, and the permits
             that they signed are refused from then on. Servers that are running follow within ten seconds, tools when
             they fetch the keys again.

A PostgreSQL database is changed while servers run. The embedded one has to be stopped first.

Exit code: 0 done, 1 not done.`;

/** Milliseconds for the signal to the running servers to leave; they look by themselves too. */
const SIGNAL_TIME = 200;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readArguments();
  if (options === null || options.help) {
    console.log(USAGE);
    return options === null ? 1 : 0;
  }
  return withKeys(async (keys) => {
    const renewal = await renewSigningKeys(
      { ...keys, committed() {} },
      options['at-once'] ? 'at_once' : 'soon',
    );
    await delay(SIGNAL_TIME);
    console.log(
      renewal === null || renewal.signsFrom === null
        ? 'a new key is on its way already'
        : `a new key signs from ${renewal.signsFrom.toISOString()}; withdrawn: ${renewal.withdraws.join(', ') || 'none'}`,
    );
    return 0;
  });
}

function readArguments(): { 'at-once'?: boolean; help?: boolean } | null {
  try {
    const options = { 'at-once': { type: 'boolean' }, help: { type: 'boolean' } } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    console.error((error as Error).message);
    return null;
  }
}
