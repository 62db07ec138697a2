import { fileURLToPath } from 'node:url';
import { createApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { DataDirectoryInUse } from './database/data-directory.ts';
import { systemClock } from './kernel/clock.ts';
import { createLog } from './kernel/log.ts';

/** After a signal, in milliseconds: what has not ended by itself is cut off (behaviour 1.7). */
const STOP_WITHIN = 9_500;

/**
 * The sentence for a fault that the one who starts the server can mend, or null: a bad setting, a folder or a port that
 * is taken, a database that is not there or does not let us in. It needs no stack.
 */
function theirs(error: unknown): string | null {
  if (error instanceof ConfigError || error instanceof DataDirectoryInUse) return error.message;
  if (!(error instanceof Error) || !('code' in error)) return null;
  // Errors of the system name the call that failed, PostgreSQL's their severity; a host with two addresses fails twice.
  const causes = error instanceof AggregateError ? (error.errors as Error[]) : [error];
  const known = causes.every((cause) => 'syscall' in cause || 'severity' in cause);
  if (!known) return null;
  const told = causes.map(({ message }) => message).join('; ');
  return `Holdpoint can't start: ${variableOf(causes[0] as NodeJS.ErrnoException)}: ${told}`;
}

/** The setting that names what failed: a call that has a path is of the data folder, else it was to the database. */
function variableOf({ syscall, path }: NodeJS.ErrnoException): string {
  if (syscall === 'listen') return 'PORT';
  return path === undefined ? 'DATABASE_URL' : 'DATA_DIR';
}

try {
  const config = readConfig();
  const log = createLog(config.log.level);
  const app = createApp({
    config,
    clock: systemClock,
    log,
    say: (line) => console.log(line),
    workstation: fileURLToPath(new URL('../dist/workstation', import.meta.url)),
    ownsProcess: true,
  });
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
  const { url, madeKey, signInLink } = await app.start();
  console.log(`Holdpoint is ready at ${url}/graphql`);
  if (madeKey !== null) console.log(`Admin key, shown this once: ${madeKey}`);
  if (signInLink !== null) console.log(`Workstation, by this link once within 15 minutes: ${signInLink}`);
} catch (error) {
  console.error(theirs(error) ?? error);
  process.exit(1);
}
