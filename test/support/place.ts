import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { openDatabase } from '../../src/database/open.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { silent } from './database.ts';
import { databaseUrl, onServer } from './template.ts';

/** A place for a server process's data, of this run's kind: a folder, or a database on the server. */
export interface Place {
  /** Holds the data folder: migrated where the database is embedded, and without anything else. */
  folder: string;
  env: Record<string, string>;
  /** To look into it while no process has it (embedded: one at a time). */
  open: () => ReturnType<typeof openDatabase>;
  remove: () => Promise<unknown>;
}

export async function makePlace(): Promise<Place> {
  const template = inject('template');
  const options = { clock: systemClock, log: silent };
  const folder = await mkdtemp(join(tmpdir(), 'holdpoint-place-'));
  const dataDirectory = join(folder, 'data');
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  if (template.kind === 'embedded') {
    const database = join(dataDirectory, 'database');
    await mkdir(database, { recursive: true, mode: 0o700 });
    // A process that makes one takes seconds of the machine for it, each time the same.
    await promisify(execFile)('tar', ['-xf', template.image, '-C', database]);
    return {
      folder,
      env: { DATA_DIR: dataDirectory },
      open: () => openDatabase({ url: null, dataDirectory, ...options }),
      remove: removeFolder,
    };
  }
  const name = `holdpoint_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await onServer(template.server, `CREATE DATABASE ${name} TEMPLATE ${template.database}`);
  const url = databaseUrl(template.server, name);
  return {
    folder,
    // The folder is for what a server keeps beside its database.
    env: { DATA_DIR: dataDirectory, DATABASE_URL: url },
    open: () => openDatabase({ url, dataDirectory, ...options }),
    remove: async () => {
      await onServer(template.server, `DROP DATABASE ${name} WITH (FORCE)`);
      await removeFolder();
    },
  };
}
