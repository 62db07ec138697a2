/** Milliseconds. */
const FIRST = 400;
const LONGEST = 10_000;
/** Whoever asks for more than an hour gets an hour: nobody would know any more what they had decided. */
const MOST_ASKED = 3_600_000;

/**
 * How long to wait before the next attempt: doubling, at most ten seconds, and drawn between half of that and all of it,
 * so that many browsers do not come back to a restarted server at the same instant. `fraction` is from 0 to 1.
 */
export const retryDelay = (attempt: number, fraction: number): number => {
  const full = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * fraction);
};

/** What a Retry-After asks for from this instant on, in milliseconds: it is seconds, or a date. 0: nothing that can be read. */
export function askedToWait(retryAfter: string | null, at: number): number {
  const told = retryAfter?.trim() ?? '';
  const wait = /^\d+$/.test(told) ? Number(told) * 1_000 : Date.parse(told) - at;
  return wait > 0 ? Math.min(wait, MOST_ASKED) : 0;
}

const news = new EventTarget();
const REACHED = 'reached';

/** The server was reached just now: whatever waits to try again need not wait longer. */
export const serverReached = (): void => void news.dispatchEvent(new Event(REACHED));

/**
 * Waits, unless something says sooner that it is worth trying: the server was reached, the machine is online again, the
 * page is seen again. Never less than `least`.
 */
export function waitToRetry(milliseconds: number, least = 0): Promise<void> {
  const earliest = performance.now() + least;
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      news.removeEventListener(REACHED, sooner);
      window.removeEventListener('online', sooner);
      document.removeEventListener('visibilitychange', seen);
      resolve();
    };
    const sooner = () => performance.now() >= earliest && done();
    const seen = () => document.visibilityState === 'visible' && sooner();
    const timer = setTimeout(done, Math.max(milliseconds, least));
    news.addEventListener(REACHED, sooner);
    window.addEventListener('online', sooner);
    document.addEventListener('visibilitychange', seen);
  });
}
