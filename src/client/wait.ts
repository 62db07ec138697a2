import type { Connection, Document } from './connection.ts';
import { changed } from './documents.ts';
import { HoldpointError } from './errors.ts';
import type { ClientChangedSubscription } from './generated/graphql.ts';
import { backoff, pause } from './pause.ts';

export interface Wait<Data, Value> {
  /** Whose events are waited for. */
  id: string;
  read: Document<Data, { id: string }>;
  /** What is waited for, once `data` has it; null: not yet. May throw. */
  settled: (data: Data) => Value | null;
  signal?: AbortSignal | undefined;
}

/** What no further attempt makes any different. An expired token does: the request after it has a new one. */
const FINAL = new Set(['FORBIDDEN', 'NOT_FOUND', 'CLOSED']);

/**
 * Reads, and again at each event of it, until it is settled: subscribed before it is read, so that nothing falls in
 * between, and after a break again from the last cursor. Outlasts the server's absence, its own and that of its socket:
 * where no socket can be had, it asks over HTTP at growing distances. Rejects with the signal's reason when aborted.
 */
export async function untilSettled<Data, Value>(
  connection: Connection,
  { id, read, settled, signal }: Wait<Data, Value>,
): Promise<Value> {
  let after: string | null = null;
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    const round = new AbortController();
    const ended = AbortSignal.any([round.signal, ...(signal === undefined ? [] : [signal])]);
    try {
      const events: AsyncIterator<ClientChangedSubscription> = connection.subscribe(
        changed,
        { id, after },
        ended,
      );
      for (;;) {
        const next = events.next();
        // Told of below, or nobody waits for it any more.
        next.catch(() => {});
        const value = settled(await connection.overSocket(read, { id }, ended));
        if (value !== null) return value;
        attempt = 0;
        const event = await next;
        if (event.done) break;
        after = event.value.events.cursor;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof HoldpointError) || FINAL.has(error.code)) throw error;
      // Too old to be told what came after it: reading tells.
      if (error.code === 'BAD_USER_INPUT') after = null;
    } finally {
      round.abort();
    }
    const value = settled(await connection.request(read, { id }, { signal, repeatable: true }));
    if (value !== null) return value;
    await pause(
      backoff(attempt),
      AbortSignal.any([connection.closed, ...(signal === undefined ? [] : [signal])]),
    );
  }
}
