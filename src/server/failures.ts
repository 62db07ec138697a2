import { Recent } from '../identity/recent.ts';
import type { Clock } from '../kernel/clock.ts';

/** Failures an address has in a minute; with those it is told to wait. */
export const FAILURES_A_MINUTE = 20;
const MINUTE = 60_000;
const ADDRESSES_REMEMBERED = 10_000;

/**
 * Counts failed attempts by the address that they come from: somebody's guessing keeps nobody else out, unless a proxy
 * makes them one address. In this process alone: replicas count for themselves.
 */
export function createFailures(clock: Clock) {
  const counted = new Recent<{ since: number; count: number }>(ADDRESSES_REMEMBERED);
  const current = (address: string) => {
    const found = counted.get(address);
    const age = found === undefined ? MINUTE : clock.now().getTime() - found.since;
    return found !== undefined && age >= 0 && age < MINUTE ? found : null;
  };
  return {
    /**
     * Begins an attempt, which counts as failed until `forgive` says otherwise: those that come at once are counted before
     * any of them is answered. Returns seconds for which nothing more is tried for this address, or null: try it.
     */
    begin(address: string): number | null {
      const found = current(address);
      if (found !== null && found.count >= FAILURES_A_MINUTE)
        return Math.ceil((found.since + MINUTE - clock.now().getTime()) / 1_000);
      if (found === null) counted.set(address, { since: clock.now().getTime(), count: 1 });
      else found.count += 1;
      return null;
    },
    /** The attempt was no failure. */
    forgive(address: string): void {
      const found = current(address);
      if (found !== null) found.count = Math.max(0, found.count - 1);
    },
  };
}
