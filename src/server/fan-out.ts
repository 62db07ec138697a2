/*
 * One payload, many subscribers: executed once, serialised once, the text shared by all their frames.
 *
 * A group has one attachment to its source and any number of members. Payloads are numbered as they arrive; they may
 * execute side by side but go out in the order of arrival. A member's share begins
 *   - without catching up: with the first payload that arrives after it joined (`since`);
 *   - catching up: behind the position at which its catch-up met the source's tail (`from`). What is executing in that
 *     moment is judged by its position like everything else, so there is neither gap nor repeat.
 */
import { RequestError } from '../kernel/errors.ts';
import type { SharedSource } from '../graphql/shared-source.ts';
import type { Outbox } from './outbox.ts';

export interface Subscribing {
  source: SharedSource<unknown>;
  /** Everything that the text of a payload depends on; null: never shared. */
  key: string | null;
  /** The text of one payload's result. The group uses that of its first member. Must not reject. */
  run: (payload: unknown) => Promise<string>;
  /** The operation's id on its socket. */
  id: string;
  outbox: Outbox;
  /** Called once when the source has ended, behind the last payload; not after `leave`. */
  ended: (error?: Error) => void;
}

export interface FanOut {
  /** Joins before it returns. Returns what leaves. */
  subscribe(subscribing: Subscribing): () => void;
}

/** Payloads with a position are log entries that do not change: so many execute side by side. */
const SIDE_BY_SIDE = 8;
/** Payloads that may wait for execution before their subscribers are told to come again; memory stays bounded. */
const LONGEST_BACKLOG = 10_000;

export function createFanOut(): FanOut {
  const groups = new Map<string, Group>();
  return {
    subscribe(subscribing) {
      const { key } = subscribing;
      const known = key === null ? undefined : groups.get(key);
      const group =
        known ??
        new Group(subscribing, () => key !== null && groups.get(key) === group && groups.delete(key));
      if (key !== null && !known) groups.set(key, group);
      return group.join(subscribing);
    },
  };
}

interface Entry {
  payload: unknown;
  position: bigint | null;
  sequence: number;
  state: 'waiting' | 'executing' | 'done';
  text: Buffer | null;
}

class Member {
  readonly head: Buffer;
  readonly outbox: Outbox;
  readonly ended: (error?: Error) => void;
  readonly abort = new AbortController();
  since: number;
  from: bigint | null = null;
  /** 'behind' takes nothing from the group; 'met' keeps what comes until its own sends are done; 'live' is sent it. */
  phase: 'behind' | 'met' | 'live';
  kept: Buffer[] = [];

  constructor(subscribing: Subscribing, since: number) {
    this.head = Buffer.from(`{"id":${JSON.stringify(subscribing.id)},"type":"next","payload":`);
    this.outbox = subscribing.outbox;
    this.ended = subscribing.ended;
    this.since = since;
    this.phase = subscribing.source.catchUp ? 'behind' : 'live';
  }

  wants(entry: Entry): boolean {
    if (this.phase === 'behind') return false;
    if (entry.position === null || this.from === null) return entry.sequence > this.since;
    return entry.position > this.from;
  }

  take(entry: Entry): void {
    if (entry.position !== null) this.from = entry.position;
    if (this.phase === 'live') this.outbox.push(this.head, entry.text!);
    else this.kept.push(entry.text!);
  }

  goLive(): void {
    for (const text of this.kept) this.outbox.push(this.head, text);
    this.kept = [];
    this.phase = 'live';
  }
}

class Group {
  readonly #members = new Set<Member>();
  readonly #run: (payload: unknown) => Promise<string>;
  readonly #forget: () => void;
  #detach: () => void = () => {};
  #entries: Entry[] = [];
  #executing = 0;
  #sequence = 0;
  /** Set when the source has ended: what waits is still sent, then the members end. */
  #ending: { error?: Error } | null = null;

