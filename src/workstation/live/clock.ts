// The browser's one clock, and its one source of chance: everything that tells a time or counts down looks here, so that
// all of a page says the same instant, and nothing else has timers of its own for it.
import { useSyncExternalStore } from 'react';

let ahead = 0;
let shown = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const watchers = new Set<() => void>();

/** The server's time, as far as its answers told it, in milliseconds. Deadlines are the server's (behaviour 4.12). */
export const now = (): number => Date.now() + ahead;

/** From an answer's Date header, whole seconds: differences below two seconds are not worth a jump. */
export function learnServerTime(response: Response): void {
  const told = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(told)) return;
  const difference = told + 500 - Date.now();
  ahead = Math.abs(difference) < 2_000 ? 0 : difference;
}

export const chance = (): number => Math.random();

function tick(): void {
  shown = now();
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  if (timer === undefined) {
    shown = now();
    timer = setInterval(tick, 1_000);
  }
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time, told anew each second to whoever shows it. */
export const useNow = (): number => useSyncExternalStore(watch, () => shown);
