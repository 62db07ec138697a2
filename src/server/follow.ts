import type { Outbox } from './outbox.ts';

export interface Following {
  stream: AsyncIterable<unknown>;
  /** The text of one payload's result. Must not reject. */
  run: (payload: unknown) => Promise<string>;
  id: string;
  outbox: Outbox;
  /** Called once when the stream has ended by itself. */
  ended: (error?: Error) => void;
}

/** A subscription with a stream of its own: one payload at a time, the next when the peer has room. Returns what ends it. */
export function followAlone({ stream, run, id, outbox, ended }: Following): () => void {
  const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  const iterator = stream[Symbol.asyncIterator]();
  let left = false;
  const follow = async () => {
    for (let next = await iterator.next(); next.done !== true && !left; next = await iterator.next()) {
      const text = Buffer.from(await run(next.value));
      if (left) return;
      outbox.push(head, text);
      await outbox.room();
    }
  };
  follow().then(
    () => left || ended(),
    (error: unknown) => left || ended(error instanceof Error ? error : new Error(String(error))),
  );
  return () => {
    left = true;
    // A stream that fails while it is given up has nobody left to tell.
    iterator.return?.().catch(() => {});
  };
}
