import type { Event, PrismaClient } from '../generated/prisma/client.ts';
import { digestContent, digestEvent } from './append.ts';
import { chainOf, linkHash } from './chain.ts';

export interface Fault {
  /** The event at which the log stops being what was sealed; null where events are missing at the end of a chain. */
  eventId: string | null;
  position: bigint | null;
  chain: string;
  reason: string;
}

export interface Verification {
  events: number;
  chains: { chain: string; length: bigint; hash: string }[];
  /** The first broken event in the log's order, or null. */
  fault: Fault | null;
}

/** Rows read at a time. */
const PAGE = 5000;

/**
 * Recomputes the whole log (behaviour 9.2): contents, links, and that each chain ends where its head says. An erased
 * event (content gone, digest kept) is whole. `heads` from an earlier run, kept elsewhere, proves that nothing sealed
 * before it was rewritten since: a head of then must be found among the hashes of now.
 */
export async function verifyLog(prisma: PrismaClient, heads: Record<string, string> = {}): Promise<Verification> {
  const ends = new Map<string, { hash: string; length: bigint }>();
  const sought = new Map(Object.entries(heads));
  let events = 0;
  let last = 0n;
  for (;;) {
    const page = await prisma.event.findMany({ where: { position: { gt: last } }, orderBy: { position: 'asc' }, take: PAGE });
    for (const event of page) {
      const chain = chainOf(event.projectId);
      const reason = event.position === last + 1n ? faultOf(event, ends.get(chain)?.hash ?? null) : 'an event before it is missing';
      if (reason !== null) {
        return { events, chains: listed(ends), fault: { eventId: event.id, position: event.position, chain, reason } };
      }
      ends.set(chain, { hash: event.hash, length: (ends.get(chain)?.length ?? 0n) + 1n });
      if (sought.get(chain) === event.hash) sought.delete(chain);
      last = event.position;
      events += 1;
    }
    if (page.length < PAGE) break;
  }
  return { events, chains: listed(ends), fault: await faultAtEnd(prisma, ends, last, sought) };
}

const listed = (ends: Map<string, { hash: string; length: bigint }>) =>
  [...ends].map(([chain, end]) => ({ chain, ...end }));

function faultOf(event: Event, previousHash: string | null): string | null {
  const erased = event.salt === null;
  if (!erased && digestContent(event.salt!, event.actor, event.data) !== event.contentDigest) return 'its content was changed';
  if (digestEvent(event) !== event.digest) return 'its description was changed';
  if (event.previousHash !== previousHash) return 'it does not follow the event before it';
  if (linkHash(previousHash, event.position, event.digest) !== event.hash) return 'its hash is not its own';
  return null;
}

/** What the events alone cannot show: a tail cut off. */
async function faultAtEnd(
  prisma: PrismaClient,
  ends: Map<string, { hash: string; length: bigint }>,
  last: bigint,
  sought: Map<string, string>,
): Promise<Fault | null> {
  const [chain, hash] = [...sought][0] ?? [];
  if (chain !== undefined) {
    return { eventId: null, position: null, chain, reason: `no event has the expected hash ${hash}` };
  }
  for (const head of await prisma.eventChain.findMany({ where: { position: { lte: last } } })) {
    if (ends.get(head.chain)?.hash !== head.hash) {
      return { eventId: null, position: head.position, chain: head.chain, reason: 'events are missing at its end' };
    }
  }
  const log = await prisma.eventLog.findUnique({ where: { id: 1 } });
  // Sealing goes on while this reads: what stands beyond `last` must still be there.
  const beyond = await prisma.event.count({ where: { position: { gt: last } } });
  if (log === null || log.position > last + BigInt(beyond)) {
    return { eventId: null, position: last + 1n, chain: '', reason: 'events are missing at the end of the log' };
  }
  return null;
}
