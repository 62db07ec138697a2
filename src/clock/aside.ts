import { addSeconds, type Clock } from '../kernel/clock.ts';

/** Seconds that a row is left aside for at first, doubled each time up to the longest. */
const FIRST = 5;
const LONGEST = 300;
/** Rows remembered; the oldest is forgotten first, and merely tried once more. */
const REMEMBERED = 1000;

/** Rows that could not be acted on: out of the way of the others for a while, then tried again. */
export interface Aside {
  put(id: string): void;
  /** Those that must not be tried now. */
  ids(): string[];
}

export function createAside(clock: Clock): Aside {
  const rows = new Map<string, { until: Date; seconds: number }>();
  return {
    put(id) {
      const seconds = Math.min((rows.get(id)?.seconds ?? FIRST / 2) * 2, LONGEST);
      rows.delete(id);
      rows.set(id, { until: addSeconds(clock.now(), seconds), seconds });
      if (rows.size > REMEMBERED) rows.delete(rows.keys().next().value!);
    },
    ids() {
      const now = clock.now();
      return [...rows].filter(([, { until }]) => until > now).map(([id]) => id);
    },
  };
}
