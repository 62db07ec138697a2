// npm run privacy: one person's data, exported or erased. See USAGE.
import { parseArgs } from 'node:util';
import { systemActor, type Viewer } from '../src/identity/viewer.ts';
import { erasePerson } from '../src/privacy/erase-person.ts';
import { exportPerson } from '../src/privacy/export-person.ts';
import { createVault } from '../src/secrets/vault.ts';
import { withKeys } from './keys/with-keys.ts';

const USAGE = `Usage: npm run --silent privacy -- export USER
       npm run privacy -- erase USER

Of the database that DATABASE_URL or DATA_DIR names, with the ENCRYPTION_KEYS of the server. USER is a user's id (user_…).

  export  prints everything that the person said or did as JSON lines, {"kind", "value"}, nothing masked
  erase   takes away who they are and what they said, for good: names, answers, reasons, and the contents of the events
          that tell of them. What was decided stays decided, and npm run audit:verify still finds the log whole. Their API
          keys are to be revoked first, and what is pending of theirs settled. Backups keep what they have

A PostgreSQL database is read and changed while servers run. The embedded one has to be stopped first.

Exit code: 0 done, 1 not done.`;

/** Who runs this can read the database. */
const operator: Viewer = {
  actor: systemActor,
  role: 'ADMIN',
  projectId: null,
  credentialId: 'command',
  expiresAt: null,
};

process.exitCode = await main();

async function main(): Promise<number> {
  const [verb, userId, ...more] = readArguments();
  if ((verb !== 'export' && verb !== 'erase') || userId === undefined || more.length > 0) {
    console.log(USAGE);
    return verb === 'help' ? 0 : 1;
  }
  return withKeys(async (keys) => {
    const { prisma } = keys.database;
    const deps = { ...keys, prisma, vault: createVault(keys), committed() {} };
    if (verb === 'erase') {
      const { rows, events } = await erasePerson(deps, operator, userId);
      console.log(`${userId} is erased: ${rows} rows changed, the contents of ${events} events taken away`);
      return 0;
    }
    for (let after: string | null = null; ; ) {
      const { records, next } = await exportPerson(deps, operator, userId, { first: 500, after });
      for (const record of records) console.log(JSON.stringify(record));
      if (next === null) return 0;
      after = next;
    }
  });
}

/** The words of the call; `help` alone where that is asked for, none where it cannot be read. */
function readArguments(): string[] {
  try {
    const options = { help: { type: 'boolean' } } as const;
    const { values, positionals } = parseArgs({ allowPositionals: true, options });
    return values.help === true ? ['help'] : positionals;
  } catch (error) {
    console.error((error as Error).message);
    return [];
  }
}
