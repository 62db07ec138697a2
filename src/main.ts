import { createApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { DataDirectoryInUse } from './database/data-directory.ts';
import { systemClock } from './kernel/clock.ts';
import { createLog } from './kernel/log.ts';

/** After a signal, in milliseconds: what has not ended by itself is cut off (behaviour 1.7). */
const STOP_WITHIN = 9_500;

/** Faults that the one who starts the server can mend: a sentence, no stack. */
const isTheirs = (error: unknown): error is Error => error instanceof ConfigError || error instanceof DataDirectoryInUse;

try {
  const config = readConfig();
  const log = createLog(config.log.level);
  const app = createApp({ config, clock: systemClock, log });
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.warn('not everything ended in time');
      process.exit(0);
    }, STOP_WITHIN).unref();
    await app.stop();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const { url, madeKey } = await app.start();
  console.log(`Holdpoint is ready at ${url}/graphql`);
  if (madeKey !== null) console.log(`Admin key, shown this once: ${madeKey}`);
} catch (error) {
  console.error(isTheirs(error) ? error.message : error);
  process.exit(1);
}
