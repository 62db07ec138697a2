import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Log } from '../kernel/log.ts';
import type { Link } from './link.ts';

/**
 * Wakes readers, in this process and in the replicas. A hint, never a guarantee: whoever listens also looks by itself
 * now and then, and at every reconnect.
 */
export interface Signals {
  /**
   * Never throws, never waits. Equal ones go once per turn of the event loop here, and once in 2 ms to the replicas.
   * Channel and payload together at most 7,900 bytes, else they go no further than this process.
   */
  send(channel: string, payload: string): void;
  /** Returns what ends the listening. */
  on(channel: string, listener: (payload: string) => void): () => void;
  /** Signals may have been missed: look. Returns what ends the listening. */
  onReconnect(listener: () => void): () => void;
}

/** One channel of PostgreSQL's for all of ours: LISTEN once, whatever comes and goes. */
const CHANNEL = 'holdpoint';
/** Bytes; PostgreSQL refuses 8,000. */
const LONGEST = 7_900;
/** Milliseconds between two notifying statements: NOTIFY takes a lock of the whole server at commit. */
const COOL_DOWN = 2;
/** Different signals kept while there is no connection; later ones are dropped, the reconnect makes up for them. */
const MOST_KEPT = 1_000;

export interface LocalSignals extends Signals {
  deliver(channel: string, payload: string): void;
  reconnected(): void;
}

/** Signals within this process, which is all that the embedded database has. */
export function createLocalSignals(log: Log, forward?: (signal: string) => void): LocalSignals {
  const listeners = new Map<string, Set<(payload: string) => void>>();
  const reconnects = new Set<() => void>();
  let waiting = new Map<string, [channel: string, payload: string]>();

  function attempt(call: () => void): void {
    try {
      call();
    } catch (error) {
      log.error({ err: error }, 'a signal listener failed');
    }
  }
  function deliver(channel: string, payload: string): void {
    for (const listener of listeners.get(channel) ?? []) attempt(() => listener(payload));
  }
  function flush(): void {
    const signals = waiting;
    waiting = new Map();
    for (const [channel, payload] of signals.values()) deliver(channel, payload);
  }

  return {
    send(channel, payload) {
      const signal = JSON.stringify([channel, payload]);
      if (waiting.size === 0) setImmediate(flush);
      waiting.set(signal, [channel, payload]);
      forward?.(signal);
    },
    on(channel, listener) {
      const added = (payload: string) => listener(payload);
      const ofChannel = listeners.get(channel) ?? new Set();
      listeners.set(channel, ofChannel.add(added));
      return () => {
        ofChannel.delete(added);
        if (ofChannel.size === 0 && listeners.get(channel) === ofChannel) listeners.delete(channel);
      };
    },
    onReconnect(listener) {
      const added = () => listener();
      reconnects.add(added);
      return () => void reconnects.delete(added);
    },
    deliver,
    reconnected() {
      for (const listener of reconnects) attempt(listener);
    },
  };
}

/** What makes a new session hear: to be run before it is used. */
export const listen = async (client: pg.Client): Promise<void> => {
  await client.query(`LISTEN ${CHANNEL}`);
};

/** Signals among the processes of one PostgreSQL database. */
export function createSharedSignals(link: Link, log: Log): Signals {
  // Marks what this process sent: it has called its own listeners already.
  const tag = randomUUID();
  let waiting = new Set<string>();
  let busy = false;
  let sessions = 0;
  const local = createLocalSignals(log, forward);

  function forward(signal: string): void {
    if (Buffer.byteLength(signal) > LONGEST) {
      log.error({ bytes: Buffer.byteLength(signal) }, 'a signal is too long for the replicas');
    } else if (waiting.size < MOST_KEPT || link.client() !== null) {
      waiting.add(signal);
      if (!busy && waiting.size === 1) setImmediate(flush);
    }
  }
  function flush(): void {
    const client = link.client();
    if (busy || waiting.size === 0 || client === null) return;
    const signals = [...waiting].map((signal) => tag + signal);
    waiting = new Set();
    busy = true;
    client
      .query('SELECT pg_notify($1, signal) FROM unnest($2::text[]) AS signal', [CHANNEL, signals])
      .catch((error: Error) => log.warn({ err: error }, 'signals did not reach the replicas'))
      .finally(() => {
        setTimeout(() => {
          busy = false;
          flush();
        }, COOL_DOWN);
      });
  }
  function hear(message: pg.Notification): void {
    const text = message.payload ?? '';
    if (message.channel !== CHANNEL || text.startsWith(tag)) return;
    const signal = parse(text.slice(tag.length));
    if (signal !== null) local.deliver(...signal);
  }

  link.onUp((client) => {
    client.on('notification', hear);
    sessions += 1;
    if (sessions === 1) return;
    local.reconnected();
    flush();
  });
  return { send: local.send, on: local.on, onReconnect: local.onReconnect };
}

/** Null for what is not ours: whoever may connect to the database may notify on any channel. */
function parse(text: string): [channel: string, payload: string] | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value) || typeof value[0] !== 'string' || typeof value[1] !== 'string') return null;
    return [value[0], value[1]];
  } catch {
    return null;
  }
}
