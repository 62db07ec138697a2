import type { Sweep } from '../clock/sweep.ts';
import { transact, type Tx } from '../database/transact.ts';
import type { Event, PrismaClient } from '../generated/prisma/client.ts';
import { systemActor } from '../identity/viewer.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { appendEvents } from './append.ts';
import { chainOf, SYSTEM_CHAIN } from './chain.ts';
import { type Checkpoint, ForgedCheckpoint, proofOf, withProof } from './checkpoint.ts';
import { faultOf } from './verify.ts';

// What is older than a project's retention is pruned (behaviour 9.2): from the beginning of its chain on, never out of its
// middle, some events at a time:
//
//   verify the oldest events ─▶ delete those that are too old ─▶ move the checkpoint to the last of them ─▶ events_pruned
//
// One transaction, so that a chain always begins where its checkpoint says. What is not what was sealed is not pruned:
// deleting it would hide that it was changed.

export interface PruneDeps {
  database: { prisma: PrismaClient };
  clock: Clock;
  ids: Ids;
  log: Log;
  keyRing: KeyRing;
  /** Days that events are kept: of a project, or (null) of none. Asked in the transaction that goes by it. */
  readRetention: (tx: Tx) => Promise<{ of(projectId: string | null): number }>;
  /** The position up to which every reader of the log that must miss nothing has read. */
  readTo: (tx: Tx) => Promise<bigint>;
  committed: () => void;
}

/** Seconds between two looks. */
const EVERY = 3600;
/** Events verified and taken away in one transaction: on an embedded database everyone waits for it. */
export const AT_ONCE = 500;
const DAY_SECONDS = 24 * 60 * 60;
/** Two that believe to lead prune one after the other. */
const LOCK = [0x686f6c64, 4] as const;

/** Looks once an hour; then some events of each chain at a time, until none is left that is too old. */
export function createRetentionSweep(deps: PruneDeps): Sweep {
  let lookAt = deps.clock.now();
  return {
    name: 'old events',
    async run(now) {
      if (now < lookAt) return { again: false, next: lookAt };
      let again = false;
      for (const chain of await dueChains(deps, now)) {
        try {
          if ((await pruneChain(deps, chain)) === AT_ONCE) again = true;
        } catch (error) {
          // One broken chain keeps the others from nothing.
          deps.log.error({ err: error, chain }, 'the events of a chain cannot be pruned, and are kept');
        }
      }
      if (again) return { again, next: null };
      lookAt = addSeconds(now, EVERY);
      return { again, next: lookAt };
    },
  };
}

const projectOf = (chain: string): string | null => (chain === SYSTEM_CHAIN ? null : chain);

const oldest = (days: number, now: Date): Date => addSeconds(now, -days * DAY_SECONDS);

/** The chains whose first event is too old. */
async function dueChains({ database: { prisma }, readRetention }: PruneDeps, now: Date): Promise<string[]> {
  const retention = await readRetention(prisma);
  const firsts = await prisma.$queryRaw<{ chain: string; occurredAt: Date }[]>`
    SELECT c.chain, f.occurred_at AS "occurredAt" FROM event_chains c CROSS JOIN LATERAL (
      (SELECT e.occurred_at FROM events e WHERE e.project_id = c.chain ORDER BY e.position LIMIT 1)
      UNION ALL
      (SELECT e.occurred_at FROM events e WHERE e.project_id IS NULL AND c.chain = ${SYSTEM_CHAIN}
        ORDER BY e.position LIMIT 1)
    ) f ORDER BY c.chain`;
  return firsts.flatMap(({ chain, occurredAt }) =>
    occurredAt < oldest(retention.of(projectOf(chain)), now) ? [chain] : [],
  );
}

/**
 * Takes the oldest events of a chain away, as far as they are too old, at most AT_ONCE of them; how many. Throws
 * ForgedCheckpoint, and BrokenChain where one of them is not what was sealed: then nothing is taken.
 */
export async function pruneChain(deps: PruneDeps, chain: string): Promise<number> {
  const { clock, ids, keyRing, readRetention, readTo } = deps;
  const pruned = await transact(deps.database, 'prune events', async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK[0]}::int, ${LOCK[1]}::int)`;
    const projectId = projectOf(chain);
    const now = clock.now();
    const before = oldest((await readRetention(tx)).of(projectId), now);
    const last = await tx.eventCheckpoint.findUnique({ where: { chain } });
    const proof = last === null ? 'proven' : proofOf(keyRing, last);
    if (proof !== 'proven') throw new ForgedCheckpoint(last!, proof);
    const first = await tx.event.findMany({
      where: { projectId, position: { lte: await readTo(tx) } },
      orderBy: { position: 'asc' },
      take: AT_ONCE,
    });
    const young = first.findIndex(({ occurredAt }) => occurredAt >= before);
    const old = young === -1 ? first : first.slice(0, young);
    if (old.length === 0) return 0;
    const checkpoint = checkpointAfter(last, old, now);
    const { count } = await tx.event.deleteMany({
      where: { projectId, position: { lte: checkpoint.position } },
    });
    if (count !== old.length) throw new Error(`${count} events were there to prune, and ${old.length} read`);
    const row = withProof(keyRing, checkpoint);
    await tx.eventCheckpoint.upsert({ where: { chain }, create: row, update: row });
    const data = {
      events: count,
      position: String(checkpoint.position),
      hash: checkpoint.hash,
      length: String(checkpoint.length),
      before: before.toISOString(),
    };
    const about = { projectId, teamId: null, sessionId: null, subjectId: chain, actor: systemActor };
    await appendEvents(tx, ids, [{ type: 'events_pruned', data, occurredAt: now, ...about }]);
    return count;
  });
  if (pruned > 0) deps.committed();
  return pruned;
}

/** An event that would be pruned is not what was sealed. */
export class BrokenChain extends Error {
  override name = 'BrokenChain';
}

function checkpointAfter(last: Checkpoint | null, events: readonly Event[], prunedAt: Date): Checkpoint {
  let { hash, length }: { hash: string | null; length: bigint } = last ?? { hash: null, length: 0n };
  for (const event of events) {
    const reason = faultOf(event, hash);
    if (reason !== null) throw new BrokenChain(`event ${event.id} at position ${event.position}: ${reason}`);
    hash = event.hash;
    length += 1n;
  }
  const { projectId, position } = events.at(-1)!;
  return { chain: chainOf(projectId), position, hash: hash!, length, prunedAt };
}
