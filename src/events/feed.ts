import { onceBack } from '../database/once-back.ts';
import type { Signals } from '../database/signals.ts';
import type { Event, PrismaClient } from '../generated/prisma/client.ts';
import { createSharedSource, type SharedSource } from '../graphql/shared-source.ts';
import type { Clock } from '../kernel/clock.ts';
import { logBounds, positionOf, pruned, resumable } from './cursor.ts';
import { type EventFilter, eventPredicate, type EventScope, filterKey } from './filter.ts';
import { selectEvents } from './select.ts';
import type { Tail } from './tail.ts';

/** Events read at a time for one who catches up. */
const PAGE = 500;

interface Deps {
  database: { prisma: PrismaClient; signals: Signals };
  clock: Clock;
  tail: Tail;
}

/** Makes the source of one `events` subscription: what the viewer may see, from just after `after`, or from now. */
export type EventFeed = (scope: EventScope, after: string | null, filter: EventFilter) => SharedSource<Event>;

/** The lossless feed (behaviour 9.1): every event once, in order, whatever happened to the connection in between. */
export function createEventFeed(deps: Deps): EventFeed {
  return (scope, after, filter) => {
    const selects = eventPredicate(scope, filter);
    // Told at once, where the subscriber can still be refused, not after it has been accepted.
    if (after !== null) positionOf(after);
    return createSharedSource<Event>({
      key: `events ${filterKey(scope, filter)}`,
      attach: (deliver) =>
        deps.tail.listen((events) => {
          for (const event of events) if (selects(event)) deliver(event, event.position);
        }),
      ...(after !== null && {
        catchUp: (send, joined, signal) => catchUp(deps, { scope, filter, after, send, joined, signal }),
      }),
    });
  };
}

interface CatchUp {
  scope: EventScope;
  filter: EventFilter;
  after: string;
  send: (event: Event, position: bigint) => Promise<void>;
  joined: (position: bigint) => void;
  signal: AbortSignal;
}

/**
 * Reads from the cursor up to where the tail stands, and again up to where it stands by then, until it has not moved
 * meanwhile: in that very tick the two meet. Never past the tail, or the tail would bring again what was read here. While the
 * database is away it waits.
 */
async function catchUp(deps: Deps, { scope, filter, after, send, joined, signal }: CatchUp): Promise<void> {
  const { tail } = deps;
  const { prisma } = deps.database;
  const projectId = scope.projectId ?? filter.projectId ?? null;
  const read = async <T>(query: () => Promise<T>): Promise<T> => {
    const found = await onceBack(deps, signal, query(), query);
    signal.throwIfAborted();
    return found as T;
  };
  let last = await read(() => resumable(prisma, projectId, after));
  // The cursor may come from a replica that is a moment ahead.
  await reached(tail, last, signal);
  while (last < tail.position()) {
    const end = tail.position();
    const page = { after: last, before: end + 1n, limit: PAGE };
    const events = await read(() => selectEvents(prisma, scope, filter, page));
    // A slow reader may be overtaken by pruning between two pages.
    if ((await read(() => logBounds(prisma, projectId))).prunedTo > last) throw pruned();
    for (const event of events) {
      signal.throwIfAborted();
      await send(event, event.position);
    }
    signal.throwIfAborted();
    last = events.length === PAGE ? events.at(-1)!.position : end;
  }
  joined(last);
}

/** Resolves once the tail stands at `position` or behind it; rejects when nobody waits any more. */
function reached(tail: Tail, position: bigint, signal: AbortSignal): Promise<void> {
  if (tail.position() >= position) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const over = (settle: () => void) => {
      release();
      signal.removeEventListener('abort', aborted);
      settle();
    };
    const aborted = () => over(() => reject(signal.reason));
    const release = tail.listen(() => tail.position() >= position && over(resolve));
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
    else tail.advance(position);
  });
}
