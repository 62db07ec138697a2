export type Deliver<T> = (payload: T, position: bigint | null) => void;
/** Called once, last. With an error (a RequestError: cursor too old …) the subscription ends as refused. */
export type End = (error?: Error) => void;

/**
 * What a subscription field's `subscribe` resolver returns, so that many subscribers can share one execution of each
 * payload. It is an AsyncIterable too, for plain `subscribe()` and server-sent events.
 */
export interface SharedSource<T> extends AsyncIterable<T> {
  /**
   * Equal keys, equal payloads in equal order: subscribers with one key can share one execution. Includes the viewer's
   * scope and the root field's arguments as far as they select payloads, and not where a resumable feed starts.
   * null: never shared.
   */
  readonly key: string | null;
  /** Starts delivering, never before it has returned; positions only grow. Returns what detaches. */
  attach(deliver: Deliver<T>, end: End): () => void;
  /**
   * For a resumable feed: sends this one subscriber what it has missed, in order, awaiting each send (its back-pressure).
   * `joined(position)` is called once, after the last send, in the same tick in which the source's own tail stood at
   * exactly that position: from there on the shared deliveries follow without gap or repeat. Rejects with a RequestError
   * where the position asked for cannot be resumed from.
   */
  catchUp?(
    send: (payload: T, position: bigint) => Promise<void>,
    joined: (position: bigint) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

export type SourceParts<T> = Pick<SharedSource<T>, 'key' | 'attach' | 'catchUp'>;

/** Payloads that may wait for one iterating reader before its stream ends with an error; memory stays bounded. */
const LONGEST_QUEUE = 10_000;

const sources = new WeakSet<object>();

/** Completes the parts to a source, with an iteration that keeps the same promises for a single reader. */
export function createSharedSource<T>(parts: SourceParts<T>): SharedSource<T> {
  const source: SharedSource<T> = {
    key: parts.key,
    attach: (deliver, end) => parts.attach(deliver, end),
    ...(parts.catchUp && { catchUp: parts.catchUp.bind(parts) }),
    [Symbol.asyncIterator]: () => iterate(source),
  };
  sources.add(source);
  return source;
}

export const isSharedSource = (value: unknown): value is SharedSource<unknown> =>
  typeof value === 'object' && value !== null && sources.has(value);

/** One reader of its own: catches up first where the source can, then follows from the joining position. */
function iterate<T>(source: SharedSource<T>): AsyncIterator<T> {
  const waiting: T[] = [];
  const abort = new AbortController();
  let ended: { error?: Error } | null = null;
  let following = source.catchUp === undefined;
  let from: bigint | null = null;
  let wake = () => {};
  let emptied = () => {};

  const end: End = (error) => {
    if (ended !== null) return;
    ended = error ? { error } : {};
    abort.abort();
    detach();
    emptied();
    wake();
  };
  const push = (payload: T) => {
    if (ended !== null) return;
    if (waiting.length >= LONGEST_QUEUE) return end(new Error('the reader of a subscription fell behind'));
    waiting.push(payload);
    wake();
  };
  const detach = source.attach((payload, position) => {
    if (!following || (position !== null && from !== null && position <= from)) return;
    push(payload);
  }, end);
  source
    .catchUp?.(
      async (payload) => {
        abort.signal.throwIfAborted();
        push(payload);
        // Back-pressure: the next one is read when this reader has taken what it was sent.
        if (waiting.length > 0) await new Promise<void>((resolve) => (emptied = resolve));
      },
      (position) => {
        from = position;
        following = true;
      },
      abort.signal,
    )
    .catch((error: unknown) => end(error instanceof Error ? error : new Error(String(error))));

  return {
    async next() {
      while (waiting.length === 0 && ended === null) await new Promise<void>((resolve) => (wake = resolve));
      const value = waiting.shift();
      if (value !== undefined) {
        if (waiting.length === 0) emptied();
        return { value, done: false };
      }
      const error = ended?.error;
      if (ended?.error) ended = {};
      if (error) throw error;
      return { value: undefined, done: true };
    },
    async return() {
      waiting.length = 0;
      end();
      return { value: undefined, done: true };
    },
  };
}
