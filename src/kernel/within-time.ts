import { createContext, Script } from 'node:vm';

/** It was broken off, which on a busy machine says nothing of the work. */
export class TookTooLong extends Error {
  override name = 'TookTooLong';
}

const context = createContext({ work: null as (() => unknown) | null }) as { work: (() => unknown) | null };
const script = new Script('work()');

/** How often it is begun in all, where the machine was too busy to run it. */
const ATTEMPTS = 4;
/** Of the time that it was given, it must have run for so much before it counts as slow. */
const SHARE = 0.7;

/**
 * Runs `work`, which must not await, and breaks it off after so many milliseconds: for what strangers wrote and the event
 * loop would otherwise have to sit out. Throws TookTooLong. Half a millisecond dearer than a plain call; does not
 * nest.
 *
 * The limit is on the clock, and a thread that others keep from its core does nothing in it: where it hardly ran, the work
 * was not slow, and is begun again, `anew` being told first, for what was broken off may be half done.
 */
export function withinTime<T>(milliseconds: number, work: () => T, anew: () => void = () => {}): T {
  for (let attempt = 1; ; attempt++) {
    const before = process.threadCpuUsage();
    context.work = work;
    try {
      return script.runInContext(context, { timeout: milliseconds }) as T;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      const { user, system } = process.threadCpuUsage(before);
      if (attempt === ATTEMPTS || (user + system) / 1_000 >= milliseconds * SHARE)
        throw new TookTooLong(`it took longer than ${milliseconds} ms`, { cause: error });
    } finally {
      context.work = null;
    }
    anew();
  }
}
