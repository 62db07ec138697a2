/** Milliseconds. */
const FIRST = 400;
const LONGEST = 10_000;

/**
 * How long to wait before the next attempt: doubling, at most ten seconds, and drawn between half of that and all of it,
 * so that many browsers do not come back to a restarted server at the same instant. `fraction` is from 0 to 1.
 */
export const retryDelay = (attempt: number, fraction: number): number => {
  const full = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * fraction);
};

/** Waits, unless something says sooner that it is worth trying: the machine is online again, the page is seen again. */
export function waitToRetry(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      document.removeEventListener('visibilitychange', seen);
      resolve();
    };
    const seen = () => document.visibilityState === 'visible' && done();
    const timer = setTimeout(done, milliseconds);
    window.addEventListener('online', done);
    document.addEventListener('visibilitychange', seen);
  });
}
