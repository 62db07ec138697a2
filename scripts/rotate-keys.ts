// npm run keys:rotate: everything that is encrypted at rest, anew. See USAGE.
import { parseArgs } from 'node:util';
import { IN_MEMORY } from '../src/database/embedded.ts';
import type { Database } from '../src/database/open.ts';
import { transact } from '../src/database/transact.ts';
import { rewrapCheckpoints, sealedCheckpoints } from '../src/events/checkpoint.ts';
import { sealedSigningKeys } from '../src/permits/queries.ts';
import { rewrapSigningKeys } from '../src/permits/rewrap.ts';
import { keyFileOf, makeKey, prependKey, readKeyFile } from '../src/secrets/key-file.ts';
import type { KeyRing } from '../src/secrets/key-ring.ts';
import { isRotated, rotate } from '../src/secrets/rotate.ts';
import { withKeys } from './keys/with-keys.ts';

const USAGE = `Usage: npm run keys:rotate

Encrypts everything that is encrypted at rest anew, in the database that DATABASE_URL or DATA_DIR names: the keys that
permits are signed with, each project's data key and the proofs of pruned events with the first key of ENCRYPTION_KEYS,
and the values with new data keys. Broken off anywhere, it goes on where it was when it is called again; nothing is lost, and everything can be read
all the while.

Where ENCRYPTION_KEYS is not set, a new key is put in front of those in DATA_DIR/encryption-keys; servers that share the
file find it there by themselves. Where it is set, a new key is printed, and that is all: put it behind the others on
every server and start them anew, then in front of them and start them anew, and then call this with that list.

The keys that are named as no longer needed may be taken out once no backup from before is needed.

A PostgreSQL database is changed while servers run. The embedded one has to be stopped first.

Exit code: 0 done, 1 not done, 3 a new key is to be configured first.`;

/** Replicas of this command that begin at once make one new key. */
const LOCK = [0x686f6c64, 3] as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readArguments();
  if (options === null || options.help) {
    console.log(USAGE);
    return options === null ? 1 : 0;
  }
  return withKeys(async ({ config, database, clock, ids, keyRing }) => {
    const { dataDirectory, url } = config.database;
    if (url === null && dataDirectory === IN_MEMORY) {
      console.error('DATA_DIR is memory://, which keeps nothing to encrypt anew');
      return 1;
    }
    const { prisma } = database;
    const others = async () => [...(await sealedSigningKeys(prisma)), ...(await sealedCheckpoints(prisma))];
    const done = async () => isRotated(database, keyRing, await others());
    if (await done()) {
      if (config.encryption.keys !== null) return tellOfNewKey();
      await makeFirstKey(database, dataDirectory, done);
    }
    const rotated = await rotate({
      database,
      clock,
      ids,
      keyRing,
      rewrapOthers: async () =>
        (await rewrapSigningKeys(prisma, keyRing)) + (await rewrapCheckpoints(prisma, keyRing)),
      progress: (values) => console.log(`${values} values encrypted anew …`),
    });
    console.log(
      `${rotated.keys} keys encrypted anew, ${rotated.dataKeys} data keys replaced, ${rotated.values} values encrypted anew`,
    );
    return await tellOutcome(
      keyRing,
      await done(),
      config.encryption.keys ?? (await readKeyFile(keyFileOf(dataDirectory))),
    );
  });
}

function tellOfNewKey(): number {
  const { text, keys } = makeKey();
  console.log(
    `everything is encrypted with the first key of ENCRYPTION_KEYS already. A new one, shown this once:

  ${text}

1. put it behind the keys in ENCRYPTION_KEYS on every server, and start them anew
2. put it in front of them on every server, and start them anew
3. call this again with ENCRYPTION_KEYS=${keys[0]!.id}:…, and then what stands there now`,
  );
  return 3;
}

/** Under a lock: of two files written at once the second one would lose the first one's key. */
async function makeFirstKey(
  database: Database,
  dataDirectory: string,
  done: () => Promise<boolean>,
): Promise<void> {
  await transact(database, 'make an encryption key', async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK[0]}::int, ${LOCK[1]}::int)`;
    // The embedded database has one session and one process: nobody else can have been here, and nobody may ask.
    if (database.kind === 'postgres' && !(await done())) return;
    const id = await prependKey(dataDirectory);
    console.log(`the new key ${id} stands first in ${keyFileOf(dataDirectory)}`);
  });
}

async function tellOutcome(
  keyRing: KeyRing,
  done: boolean,
  keys: readonly { id: string }[] | null,
): Promise<number> {
  const { current } = keyRing;
  if (!done) {
    console.error(
      `not everything is encrypted with ${current}: a server has another key first. Start it anew with ${current} first, and call this again`,
    );
    return 1;
  }
  const others = (keys ?? []).map(({ id }) => id).filter((id) => id !== current);
  console.log(
    `everything is encrypted with ${current}; no longer needed here: ${others.join(', ') || 'none'}`,
  );
  return 0;
}

function readArguments(): { help?: boolean } | null {
  try {
    return parseArgs({ options: { help: { type: 'boolean' } } }).values;
  } catch (error) {
    console.error((error as Error).message);
    return null;
  }
}
