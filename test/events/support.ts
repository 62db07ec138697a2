import { createSealer, type Sealer } from '../../src/events/sealer.ts';
import { pruneChain, type PruneDeps } from '../../src/events/prune.ts';
import { createTail, type Tail } from '../../src/events/tail.ts';
import { appendEvents, type NewEvent } from '../../src/events/append.ts';
import type { Database } from '../../src/database/open.ts';
import type { Leadership } from '../../src/database/leadership.ts';
import type { Event } from '../../src/generated/prisma/client.ts';
import { systemActor } from '../../src/identity/viewer.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { silent } from '../support/database.ts';
import { until } from '../support/until.ts';
import { testClock } from '../support/clock.ts';
import { testRing } from '../support/vault.ts';

/** Ids that no other maker in this process repeats. */
export const ids = createIds(testClock());

/** Says of itself that it leads, whoever else does. */
export const alwaysLeads: Leadership = { isLeader: () => true, onChange: () => () => {} };

export function event(about: Partial<NewEvent> = {}): NewEvent {
  return {
    type: 'session_created',
    projectId: null,
    teamId: null,
    sessionId: null,
    subjectId: 'subject',
    actor: systemActor,
    data: {},
    occurredAt: new Date('2026-03-02T09:00:00.123Z'),
    ...about,
  };
}

/** Commits events one after the other, as verbs do. */
export async function append(
  { prisma }: Pick<Database, 'prisma'>,
  events: readonly NewEvent[],
): Promise<void> {
  await appendEvents(prisma, ids, events);
}

export type Part = Pick<Database, 'prisma' | 'query' | 'signals' | 'leadership'>;

/** A sealer that leads, and the last position it gave out. */
export function sealerOn(database: Part, more: Partial<Part> = {}): Sealer {
  return createSealer({
    database: { ...database, leadership: alwaysLeads, ...more },
    log: silent,
    sealed: () => {},
  });
}

/** Seals all that is there. */
export async function sealAll(database: Database): Promise<void> {
  const sealer = sealerOn(database);
  sealer.start();
  await until('everything to be sealed', async () => (await database.prisma.unsealedEvent.count()) === 0);
  await sealer.stop();
}

/** The whole log, as it stands. */
export const log = ({ prisma }: Pick<Database, 'prisma'>): Promise<Event[]> =>
  prisma.event.findMany({ orderBy: { position: 'asc' } });

/** Empties the log, so that each test begins at position 1. */
export async function emptyLog({ prisma }: Pick<Database, 'prisma'>): Promise<void> {
  await prisma.$executeRaw`TRUNCATE events, unsealed_events, event_chains, event_checkpoints`;
  await prisma.$executeRaw`UPDATE event_log SET position = 0`;
}

/** What prunes here unless it is said otherwise: all of the test's events are older than a day, and have been read. */
export const pruning = (database: Database, more: Partial<PruneDeps> = {}): PruneDeps => ({
  database,
  clock: testClock(new Date('2026-03-10T00:00:00.000Z')),
  ids,
  log: silent,
  keyRing: testRing,
  readRetention: async () => ({ of: () => 1 }),
  readTo: async () => 1_000_000n,
  committed() {},
  ...more,
});

/** Prunes some events of a chain once; how many. */
export const pruneOn = (database: Database, more: Partial<PruneDeps>, chain: string): Promise<number> =>
  pruneChain(pruning(database, more), chain);

export async function tailOn(database: Part): Promise<Tail> {
  const tail = createTail({ database, log: silent });
  await tail.start();
  return tail;
}
