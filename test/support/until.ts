import { setTimeout as delay } from 'node:timers/promises';

/** Looks again and again until it is so; rejects, naming what was waited for, after 10 s. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let looked = 0; looked < 1_000; looked++) {
    if (await condition()) return;
    await delay(10);
  }
  throw new Error(`waited 10 s for: ${what}`);
}
