// All that waits, as it was last read. Reads overlap (pages, and single items that an event spoke of), so that an older
// one may come in after a newer one: each carries the number that it was begun with, and never replaces what a later one
// said. What was once over is never waiting again.
import type { Item } from './item.ts';

/** One item as a read found it; null: it waits no more, or never did. */
export type Found = { id: string; item: Item | null };

export class Queue {
  readonly #items = new Map<string, { item: Item; read: number }>();
  readonly #over = new Set<string>();
  #reads = 0;

  /** The number of a read that begins. */
  begin(): number {
    this.#reads += 1;
    return this.#reads;
  }

  /** What a read found. Says what waits that did not before. */
  take(read: number, found: readonly Found[]): Item[] {
    const fresh: Item[] = [];
    for (const { id, item } of found) {
      if (this.#over.has(id)) continue;
      const known = this.#items.get(id);
      if (known !== undefined && known.read > read) continue;
      if (item === null) {
        this.#over.add(id);
        this.#items.delete(id);
        continue;
      }
      if (known === undefined) fresh.push(item);
      this.#items.set(id, { item, read });
    }
    return fresh;
  }

  /** Everything was read from this read on: what none of it found waits no more. */
  sweep(since: number): void {
    for (const [id, { read }] of this.#items) if (read < since) this.#items.delete(id);
  }

  get(id: string): Item | undefined {
    return this.#items.get(id)?.item;
  }

  get items(): Item[] {
    return Array.from(this.#items.values(), ({ item }) => item);
  }
}
