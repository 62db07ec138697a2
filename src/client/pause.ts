/** Milliseconds. */
const FIRST = 100;
const LONGEST = 10_000;

/** Milliseconds before the next attempt, doubling, a part of it by chance so that not all come back at once. */
export function backoff(attempt: number): number {
  const most = Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 20));
  const [chance] = crypto.getRandomValues(new Uint32Array(1));
  return most / 2 + (most / 2) * (chance! / 2 ** 32);
}

/** Rejects with the signal's reason when it is aborted meanwhile. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const aborted = () => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
