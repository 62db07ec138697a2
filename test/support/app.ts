import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { IN_MEMORY } from '../../src/database/embedded.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { openTestDatabase, silent } from './database.ts';

export interface TestApp {
  /** Where it listens, without a slash at the end. */
  url: string;
  /** The bootstrap admin's. */
  adminKey: string;
  stop(): Promise<void>;
}

/** The whole product in this process, on a database of its own, listening on a free port. */
export async function startApp(env: Record<string, string> = {}): Promise<TestApp> {
  const database = await openTestDatabase();
  const where = database.url === null ? { DATA_DIR: IN_MEMORY } : { DATABASE_URL: database.url };
  const config = readConfig({ PORT: '0', ...where, ...env });
  const app = createApp({ config, clock: systemClock, log: silent });
  const { url, madeKey } = await app.start();
  return {
    url,
    adminKey: madeKey ?? env.ADMIN_API_KEY!,
    async stop() {
      await app.stop();
      await database.close();
    },
  };
}
