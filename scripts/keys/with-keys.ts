import { type Config, ConfigError, readConfig } from '../../src/config.ts';
import { DataDirectoryInUse } from '../../src/database/data-directory.ts';
import { type Database, openDatabase } from '../../src/database/open.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { DomainError } from '../../src/kernel/errors.ts';
import { createIds, type Ids } from '../../src/kernel/ids.ts';
import { createLog, type Log } from '../../src/kernel/log.ts';
import { sealedSigningKeys } from '../../src/permits/queries.ts';
import { sealedDataKeys } from '../../src/secrets/data-keys.ts';
import type { KeyRing } from '../../src/secrets/key-ring.ts';
import { openKeyRing } from '../../src/secrets/open-key-ring.ts';

interface Opened {
  config: Config;
  database: Database;
  clock: Clock;
  log: Log;
}

interface WithKeys extends Omit<Opened, 'log'> {
  ids: Ids;
  keyRing: KeyRing;
}

/** Does `work` on the database that the environment names, with its encryption keys. */
export const withKeys = (work: (keys: WithKeys) => Promise<number>): Promise<number> =>
  withDatabase(async ({ config, database, clock, log }) => {
    const { prisma } = database;
    const sealed = async () => [...(await sealedSigningKeys(prisma)), ...(await sealedDataKeys(prisma))];
    const keyRing = await openKeyRing({ config, database, log, sealed });
    return await work({ config, database, clock, ids: createIds(clock), keyRing });
  });

/** Does `work` on the database that the environment names. What the caller can mend is told without a stack. */
export async function withDatabase(work: (opened: Opened) => Promise<number>): Promise<number> {
  try {
    const config = readConfig();
    const [clock, log] = [systemClock, createLog('warn')];
    const database = await openDatabase({ ...config.database, clock, log });
    try {
      return await work({ config, database, clock, log });
    } finally {
      await database.close();
    }
  } catch (error) {
    if (error instanceof DataDirectoryInUse) console.error(`${error.message}: stop it first`);
    else console.error(error instanceof ConfigError || error instanceof DomainError ? error.message : error);
    return 1;
  }
}
