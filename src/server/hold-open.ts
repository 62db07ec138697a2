/**
 * What graphql-ws is given for a subscription that the fan-out serves: an iterator that yields nothing and stays open
 * until the source ends or the client completes. The protocol's own messages remain graphql-ws's.
 */
export interface HeldOpen extends AsyncGenerator<never, void, void> {
  /** The source has ended; with an error the client is sent `error`, else `complete`. */
  finish(error?: Error): void;
}

/** `closed` is called once, whoever ends it. */
export function holdOpen(closed: () => void): HeldOpen {
  const over = Promise.withResolvers<IteratorResult<never, void>>();
  // A rejection that nobody waits for yet is not unhandled: the next() to come will report it.
  over.promise.catch(() => {});
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    closed();
  };
  const end: IteratorResult<never, void> = { value: undefined, done: true };
  const held: HeldOpen = {
    next: () => over.promise,
    async return() {
      over.resolve(end);
      close();
      return end;
    },
    throw(error) {
      over.reject(error);
      close();
      return over.promise;
    },
    finish(error) {
      if (error) over.reject(error);
      else over.resolve(end);
      close();
    },
    [Symbol.asyncIterator]: () => held,
    async [Symbol.asyncDispose]() {
      await held.return();
    },
  };
  return held;
}
