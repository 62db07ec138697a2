import type { Event, EventChain, PrismaClient } from '../generated/prisma/client.ts';
import { digestContent, digestEvent } from './append.ts';
import { chainOf, linkHash } from './chain.ts';

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
  /** Committed and not sealed yet: no part of the log so far. */
  unsealed: number;
  heads: Map<string, Head>;
  /** The first broken event in the log's order, or null. */
  fault: Fault | null;
}

/** Rows read at a time. */
const PAGE = 2000;

/**
 * Recomputes the log as it stood when this began (behaviour 9.2): contents, links, and that the log and each chain end
 * where they say. An erased event (actor, data and salt gone, digests kept) is whole. `known` are heads of an earlier
 * run: at each one's position its hash must still stand.
 */
export async function verifyLog(
  prisma: PrismaClient,
  known: ReadonlyMap<string, Pick<Head, 'position' | 'hash'>> = new Map(),
): Promise<Verification> {
  const { end, newest, unsealed, chains } = await readEnds(prisma);
  const heads = new Map<string, Head>();
  const sought = new Map(known);
  let events = 0;
  let last = 0n;
  const found = (fault: Fault | null): Verification => ({ events, unsealed, heads, fault });
  for (;;) {
    const page = await prisma.event.findMany({
      where: { position: { gt: last, lte: end } },
      orderBy: { position: 'asc' },
      take: PAGE,
    });
    for (const event of page) {
      const chain = chainOf(event.projectId);
      const before = heads.get(chain);
      const gone = event.position !== last + 1n;
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
  return found(faultAtEnd({ end, newest, last }) ?? faultOfChains(heads, chains) ?? faultOfSought(sought));
}

interface Ends {
  end: bigint;
  newest: bigint;
  unsealed: number;
  chains: EventChain[];
}

/** Where log and chains end, all of one instant, for sealing goes on meanwhile. */
async function readEnds(prisma: PrismaClient): Promise<Ends> {
  const rows = await prisma.$queryRaw<(EventChain & { end: bigint; newest: bigint; unsealed: bigint })[]>`
    SELECT coalesce(l.position, 0) AS "end", m.newest, m.unsealed, c.chain, c.position, c.hash, c.length
    FROM (SELECT coalesce((SELECT max(position) FROM events), 0) AS newest,
      (SELECT count(*) FROM unsealed_events) AS unsealed) m
    LEFT JOIN event_log l ON l.id = 1 LEFT JOIN event_chains c ON true ORDER BY c.chain`;
  const { end, newest, unsealed } = rows[0]!;
  return { end, newest, unsealed: Number(unsealed), chains: rows.filter(({ chain }) => chain !== null) };
}

function faultOf(
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

/** What the events alone cannot show: a tail cut off, or put on. */
function faultAtEnd({
  end,
  newest,
  last,
}: Omit<Ends, 'chains' | 'unsealed'> & { last: bigint }): Fault | null {
  const fault = (position: bigint, reason: string): Fault => ({ eventId: null, position, chain: '', reason });
  if (last < end) return fault(last + 1n, 'events are missing at the end of the log');
  if (newest > end) return fault(end + 1n, 'events stand beyond the end of the log');
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
