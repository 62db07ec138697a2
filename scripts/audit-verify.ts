// npm run audit:verify: is the event log still what was written? See USAGE.
import { PrismaPg } from '@prisma/adapter-pg';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readConfig } from '../src/config.ts';
import { DataDirectoryInUse } from '../src/database/data-directory.ts';
import { IN_MEMORY, openEmbedded } from '../src/database/embedded.ts';
import { type Fault, type Head, type Verification, verifyLog } from '../src/events/verify.ts';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { createLog } from '../src/kernel/log.ts';

const USAGE = `Usage: npm run audit:verify -- [--json] [--heads FILE]

Recomputes the event log of the database that DATABASE_URL or DATA_DIR names: every event's content and description,
every link of every chain, and that log and chains end where they say. Names the first event that is not what was
written.

  --json        print the result as JSON, with the head (position, length, hash) of each chain
  --heads FILE  the JSON of an earlier run: also prove that nothing up to those heads was rewritten or cut off since

Who can write to the database can also rewrite a whole chain. Keep the heads where such a person can't reach them:
  npm run --silent audit:verify -- --json > heads.json
A PostgreSQL database is read while the server runs. The embedded one has to be stopped first, and
be up to date: no migration is applied.

Exit code: 0 intact, 1 broken, 2 could not be checked.`;

/** The check could not be made; the message says what to do. */
class Unchecked extends Error {}

const headsFile = z.object({
  heads: z.record(z.string(), z.object({ position: z.string().regex(/^\d{1,19}$/), hash: z.string() })),
});

process.exitCode = await main().catch((error: unknown) => {
  console.error(`not checked: ${error instanceof Error ? error.message : String(error)}`);
  return 2;
});

async function main(): Promise<number> {
  const options = readArguments();
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const known = options.heads === undefined ? new Map<string, never>() : await readHeads(options.heads);
  const { prisma, close } = await open();
  try {
    const result = await verifyLog(prisma, known);
    console.log(options.json ? toJson(result) : toText(result));
    return result.fault === null ? 0 : 1;
  } finally {
    await close();
  }
}

function readArguments(): { json?: boolean; heads?: string; help?: boolean } {
  try {
    const options = {
      json: { type: 'boolean' },
      heads: { type: 'string' },
      help: { type: 'boolean' },
    } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Unchecked(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function readHeads(file: string): Promise<Map<string, Pick<Head, 'position' | 'hash'>>> {
  const text = await readFile(file, 'utf8');
  try {
    const { heads } = headsFile.parse(JSON.parse(text));
    return new Map(
      Object.entries(heads).map(([chain, { position, hash }]) => [
        chain,
        { position: BigInt(position), hash },
      ]),
    );
  } catch {
    throw new Unchecked(`${file} is not what --json prints`);
  }
}

interface Opened {
  prisma: PrismaClient;
  close: () => Promise<void>;
}

async function open(): Promise<Opened> {
  const { url, dataDirectory } = readConfig().database;
  return url === null ? openFolder(dataDirectory) : openServer(url);
}

/** Reading alone: no migration, and a role that may only SELECT will do. */
function openServer(url: string): Opened {
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

async function openFolder(dataDirectory: string): Promise<Opened> {
  if (dataDirectory === IN_MEMORY) throw new Unchecked('DATA_DIR is memory://, which keeps nothing to check');
  if ((await stat(join(dataDirectory, 'database')).catch(() => null)) === null) {
    throw new Unchecked(`there is no database in ${dataDirectory}: set DATA_DIR or DATABASE_URL`);
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
    throw new Unchecked(
      `the server with pid ${error.pid} works in ${dataDirectory}, and the embedded database has room for one process: ` +
        'stop the server, run this again, and start it again',
    );
  }
}

function toJson({ events, unsealed, heads, fault }: Verification): string {
  const plain = ({ position, length, hash }: Head) => ({
    position: String(position),
    length: String(length),
    hash,
  });
  const result = {
    intact: fault === null,
    events,
    unsealed,
    heads: Object.fromEntries([...heads].map(([chain, head]) => [chain, plain(head)])),
    fault: fault && { ...fault, position: fault.position === null ? null : String(fault.position) },
  };
  return JSON.stringify(result, null, 2);
}

function toText({ events, unsealed, heads, fault }: Verification): string {
  const chains = [...heads].map(
    ([chain, { position, length, hash }]) => `  ${chain}: ${length} events, the last at ${position}, ${hash}`,
  );
  return [
    `${events} events in ${heads.size} chains verified; ${unsealed} more wait to be sealed`,
    ...chains,
    fault === null ? 'intact' : describe(fault),
  ].join('\n');
}

function describe({ eventId, position, chain, reason }: Fault): string {
  const event = eventId === null ? 'no event' : `event ${eventId}`;
  return `BROKEN at position ${position ?? '?'}, ${event}${chain === '' ? '' : ` of chain ${chain}`}: ${reason}`;
}
