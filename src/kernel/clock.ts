/** The one source of time. Injected everywhere, so that a test moves it; nothing else may read the machine's clock. */
export interface Clock {
  now(): Date;
  /**
   * Calls back once `now()` has reached `at`, however far away that is (timers of the platform fire at once past 24.8
   * days). Returns what cancels it. A real clock's timer does not keep the process alive.
   */
  at(at: Date, callback: () => void): () => void;
}

/** The platform's limit on one timer, in milliseconds. */
const LONGEST_TIMER = 2_147_483_647;

export const systemClock: Clock = {
  now: () => new Date(),
  at(at, callback) {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = at.getTime() - Date.now();
      timer = setTimeout(
        () => (left > LONGEST_TIMER ? arm() : callback()),
        Math.min(Math.max(left, 0), LONGEST_TIMER),
      );
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};

export const addSeconds = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000);
