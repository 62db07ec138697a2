import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Metrics } from './metrics.ts';

/** Bytes that may wait for one socket before it is closed: a peer that does not read must not cost memory. */
const MOST_BUFFERED = 1_048_576;
/** Below this a sender that awaits room goes on. */
const ROOMY = 262_144;
/** How long (ms) a slow peer has to read why it is closed before it is cut off. */
const SLOW_GRACE = 5_000;

const TRY_AGAIN_LATER = 1013;
const CLOSING = Buffer.from('}');

interface Frame {
  head: Buffer;
  /** Shared by all sockets that it is sent to. */
  body: Buffer;
  tail: Buffer | null;
}

/** What all sockets of a server count together. */
export type Tally = Metrics['sockets'];

/** Gathers what waits for one socket and writes it at once, as text frames of RFC 6455 on the raw connection. */
export class Outbox {
  readonly #webSocket: WebSocket;
  readonly #connection: Duplex;
  readonly #flusher: Flusher;
  readonly #tally: Tally;
  #frames: Frame[] = [];
  #bytes = 0;

  /** `connection` carries `webSocket`, which must have no compression negotiated. */
  constructor(webSocket: WebSocket, connection: Duplex, flusher: Flusher, tally: Tally) {
    this.#webSocket = webSocket;
    this.#connection = connection;
    this.#flusher = flusher;
    this.#tally = tally;
  }

  /** Bytes waiting here and in the connection. */
  get buffered(): number {
    return this.#bytes + this.#connection.writableLength;
  }

  get open(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN;
  }

  /** A protocol message of this socket alone, sent at once behind what waits. */
  send(text: string): void {
    this.#add({ head: Buffer.from(text), body: EMPTY, tail: null });
    this.flush();
  }

  /** `{"id":…,"type":"next","payload":` from `head`, the shared payload, `}`: sent with the next pass of the flusher. */
  push(head: Buffer, payload: Buffer): void {
    if (this.#frames.length === 0) this.#flusher.add(this);
    this.#add({ head, body: payload, tail: CLOSING });
  }

  /** Resolves when a peer that reads has taken most of what was sent, or the socket is gone. */
  async room(): Promise<void> {
    if (this.buffered < ROOMY) return;
    this.flush();
    const connection = this.#connection;
    while (this.open && connection.writableNeedDrain && this.buffered >= ROOMY)
      await new Promise<void>((resolve) => {
        const done = () => {
          connection.off('drain', done);
          connection.off('close', done);
          resolve();
        };
        connection.once('drain', done);
        connection.once('close', done);
      });
  }

  flush(): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    this.#frames = [];
    const payload = this.#bytes;
    this.#bytes = 0;
    if (!this.open) return;
    const out = Buffer.allocUnsafe(payload + frames.length * LONGEST_HEADER);
    let at = 0;
    for (const { head, body, tail } of frames) {
      at = writeHeader(out, at, head.length + body.length + (tail?.length ?? 0));
      at += head.copy(out, at);
      at += body.copy(out, at);
      if (tail !== null) at += tail.copy(out, at);
    }
    this.#connection.write(out.subarray(0, at));
    this.#tally.frames += frames.length;
  }

  /** Closes behind what waits. */
  close(code: number, reason: string): void {
    this.flush();
    this.#webSocket.close(code, limitReason(reason));
  }

  #add(frame: Frame): void {
    if (!this.open) return;
    // Judged by what waited before: one large answer on a socket that is read is no fault.
    if (this.buffered >= MOST_BUFFERED) return this.#tooSlow();
    this.#frames.push(frame);
    this.#bytes += frame.head.length + frame.body.length + (frame.tail?.length ?? 0);
  }

  #tooSlow(): void {
    this.#tally.slow += 1;
    this.close(TRY_AGAIN_LATER, 'Reading too slowly: resume from the last cursor.');
    const timer = setTimeout(() => this.#webSocket.terminate(), SLOW_GRACE);
    timer.unref();
    this.#webSocket.once('close', () => clearTimeout(timer));
  }
}

const EMPTY = Buffer.alloc(0);
const LONGEST_HEADER = 10;
const FINAL_TEXT = 0x81;

function writeHeader(out: Buffer, at: number, length: number): number {
  out[at] = FINAL_TEXT;
  if (length < 126) {
    out[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    out[at + 1] = 126;
    out.writeUInt16BE(length, at + 2);
    return at + 4;
  }
  out[at + 1] = 127;
  out.writeBigUInt64BE(BigInt(length), at + 2);
  return at + 10;
}

/** RFC 6455 allows a close frame 123 bytes of reason. */
export function limitReason(reason: string): string {
  let text = reason;
  while (Buffer.byteLength(text) > 123) text = text.slice(0, -1);
  return text.toWellFormed();
}

/** A pass writes for this long (ms) before others have a turn of the loop. */
const SLICE = 4;
/** The longest rest (ms): what waits grows no older than this by resting. */
const LONGEST_REST = 5;

/**
 * Writes what waits for many sockets, in passes. Nothing waits while writing costs little; under load a pass is
 * followed by a rest as long as itself, in which further payloads gather for one write and requests have their turn.
 */
export class Flusher {
  #dirty: Outbox[] = [];
  #busy = false;
  #restUntil = 0;

  add(outbox: Outbox): void {
    this.#dirty.push(outbox);
    if (!this.#busy) this.#schedule();
  }

  #schedule(): void {
    this.#busy = true;
    const rest = this.#restUntil - performance.now();
    const begin = () => {
      const waiting = this.#dirty;
      // What becomes due while the pass is under way has the next one.
      this.#dirty = [];
      this.#write(waiting, 0, 0);
    };
    if (rest > 0.5) setTimeout(begin, rest);
    else setImmediate(begin);
  }

  /** `worked`: writing time (ms) of the pass so far. */
  #write(waiting: Outbox[], from: number, worked: number): void {
    const started = performance.now();
    let next = from;
    while (next < waiting.length) {
      waiting[next++]!.flush();
      if (next % 16 === 0 && performance.now() - started > SLICE) break;
    }
    const ended = performance.now();
    const total = worked + ended - started;
    if (next < waiting.length) return void setImmediate(() => this.#write(waiting, next, total));
    this.#restUntil = ended + Math.min(total, LONGEST_REST);
    this.#busy = false;
    if (this.#dirty.length > 0) this.#schedule();
  }
}
