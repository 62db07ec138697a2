import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../kernel/clock.ts';
import { randomSpanId, randomTraceId, type SpanContext, writeTraceparent } from './ids.ts';

// Spans are written down when they have ended, for a door learns only from its verb which session it was about, and with
// that, which trace it belongs to:
//
//   door ─▶ verb ─▶ event ─▶ turn of a runner ─▶ verb ─▶ event …      one trace a session, over all processes
//                     └────▶ notification
//
// A door that was given a `traceparent` stays in its caller's trace; its verb stands in the session's, and they link to
// each other.

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span that has ended. Times are milliseconds since 1970. */
export interface Span extends SpanContext {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent: SpanContext | null;
  readonly links: readonly SpanContext[];
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Attributes;
  /** The code or the class of what went wrong; never its message, which may repeat what people wrote. */
  readonly error: string | null;
}

export interface About {
  /** One of few: no id, nothing that people wrote. */
  name: string;
  kind: SpanKind;
  /** No text of people, no input, no secret. */
  attributes: Attributes;
}

/** What a span that is under way may still be told. */
export interface Running {
  set(attributes: Attributes): void;
  /** It ends in an error of this code. */
  fail(code: string): void;
}

/** Where the work that asks stands. */
interface Frame {
  readonly spanId: string;
  /** Null: no caller named it, and no verb has yet said what it is about. */
  traceId: string | null;
  parent: SpanContext | null;
  readonly sampled: boolean;
  readonly links: SpanContext[];
  /** What still runs then was only begun in it, and belongs to nobody. */
  over: boolean;
}

export interface Tracing {
  /** A request of somebody's, as it comes through a door. `caller`: the `traceparent` that it named. */
  door<T>(about: About, caller: SpanContext | null, work: (span: Running) => Promise<T>): Promise<T>;
  /** Work that goes on from something which has happened, known by its span; `parent` null: from nothing that is known. */
  goOn<T>(
    about: About,
    from: { traceId: string; parent: string | null; links?: readonly string[] },
    work: (span: Running) => Promise<T>,
  ): Promise<T>;
  /** A part of the work that is under way; beside any, it is not recorded. */
  part<T>(about: About, work: (span: Running) => Promise<T>): Promise<T>;
  /** Wakes others, whose work is not a part of what woke them. */
  outside<T>(wake: () => T): T;
  /** A stop-watch: when it was started, and what it shows. */
  timer(): { startedAt: number; end(): number };
  /**
   * What a verb has done, once it has: in the trace of what it was about, under the door or turn that is in that trace, else
   * under `parent`, linked with where it came from. Answers where it stands; null: whoever asked wants nothing recorded.
   */
  done(
    about: About,
    when: { startedAt: number; endedAt: number },
    place: { traceId: string; parent: string | null },
  ): SpanContext | null;
  /** One more span, its id given. */
  write(span: Span): void;
  /** The header with which whoever is called goes on from here; null: nothing is recorded. */
  traceparent(): string | null;
}

export interface TracingDeps {
  clock: Clock;
  /** Takes a span that has ended. Must not throw, nor wait. */
  ended: (span: Span) => void;
}

export function createTracing({ clock, ended }: TracingDeps): Tracing {
  const frames = new AsyncLocalStorage<Frame | null>();
  // Durations by the clock that never steps; the two are put together anew for each span, for they drift apart.
  const startTimer = () => {
    const startedAt = clock.now().getTime();
    const began = performance.now();
    return { startedAt, end: () => startedAt + performance.now() - began };
  };

  async function run<T>(about: About, frame: Frame, work: (span: Running) => Promise<T>): Promise<T> {
    if (!frame.sampled) return frames.run(frame, () => work(silent));
    const { startedAt, end } = startTimer();
    let attributes = about.attributes;
    let error: string | null = null;
    const running: Running = {
      set: (more) => (attributes = { ...attributes, ...more }),
      fail: (code) => (error = code),
    };
    try {
      return await frames.run(frame, () => work(running));
    } catch (thrown) {
      error ??= codeOf(thrown);
      throw thrown;
    } finally {
      frame.over = true;
      const { spanId, parent, links, sampled } = frame;
      const traceId = (frame.traceId ??= randomTraceId());
      ended({
        ...about,
        attributes,
        traceId,
        spanId,
        parent,
        sampled,
        links,
        startedAt,
        endedAt: end(),
        error,
      });
    }
  }

  const current = (): Frame | null => {
    const frame = frames.getStore() ?? null;
    return frame?.over === true ? null : frame;
  };
  const contextOf = (traceId: string, spanId: string): SpanContext => ({ traceId, spanId, sampled: true });

  return {
    door: (about, caller, work) =>
      run(
        about,
        {
          spanId: randomSpanId(),
          traceId: caller?.traceId ?? null,
          parent: caller,
          sampled: caller?.sampled ?? true,
          links: [],
          over: false,
        },
        work,
      ),
    goOn: (about, { traceId, parent, links = [] }, work) =>
      run(
        about,
        {
          spanId: randomSpanId(),
          traceId,
          parent: parent === null ? null : contextOf(traceId, parent),
          sampled: true,
          links: links.map((spanId) => contextOf(traceId, spanId)),
          over: false,
        },
        work,
      ),
    part(about, work) {
      const frame = current();
      if (frame === null) return work(silent);
      const traceId = (frame.traceId ??= randomTraceId());
      const parent = { traceId, spanId: frame.spanId, sampled: frame.sampled };
      return run(about, { ...parent, spanId: randomSpanId(), parent, links: [], over: false }, work);
    },
    outside: (wake) => frames.run(null, wake),
    timer: startTimer,
    done(about, when, { traceId, parent }) {
      const frame = current();
      if (frame?.sampled === false) return null;
      const own = contextOf(traceId, randomSpanId());
      const before = parent === null ? null : contextOf(traceId, parent);
      if (frame?.traceId === null) {
        frame.traceId = traceId;
        frame.parent = before;
      }
      const here = frame && contextOf(frame.traceId!, frame.spanId);
      const inside = here?.traceId === traceId;
      if (here && !inside) frame!.links.push(own);
      ended({
        ...about,
        ...when,
        ...own,
        parent: inside ? here : before,
        links: here && !inside ? [here] : [],
        error: null,
      });
      return own;
    },
    write: ended,
    traceparent() {
      const frame = current();
      if (frame === null) return null;
      const { spanId, sampled } = frame;
      return writeTraceparent({ traceId: (frame.traceId ??= randomTraceId()), spanId, sampled });
    },
  };
}

const silent: Running = { set() {}, fail() {} };

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'Error';
  const { code } = thrown as { code?: unknown };
  return typeof code === 'string' ? code : thrown.name;
}