  constructor(first: Subscribing, forget: () => void) {
    this.#run = first.run;
    this.#forget = forget;
    this.#detach = first.source.attach(
      (payload, position) => this.#deliver(payload, position),
      (error) => this.#end(error),
    );
    // A source may end while it is being attached.
    if (this.#ending !== null) this.#detach();
  }

  join(subscribing: Subscribing): () => void {
    const member = new Member(subscribing, this.#sequence);
    this.#members.add(member);
    if (subscribing.source.catchUp) void this.#catchUp(member, subscribing);
    if (this.#ending !== null) queueMicrotask(() => this.#proceed());
    return () => this.#leave(member);
  }

  async #catchUp(member: Member, { source, run }: Subscribing): Promise<void> {
    const { signal } = member.abort;
    const send = async (payload: unknown) => {
      signal.throwIfAborted();
      const text = Buffer.from(await run(payload));
      signal.throwIfAborted();
      member.outbox.push(member.head, text);
      await member.outbox.room();
    };
    const joined = (position: bigint) => {
      if (member.phase !== 'behind') return;
      member.from = position;
      member.since = this.#sequence;
      member.phase = 'met';
    };
    try {
      await source.catchUp!(send, joined, signal);
      if (signal.aborted) return;
      if (member.phase === 'behind') throw new Error('a source caught up without saying where it joined');
      member.goLive();
    } catch (error) {
      if (signal.aborted) return;
      this.#leave(member);
      member.ended(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #leave(member: Member): void {
    if (!this.#members.delete(member)) return;
    member.abort.abort();
    if (this.#members.size === 0) this.#dissolve();
  }

  #dissolve(): void {
    this.#forget();
    this.#entries = [];
    this.#detach();
  }

  #deliver(payload: unknown, position: bigint | null): void {
    if (this.#ending !== null || this.#members.size === 0) return;
    const entry: Entry = { payload, position, sequence: ++this.#sequence, state: 'waiting', text: null };
    // Those still behind will read it themselves: a payload that nobody waits for is not executed.
    if (!this.#isWanted(entry)) return;
    if (this.#entries.length >= LONGEST_BACKLOG) {
      this.#entries = [];
      this.#end(new RequestError('SERVICE_UNAVAILABLE', 'Too far behind: resume from the last cursor.'));
      return;
    }
    this.#entries.push(entry);
    this.#proceed();
  }

  #isWanted(entry: Entry): boolean {
    for (const member of this.#members) if (member.wants(entry)) return true;
    return false;
  }

  /** Starts what may start and sends what is next in order. */
  #proceed(): void {
    while (this.#entries[0]?.state === 'done') this.#send(this.#entries.shift()!);
    for (const entry of this.#entries) {
      // Without a position a payload stands for an object as it is now: one at a time, or a later one could show an
      // earlier state than the one before it.
      const most = entry.position === null ? 1 : SIDE_BY_SIDE;
      if (this.#executing >= most) break;
      if (entry.state === 'waiting') this.#execute(entry);
    }
    if (this.#ending !== null && this.#entries.length === 0) this.#finish(this.#ending.error);
  }

  #execute(entry: Entry): void {
    entry.state = 'executing';
    this.#executing++;
    const done = (text: string | null) => {
      this.#executing--;
      entry.state = 'done';
      entry.text = text === null ? null : Buffer.from(text);
      this.#proceed();
    };
    this.#run(entry.payload).then(done, () => done(null));
  }

  #send(entry: Entry): void {
    if (entry.text === null) return;
    for (const member of this.#members) if (member.wants(entry)) member.take(entry);
  }

  #end(error?: Error): void {
    if (this.#ending !== null) return;
    this.#ending = error ? { error } : {};
    // Whoever comes now starts a group of its own.
    this.#forget();
    this.#detach();
    if (this.#members.size > 0) this.#proceed();
  }

  #finish(error?: Error): void {
    const members = [...this.#members];
    this.#members.clear();
    for (const member of members) {
      member.abort.abort();
      member.goLive();
      member.ended(error);
    }
  }
}
