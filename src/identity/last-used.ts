import { retrying } from '../database/transact.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { Recent } from './recent.ts';

/** Seconds that uses gather for, so that many are written in one statement. */
const GATHER = 5;
const MINUTE = 60_000;

export interface LastUsed {
  /** Costs no query; the row follows within seconds, at most once a minute for each id. */
  touch(id: string): void;
  /** Writes what is waiting. */
  close(): Promise<void>;
}

/**
 * Keeps when something was last used roughly right, off the path of the requests. `write` writes uses given as a JSON list
 * of `{id, at}`; `of` is what they are uses of.
 */
export function createLastUsed(deps: {
  of: string;
  write: (uses: string) => Promise<unknown>;
  clock: Clock;
  log: Log;
}): LastUsed {
  const { clock, log } = deps;
  const noted = new Recent<number>(10_000);
  let waiting = new Map<string, Date>();
  let cancel: (() => void) | null = null;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    cancel = null;
    if (waiting.size === 0) return;
    const uses = [...waiting].map(([id, at]) => ({ id, at }));
    waiting = new Map();
    try {
      await retrying(`note the use of ${deps.of}`, () => deps.write(JSON.stringify(uses)));
    } catch (error) {
      // Its next use is noted a minute later; nothing depends on this one.
      log.warn({ err: error }, `the last use of some ${deps.of} was not noted`);
    }
  }

  return {
    touch(id) {
      const now = clock.now();
      const minute = Math.floor(now.getTime() / MINUTE);
      if (noted.get(id) === minute) return;
      noted.set(id, minute);
      waiting.set(id, now);
      cancel ??= clock.at(addSeconds(now, GATHER), () => {
        writing = write();
      });
    },
    async close() {
      cancel?.();
      await writing;
      await write();
    },
  };
}
