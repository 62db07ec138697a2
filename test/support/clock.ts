import type { Clock } from '../../src/kernel/clock.ts';

export interface TestClock extends Clock {
  /** Moves on by so many seconds, calling back whatever falls due on the way, in the order of its time. */
  advance(seconds: number): void;
  /** Moves to this time, calling back likewise; may go back too, as a corrected clock does. */
  set(date: Date): void;
}

/** A clock that stands still until it is moved. A callback sees the time that it was due at. */
export function testClock(start = new Date('2026-03-02T09:00:00.000Z')): TestClock {
  let now = start.getTime();
  const waiting = new Set<{ at: number; callback: () => void }>();
  const set = (date: Date) => {
    const end = date.getTime();
    for (;;) {
      const due = [...waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      waiting.delete(due);
      now = Math.max(now, due.at);
      due.callback();
    }
    now = end;
  };
  return {
    now: () => new Date(now),
    at(at, callback) {
      const entry = { at: at.getTime(), callback };
      waiting.add(entry);
      // As the platform's timers do: what is due already is called back soon, never within this call.
      if (entry.at <= now) setImmediate(() => waiting.delete(entry) && callback());
      return () => void waiting.delete(entry);
    },
    set,
    advance: (seconds) => set(new Date(now + seconds * 1000)),
  };
}
