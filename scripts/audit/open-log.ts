import { PrismaPg } from '@prisma/adapter-pg';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { DataDirectoryInUse } from '../../src/database/data-directory.ts';
import { IN_MEMORY, openEmbedded } from '../../src/database/embedded.ts';
import { PrismaClient } from '../../src/generated/prisma/client.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLog } from '../../src/kernel/log.ts';
import type { KeyRing } from '../../src/secrets/key-ring.ts';
import { keyRingAtHand } from '../../src/secrets/open-key-ring.ts';

/** The log can't be read; the message says what to do. */
export class CannotRead extends Error {}

interface Opened {
  prisma: PrismaClient;
  keyRing: KeyRing | null;
  close: () => Promise<void>;
}

/** The event log of the database that DATABASE_URL or DATA_DIR names, to be read, and the keys that are at hand. */
export async function openLog(): Promise<Opened> {
  const config = readConfig();
  const { url, dataDirectory } = config.database;
  const keyRing = await keyRingAtHand(config);
  return { keyRing, ...(url === null ? await openFolder(dataDirectory) : openServer(url)) };
}

/** Reading alone: no migration, and a role that may only SELECT will do. */
function openServer(url: string): Omit<Opened, 'keyRing'> {
  const adapter = new PrismaPg({
    connectionString: url,
    application_name: 'holdpoint audit',
    max: 1,
    connectionTimeoutMillis: 10_000,
    onConnect: async (client) =>
      void (await client.query(`SET TIME ZONE 'UTC'; SET default_transaction_read_only = on`)),
  });
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal' });
  return { prisma, close: () => prisma.$disconnect() };
}

async function openFolder(dataDirectory: string): Promise<Omit<Opened, 'keyRing'>> {
  if (dataDirectory === IN_MEMORY) throw new CannotRead('DATA_DIR is memory://, which keeps nothing to read');
  if ((await stat(join(dataDirectory, 'database')).catch(() => null)) === null) {
    throw new CannotRead(`there is no database in ${dataDirectory}: set DATA_DIR or DATABASE_URL`);
  }
  try {
    // A verification that changed what it verifies would be none.
    return await openEmbedded({
      dataDirectory,
      clock: systemClock,
      log: createLog('silent'),
      onlyMigrated: true,
    });
  } catch (error) {
    if (!(error instanceof DataDirectoryInUse)) throw error;
    throw new CannotRead(
      `the server with pid ${error.pid} works in ${dataDirectory}, and the embedded database has room for one process: ` +
        'stop the server, run this again, and start it again',
    );
  }
}
