/**
 * Batches by what is waiting, never by a timer: while a batch is in flight, what arrives gathers for the next one. A
 * lone caller goes at once; under load each round trip carries everybody.
 */
export class Lane<Item, Result> {
  readonly #run: (items: Item[]) => Promise<PromiseSettledResult<Result>[]>;
  readonly #width: number;
  readonly #longest: number;
  #waiting: { item: Item; resolve: (result: Result) => void; reject: (reason: unknown) => void }[] = [];
  #inFlight = 0;
  #scheduled = false;

  /** `run` answers for each item in order; `width` batches are in flight at once, of at most `longest` items. */
  constructor(
    run: (items: Item[]) => Promise<PromiseSettledResult<Result>[]>,
    { width = 1, longest = 500 }: { width?: number; longest?: number } = {},
  ) {
    this.#run = run;
    this.#width = width;
    this.#longest = longest;
  }

  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /**
   * Behind all that has arrived by now: the requests that wait in sockets are read first, and share the batch. Without
   * it a lone first one would leave by itself each time, above all where the database works in this very thread.
   */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#width) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#waiting.length > 0 && this.#inFlight < this.#width) void this.#depart();
    });
  }

  async #depart(): Promise<void> {
    const batch = this.#waiting.splice(0, this.#longest);
    this.#inFlight += 1;
    try {
      const results = await this.#run(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, at) => {
        const result = results[at]!;
        if (result.status === 'fulfilled') resolve(result.value);
        else reject(result.reason);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#inFlight -= 1;
      this.#schedule();
    }
  }
}
