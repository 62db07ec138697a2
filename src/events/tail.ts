import type { Query } from '../database/query.ts';
import type { Signals } from '../database/signals.ts';
import { type Event, Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import type { Log } from '../kernel/log.ts';

/** Events read at a time. */
const PAGE = 1000;
/** The guarantee behind the wake-ups, in milliseconds. */
const POLL = 500;

/** The end of the log as this process sees it: every event, once, in order, to whoever listens. */
export interface Tail {
  /** The last position that listeners were given; what they get next stands just after it. */
  position(): bigint;
  listen(listener: (events: readonly Event[]) => void): () => void;
  /** The log has come to at least here. A hint; the poll finds it too. */
  advance(position: bigint): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  database: { prisma: PrismaClient; query: Query; signals: Signals };
  log: Log;
}

export function createTail({ database: { prisma, query, signals }, log }: Deps): Tail {
  const listeners = new Set<(events: readonly Event[]) => void>();
  const undo: (() => void)[] = [];
  let position = 0n;
  let asked = false;
  let running: Promise<void> | null = null;
  let stopped = true;

  async function read(): Promise<void> {
    while (asked && !stopped) {
      asked = false;
      try {
        if (listeners.size === 0) {
          const head = await prisma.eventLog.findUniqueOrThrow({ where: { id: 1 } });
          // Whoever has come meanwhile is owed what lies between.
          if (listeners.size > 0) asked = true;
          else if (head.position > position) position = head.position;
          continue;
        }
        const events = await readAfter(query, position);
        if (events.length === 0) continue;
        position = events.at(-1)!.position;
        if (events.length === PAGE) asked = true;
        for (const listener of listeners) tell(listener, events);
      } catch (error) {
        log.warn({ err: error }, 'reading the event log failed; the next wake-up tries again');
      }
    }
  }

  /** What one listener does must not cost the others their events: the position has moved on for all of them. */
  function tell(listener: (events: readonly Event[]) => void, events: readonly Event[]): void {
    try {
      listener(events);
    } catch (error) {
      log.error({ err: error }, 'a listener of the event log failed');
    }
  }

  function wake(): void {
    if (stopped) return;
    asked = true;
    running ??= read().finally(() => {
      running = null;
      if (asked && !stopped) wake();
    });
  }

  return {
    position: () => position,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    advance(at) {
      if (at <= position) return;
      if (listeners.size > 0 || running !== null) wake();
      else position = at;
    },
    async start() {
      stopped = false;
      const head = await prisma.eventLog.findUniqueOrThrow({ where: { id: 1 } });
      position = head.position;
      undo.push(signals.on('sealed', (at) => this.advance(BigInt(at))));
      undo.push(signals.onReconnect(wake));
      const poll = setInterval(wake, POLL);
      poll.unref();
      undo.push(() => clearInterval(poll));
      // What was sealed before this process could hear of it.
      wake();
    },
    async stop() {
      stopped = true;
      for (const release of undo.splice(0)) release();
      await running;
    },
  };
}

/**
 * A page of the log as JSON, one value a row: every process reads every event, and decoding fifteen columns of each is
 * what most of that would cost.
 */
async function readAfter(query: Query, position: bigint): Promise<Event[]> {
  const rows = await query<{
    event: Omit<Event, 'position' | 'occurredAt'> & { position: string; occurredAt: string };
  }>(Prisma.sql`
    SELECT json_build_object('position', position::text, 'id', id, 'type', type, 'projectId', project_id, 'teamId', team_id,
      'sessionId', session_id, 'subjectId', subject_id, 'actor', actor, 'data', data, 'salt', salt,
      'contentDigest', content_digest, 'digest', digest, 'occurredAt', occurred_at, 'previousHash', previous_hash,
      'hash', hash) AS event
    FROM events e WHERE position > ${position} ORDER BY position LIMIT ${PAGE}`);
  return rows.map(({ event }) => ({
    ...event,
    position: BigInt(event.position),
    occurredAt: new Date(event.occurredAt),
  }));
}
