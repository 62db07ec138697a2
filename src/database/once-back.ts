import { addSeconds, type Clock } from '../kernel/clock.ts';
import { isUnavailable } from './faults.ts';
import type { Signals } from './signals.ts';

/** Seconds between two attempts while the database is away; its return to this process comes sooner. */
const AGAIN = 0.5;

interface Deps {
  clock: Clock;
  database: { signals: Pick<Signals, 'onReconnect'> };
}

/**
 * What is being read, and while the database is away what is read again, until it is back. Any other failure is the
 * caller's. Null: `over` came first.
 */
export async function onceBack<T>(
  deps: Deps,
  over: AbortSignal,
  reading: Promise<T>,
  again: () => T | Promise<T>,
): Promise<T | null> {
  for (let attempt: T | Promise<T> = reading; ; attempt = again()) {
    try {
      return await attempt;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
    await anotherChance(deps, over);
    if (over.aborted) return null;
  }
}

function anotherChance({ clock, database }: Deps, over: AbortSignal): Promise<void> {
  if (over.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const undo = [
      clock.at(addSeconds(clock.now(), AGAIN), settle),
      database.signals.onReconnect(settle),
      () => over.removeEventListener('abort', settle),
    ];
    over.addEventListener('abort', settle);
    function settle() {
      for (const each of undo) each();
      resolve();
    }
  });
}
