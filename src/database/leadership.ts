import type pg from 'pg';
import type { Log } from '../kernel/log.ts';
import type { Link } from './link.ts';

/**
 * Whether this process is the one that does what only one should. As far as PostgreSQL knows there is never more than
 * one; a process cut off from it may believe so for a few seconds longer, so whatever a leader writes is still guarded.
 */
export interface Leadership {
  isLeader(): boolean;
  /** Calls back whenever `isLeader` has changed. Returns what ends that. */
  onChange(listener: () => void): () => void;
}

export interface SharedLeadership extends Leadership {
  /** Steps down at once; the lock itself goes with the session. */
  stop(): void;
}

/** The only process there is. */
export const aloneLeads: Leadership = { isLeader: () => true, onChange: () => () => {} };

/** An advisory lock's two keys: "hold" in ASCII, and which of the product's locks. */
const LOCK = [0x686f6c64, 1];
/** Milliseconds between two attempts, or two looks whether the session still answers. */
const INTERVAL = 500;
/** Milliseconds without an answer after which the session is given up, and with it the lead. */
const SILENCE = 5_000;

/** Leads while this process' session holds the lock: lost with the connection, by whatever end. */
export function createLeadership(link: Link, log: Log): SharedLeadership {
  const listeners = new Set<() => void>();
  let leads = false;
  let asking = false;
  let stopped = false;

  function become(next: boolean): void {
    if (leads === next) return;
    leads = next;
    log.info({ leads }, leads ? 'this process leads' : 'this process no longer leads');
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        log.error({ err: error }, 'a leadership listener failed');
      }
    }
  }

  async function ask(client: pg.Client): Promise<void> {
    if (asking || stopped) return;
    asking = true;
    const silence = setTimeout(() => link.drop(), SILENCE);
    try {
      if (leads) {
        await client.query('SELECT 1');
      } else {
        const { rows } = await client.query<{ won: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS won', LOCK);
        // The answer may come after the session is gone, or after the stop.
        if (link.client() === client && !stopped) become(rows[0]!.won);
      }
    } catch (error) {
      log.debug({ err: error }, 'could not ask for the lead');
    } finally {
      clearTimeout(silence);
      asking = false;
    }
  }

  const timer = setInterval(() => {
    const client = link.client();
    if (client !== null) void ask(client);
  }, INTERVAL);
  timer.unref();
  link.onUp((client) => void ask(client));
  link.onDown(() => become(false));
  return {
    isLeader: () => leads,
    onChange(listener) {
      const added = () => listener();
      listeners.add(added);
      return () => void listeners.delete(added);
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      become(false);
    },
  };
}
