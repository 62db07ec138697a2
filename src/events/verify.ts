import type { Event, EventChain, EventCheckpoint, PrismaClient } from '../generated/prisma/client.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { digestContent, digestEvent } from './append.ts';
import { chainOf, linkHash } from './chain.ts';
import { proofOf } from './checkpoint.ts';

export interface Fault {
  /** The event at which the log stops being what was sealed; null where there is none left to name. */
  eventId: string | null;
  position: bigint | null;
  chain: string;
  reason: string;
}

/** The end of a chain. Kept elsewhere, it proves that nothing up to here was rewritten since. */
export interface Head {
  position: bigint;
  length: bigint;
  hash: string;
}

export interface Verification {
  events: number;
  /** Events that were pruned, as checkpoints say. */
  pruned: bigint;
  /** The chains whose checkpoint could not be proven, for want of the key that sealed it. */
  unproven: string[];
  /** Committed and not sealed yet: no part of the log so far. */
  unsealed: number;
  heads: Map<string, Head>;
  /** The first broken event in the log's order, or null. */
  fault: Fault | null;
}

/** Rows read at a time. */
const PAGE = 2000;

/**
 * Recomputes the log as it stood when this began (behaviour 9.2): contents, links, and that the log and each chain begin
 * and end where they say. An erased event (actor, data and salt gone, digests kept) is whole. `known` are heads of an
 * earlier run: at each one's position its hash must still stand, unless it was pruned since. `keyRing` proves that it was
 * pruning; null: no keys are at hand.
 */
export async function verifyLog(
  prisma: PrismaClient,
  known: ReadonlyMap<string, Pick<Head, 'position' | 'hash'>> = new Map(),
  keyRing: KeyRing | null = null,
): Promise<Verification> {
  for (;;) {
    const ends = await readEnds(prisma);
    const found = await verifyOnce(prisma, known, keyRing, ends);
    // What was pruned meanwhile was missed here: a log that is read while it is pruned is read again, and each time there is less.
    if (found.fault === null || !(await wasPruned(prisma, ends))) return found;
  }
}

async function verifyOnce(
  prisma: PrismaClient,
  known: ReadonlyMap<string, Pick<Head, 'position' | 'hash'>>,
  keyRing: KeyRing | null,
  { end, newest, unsealed, chains, checkpoints }: Ends,
): Promise<Verification> {
  const heads = new Map<string, Head>();
  const sought = new Map(known);
  const unproven: string[] = [];
  let pruned = 0n;
  let events = 0;
  let last = 0n;
  const found = (fault: Fault | null): Verification => ({ events, pruned, unproven, unsealed, heads, fault });
  for (const checkpoint of checkpoints) {
    const { chain, position, hash, length } = checkpoint;
    const proof = proofOf(keyRing, checkpoint);
    const fault = (reason: string): Fault => ({ eventId: null, position, chain, reason });
    if (proof === 'forged')
      return found(fault('its checkpoint is not what was written when events were pruned'));
    const head = known.get(chain);
    if (head?.position === position && head.hash !== hash)
      return found(fault('its checkpoint is not the event known from before'));
    if (proof === 'unproven' && head?.position !== position) unproven.push(chain);
    if (head !== undefined && head.position <= position) sought.delete(chain);
    heads.set(chain, { position, length, hash });
    pruned += length;
  }
  const prunedTo = checkpoints.reduce((most, { position }) => (position > most ? position : most), 0n);
  for (;;) {
    const page = await prisma.event.findMany({
      where: { position: { gt: last, lte: end } },
      orderBy: { position: 'asc' },
      take: PAGE,
    });
    for (const event of page) {
      const chain = chainOf(event.projectId);
      const before = heads.get(chain);
      // Up to the last checkpoint there are gaps: how many events they had is counted at the end.
      const gone = event.position !== last + 1n && event.position - 1n > prunedTo;
      const reason = gone
        ? 'an event before it is missing'
        : faultOf(event, before?.hash ?? null, known.get(chain));
      if (reason !== null) return found({ eventId: event.id, position: event.position, chain, reason });
      if (known.get(chain)?.position === event.position) sought.delete(chain);
      heads.set(chain, { position: event.position, length: (before?.length ?? 0n) + 1n, hash: event.hash });
      last = event.position;
      events += 1;
    }
    if (page.length < PAGE) break;
  }
  const counted = { end, newest, last, prunedTo, count: BigInt(events) + pruned };
  return found(faultAtEnd(counted) ?? faultOfChains(heads, chains) ?? faultOfSought(sought));
}

/** Whether a checkpoint has moved since. */
async function wasPruned(prisma: PrismaClient, { checkpoints }: Ends): Promise<boolean> {
  const before = new Map(checkpoints.map(({ chain, position }) => [chain, position]));
  const now = await prisma.eventCheckpoint.findMany({ select: { chain: true, position: true } });
  return now.some(({ chain, position }) => position > (before.get(chain) ?? 0n));
}

