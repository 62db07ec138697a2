import { Worker } from 'node:worker_threads';
import type { Subject, SubjectKind } from './analyzer.ts';
import type { Check } from './analyze.ts';
import type { Job, Reply } from './thread.ts';

// Threads that run analyzers which compute: parsers and scanners of 256 kB would hold everybody else up, and a thread can
// be ended where a parser can't be asked to stop. Each does one job at a time, and is replaced when it was ended.
//
//   run ──▶ queue ──a thread is free──▶ begin (its time starts) ──reply──▶ done, the thread takes the next one
//                                           └─ signal aborted ──▶ the thread is ended, another one takes its place

interface Waiting {
  job: Job;
  begin: () => AbortSignal;
  resolve: (findings: unknown) => void;
  reject: (reason: Error) => void;
}

interface Thread {
  worker: Worker;
  ready: boolean;
  current: Waiting | null;
  onAbort: (() => void) | null;
  signal: AbortSignal | null;
}

/** What one thread's heap may take, in MB: a subject of 256 kB needs less than 100. */
const MAX_HEAP_MB = 256;
/**
 * What it has made last, in MB. When the heap is full, a thread is ended only if all of this fits into the 16 MB that Node
 * holds back for the purpose; otherwise V8 ends the whole process.
 */
const MAX_YOUNG_MB = 6;

export class Threads {
  readonly #modules: readonly URL[];
  readonly #size: number;
  readonly #threads = new Set<Thread>();
  #queue: Waiting[] = [];
  #stopped = false;
  #last: { subject: Subject; json: string } | null = null;

  /** `modules` each export `analyzers`, a list; `size` is how many threads there are at most, made as they are needed. */
  constructor(modules: readonly URL[], size: number) {
    this.#modules = modules;
    this.#size = size;
  }

  /** Makes them all, so that the first analysis need not wait for the parsers to be read. */
  async start(): Promise<void> {
    this.#stopped = false;
    const made: Promise<unknown>[] = [];
    while (this.#threads.size < this.#size) {
      const { worker } = this.#spawn();
      made.push(
        new Promise((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
      );
    }
    await Promise.all(made);
  }

  /** Ends the threads; whoever waits for one is told. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const stopped = new Error('the analysis was stopped');
    for (const { reject } of this.#queue.splice(0)) reject(stopped);
    await Promise.all([...this.#threads].map((thread) => this.#end(thread, stopped)));
  }

  /** The analyzer of this name, out of the modules, as one that runs here. */
  check(analyzer: { name: string; looksAt: readonly SubjectKind[] }): Check {
    return {
      name: analyzer.name,
      looksAt: analyzer.looksAt,
      run: (subject, begin) =>
        new Promise((resolve, reject) => {
          if (this.#stopped) return reject(new Error('the analysis is stopped'));
          const job = { name: analyzer.name, asked: this.#written(subject) };
          this.#queue.push({ job, begin, resolve, reject });
          this.#assign();
        }),
    };
  }

  /** As JSON, once for all the analyzers that are asked about it. */
  #written(subject: Subject): string {
    if (this.#last?.subject === subject) return this.#last.json;
    const { kind, agentType, instructions, value } = subject;
    this.#last = { subject, json: JSON.stringify({ kind, agentType, instructions, value }) };
    return this.#last.json;
  }

  #assign(): void {
    for (const thread of this.#threads) {
      if (!thread.ready || thread.current) continue;
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#give(thread, next);
    }
    const coming = [...this.#threads].filter(({ ready }) => !ready).length;
    if (this.#queue.length > coming && this.#threads.size < this.#size && !this.#stopped) this.#spawn();
  }

  #give(thread: Thread, waiting: Waiting): void {
    thread.current = waiting;
    thread.signal = waiting.begin();
    thread.onAbort = () => {
      void this.#end(thread, thread.signal!.reason as Error);
      this.#assign();
    };
    thread.signal.addEventListener('abort', thread.onAbort);
    // A thread that works keeps the process alive, one that is idle does not.
    thread.worker.ref();
    thread.worker.postMessage(waiting.job);
  }

  #spawn(): Thread {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: this.#modules.map(String),
      // It reads what strangers wrote, and needs nothing of ours.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    });
    const thread: Thread = { worker, ready: false, current: null, onAbort: null, signal: null };
    this.#threads.add(thread);
    worker.on('message', (reply: Reply) => this.#receive(thread, reply));
    worker.on('error', (error) => this.#lost(thread, error as Error));
    worker.on('exit', () => this.#lost(thread, new Error('its thread ended')));
    return thread;
  }

  #receive(thread: Thread, reply: Reply): void {
    const { current } = thread;
    this.#free(thread);
    thread.worker.unref();
    if (reply.kind === 'ready') thread.ready = true;
    else if (reply.kind === 'findings') current?.resolve(reply.findings);
    else current?.reject(new Error(reply.fault));
    this.#assign();
  }

  #free(thread: Thread): void {
    if (thread.onAbort) thread.signal?.removeEventListener('abort', thread.onAbort);
    Object.assign(thread, { current: null, onAbort: null, signal: null });
  }

  /** It crashed, or ran out of memory. One that never began is not tried again for those who wait: it would not end. */
  #lost(thread: Thread, error: Error): void {
    if (!this.#threads.delete(thread)) return;
    const { current, ready } = thread;
    this.#free(thread);
    current?.reject(error);
    if (!ready && this.#threads.size === 0) for (const { reject } of this.#queue.splice(0)) reject(error);
    else this.#assign();
  }

  async #end(thread: Thread, why: Error): Promise<void> {
    this.#threads.delete(thread);
    const { current } = thread;
    this.#free(thread);
    current?.reject(why);
    await thread.worker.terminate();
  }
}
