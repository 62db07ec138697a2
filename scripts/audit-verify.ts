// npm run audit:verify: is the event log still what was written? See USAGE.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Fault, type Head, type Verification, verifyLog } from '../src/events/verify.ts';
import { CannotRead, openLog } from './audit/open-log.ts';

const USAGE = `Usage: npm run audit:verify -- [--json] [--heads FILE]

Recomputes the event log of the database that DATABASE_URL or DATA_DIR names: every event's content and description,
every link of every chain, and that log and chains begin and end where they say. Names the first event that is not what
was written. Where events were pruned, the checkpoint that this left is proven by the keys of ENCRYPTION_KEYS, or of
DATA_DIR/encryption-keys.

  --json        print the result as JSON, with the head (position, length, hash) of each chain
  --heads FILE  the JSON of an earlier run: also prove that nothing up to those heads was rewritten or cut off since

Who can write to the database can also rewrite a whole chain. Keep the heads where such a person can't reach them:
  npm run --silent audit:verify -- --json > heads.json
A PostgreSQL database is read while the server runs. The embedded one has to be stopped first, and
be up to date: no migration is applied.

Exit code: 0 intact, 1 broken, 2 could not be checked, or a checkpoint not proven for want of its key.`;

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
  const { prisma, keyRing, close } = await openLog();
  try {
    const result = await verifyLog(prisma, known, keyRing);
    console.log(options.json ? toJson(result) : toText(result));
    return result.fault !== null ? 1 : result.unproven.length > 0 ? 2 : 0;
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
    throw new CannotRead(`${(error as Error).message}\n\n${USAGE}`);
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
    throw new CannotRead(`${file} is not what --json prints`);
  }
}

function toJson({ events, pruned, unproven, unsealed, heads, fault }: Verification): string {
  const plain = ({ position, length, hash }: Head) => ({
    position: String(position),
    length: String(length),
    hash,
  });
  const result = {
    intact: fault === null,
    events,
    pruned: Number(pruned),
    unproven,
    unsealed,
    heads: Object.fromEntries([...heads].map(([chain, head]) => [chain, plain(head)])),
    fault: fault && { ...fault, position: fault.position === null ? null : String(fault.position) },
  };
  return JSON.stringify(result, null, 2);
}

function toText({ events, pruned, unproven, unsealed, heads, fault }: Verification): string {
  const chains = [...heads].map(
    ([chain, { position, length, hash }]) => `  ${chain}: ${length} events, the last at ${position}, ${hash}`,
  );
  return [
    `${events} events in ${heads.size} chains verified; ${unsealed} more wait to be sealed`,
    ...(pruned === 0n ? [] : [`${pruned} older events were pruned, as their checkpoints say`]),
    ...chains,
    ...unproven.map((chain) => `NOT PROVEN: the checkpoint of ${chain}; its key is not in ENCRYPTION_KEYS`),
    ...(fault !== null ? [describe(fault)] : unproven.length === 0 ? ['intact'] : []),
  ].join('\n');
}

function describe({ eventId, position, chain, reason }: Fault): string {
  const event = eventId === null ? 'no event' : `event ${eventId}`;
  return `BROKEN at position ${position ?? '?'}, ${event}${chain === '' ? '' : ` of chain ${chain}`}: ${reason}`;
}