interface Ends {
  end: bigint;
  newest: bigint;
  unsealed: number;
  chains: EventChain[];
  checkpoints: EventCheckpoint[];
}

/** Where log and chains begin and end, all of one instant, for sealing goes on meanwhile. */
async function readEnds(prisma: PrismaClient): Promise<Ends> {
  const [row] = await prisma.$queryRaw<
    {
      end: bigint;
      newest: bigint;
      unsealed: bigint;
      chains: Text<EventChain>[];
      checkpoints: Text<EventCheckpoint>[];
    }[]
  >`
    SELECT coalesce((SELECT position FROM event_log WHERE id = 1), 0) AS "end",
      coalesce((SELECT max(position) FROM events), 0) AS newest,
      (SELECT count(*) FROM unsealed_events) AS unsealed,
      coalesce((SELECT jsonb_agg(jsonb_build_object('chain', chain, 'position', position::text, 'hash', hash,
        'length', length::text) ORDER BY chain) FROM event_chains), '[]') AS chains,
      coalesce((SELECT jsonb_agg(jsonb_build_object('chain', chain, 'position', position::text, 'hash', hash,
        'length', length::text, 'prunedAt', pruned_at, 'proof', proof) ORDER BY chain) FROM event_checkpoints), '[]')
        AS checkpoints`;
  const { end, newest, unsealed, chains, checkpoints } = row!;
  const numbers = <T extends { position: string; length: string }>(each: T) => ({
    ...each,
    position: BigInt(each.position),
    length: BigInt(each.length),
  });
  return {
    end,
    newest,
    unsealed: Number(unsealed),
    chains: chains.map(numbers),
    checkpoints: checkpoints.map((each) => ({ ...numbers(each), prunedAt: new Date(each.prunedAt) })),
  };
}

/** A row as JSON has it, its large numbers as text. */
type Text<T> = { [K in keyof T]: T[K] extends bigint | Date ? string : T[K] };

/** What of an event is not as it was sealed, just behind the event with this hash; null: nothing. */
export function faultOf(
  event: Event,
  previousHash: string | null,
  known?: Pick<Head, 'position' | 'hash'>,
): string | null {
  const erased = event.salt === null && event.actor === null && event.data === null;
  if (!erased && digestContent(event.salt ?? '', event.actor, event.data) !== event.contentDigest) {
    return 'its content was changed';
  }
  if (digestEvent(event) !== event.digest) return 'its description was changed';
  if (event.previousHash !== previousHash) return 'it does not follow the event before it';
  if (linkHash(previousHash, event.position, event.digest) !== event.hash) return 'its hash is not its own';
  if (known?.position === event.position && known.hash !== event.hash) {
    return 'its hash is not the one known from before: the log was rewritten up to here';
  }
  return null;
}

/** What the events alone cannot show: a tail cut off, or put on; and a gap among what was pruned that no checkpoint covers. */
function faultAtEnd({
  end,
  newest,
  last,
  prunedTo,
  count,
}: Pick<Ends, 'end' | 'newest'> & { last: bigint; prunedTo: bigint; count: bigint }): Fault | null {
  const fault = (position: bigint, reason: string): Fault => ({ eventId: null, position, chain: '', reason });
  const reached = last > prunedTo ? last : prunedTo;
  if (reached < end) return fault(reached + 1n, 'events are missing at the end of the log');
  if (newest > end) return fault(end + 1n, 'events stand beyond the end of the log');
  if (count !== end)
    return fault(
      prunedTo,
      `the log has given out ${end} positions, and has ${count} events, those pruned included`,
    );
  return null;
}

function faultOfChains(heads: ReadonlyMap<string, Head>, chains: readonly EventChain[]): Fault | null {
  for (const { chain, position, hash, length } of chains) {
    const head = heads.get(chain);
    if (head?.hash === hash && head.position === position && head.length === length) continue;
    return { eventId: null, position, chain, reason: 'the chain does not end where its head says' };
  }
  const recorded = new Set(chains.map(({ chain }) => chain));
  for (const [chain, { position }] of heads) {
    if (!recorded.has(chain))
      return { eventId: null, position, chain, reason: 'the head of the chain is missing' };
  }
  return null;
}

/** Heads of an earlier run whose event was never met: the chain was cut, or another one's event stands there by now. */
function faultOfSought(sought: ReadonlyMap<string, Pick<Head, 'position' | 'hash'>>): Fault | null {
  for (const [chain, { position }] of sought) {
    return {
      eventId: null,
      position,
      chain,
      reason: 'the chain has no event where a head is known from before',
    };
  }
  return null;
}
