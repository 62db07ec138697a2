import { setTimeout as delay } from 'node:timers/promises';
import { isContention, isDataFault, isUnavailable } from '../database/faults.ts';
import type { Leadership } from '../database/leadership.ts';
import type { Query } from '../database/query.ts';
import type { Signals } from '../database/signals.ts';
import type { Log } from '../kernel/log.ts';
import { type Fact, readUnsealed, seal, type Unsealed } from './seal.ts';

/** How many events one statement seals. */
const BATCH = 1000;
/** The guarantee behind the wake-ups, in milliseconds: a lost hint delays an event by this much at most. */
const POLL = 500;
/** Rows left aside at most; with more than these at fault, it is not the rows. */
const MOST_ASIDE = 1000;
/** The longest rest between two batches, in milliseconds. */
const LONGEST_REST = 50;

export interface Sealer {
  /** Something was committed here. Cheap; call it after every commit that wrote events. */
  wake(): void;
  start(): void;
  stop(): Promise<void>;
}

interface Deps {
  database: { query: Query; signals: Signals; leadership: Leadership };
  log: Log;
  /** Called in this process once events stand in the log, with the last position given out, and what is counted of them. */
  sealed: (position: bigint, facts: readonly Fact[]) => void;
}

/**
 * Gives committed events their place in the log. Serial numbers are not commit order (a reader by number would skip
 * what commits late), so positions are given here, after the commit, by one process at a time: the leader. Should two
 * believe they lead, the statement that moves `event_log` lets one of them win.
 *
 * A row that cannot be sealed does not hold up those behind it: the batch is halved until the row stands alone, and
 * then left where it is, named in the log, until this process leads anew.
 */
export function createSealer({ database, log, sealed }: Deps): Sealer {
  const { query, signals, leadership } = database;
  const aside = new Set<bigint>();
  let limit = BATCH;
  let asked = false;
  let running: Promise<void> | null = null;
  let stopped = true;
  const undo: (() => void)[] = [];

  async function run(): Promise<void> {
    while (asked && !stopped) {
      asked = false;
      let rows: Unsealed[] = [];
      const began = performance.now();
      try {
        rows = await readUnsealed(query, limit, aside);
        if (rows.length === 0) continue;
        const done = await seal(query, rows);
        // Null: another sealer was faster; what it left is read anew.
        if (done === null || rows.length === limit) asked = true;
        limit = Math.min(limit * 2, BATCH);
        if (done === null) continue;
        sealed(done.position, done.facts);
        signals.send('sealed', String(done.position));
        // As long as it took: a first event is sealed at once, and under load those of several commits share a batch.
        // A backlog is sealed without rest.
        if (rows.length < BATCH) await delay(Math.min(performance.now() - began, LONGEST_REST));
      } catch (error) {
        asked = failed(error, rows);
      }
    }
  }

  /** Whether to go on at once, with less. */
  function failed(error: unknown, rows: Unsealed[]): boolean {
    if (rows.length === 0 || isUnavailable(error) || isContention(error)) {
      log.warn({ err: error }, 'sealing failed; the next wake-up tries again');
      return false;
    }
    if (rows.length > 1) {
      limit = Math.ceil(rows.length / 2);
      log.warn({ err: error, events: rows.length }, 'sealing failed; trying with fewer events');
      return true;
    }
    limit = 1;
    const { sequence, id } = rows[0]!;
    if (!isDataFault(error) || aside.size >= MOST_ASIDE) {
      log.error({ err: error, event: id }, 'sealing stands still; the next wake-up tries again');
      return false;
    }
    aside.add(sequence);
    log.error(
      { err: error, event: id, sequence: String(sequence) },
      'an event cannot be sealed and is left aside',
    );
    return true;
  }

  function go(): void {
    if (stopped || !leadership.isLeader()) return;
    asked = true;
    running ??= run().finally(() => {
      running = null;
      if (asked) go();
    });
  }

  return {
    wake: () => (leadership.isLeader() ? go() : signals.send('seal', '')),
    start() {
      stopped = false;
      undo.push(signals.on('seal', go));
      undo.push(
        leadership.onChange(() => {
          aside.clear();
          go();
        }),
      );
      const poll = setInterval(go, POLL);
      poll.unref();
      undo.push(() => clearInterval(poll));
      go();
    },
    async stop() {
      stopped = true;
      for (const release of undo.splice(0)) release();
      await running;
    },
  };
}
