import type { Log } from '../kernel/log.ts';

/** Resolves when the part answers; anything else is a failure. */
export type Check = () => Promise<unknown>;

/** How long (ms) a part may take to answer. */
const CHECK_TIMEOUT = 2_000;

/** The parts that do not answer, and how; empty when ready. Reasons go to the log: the answer needs no credential. */
export async function failingParts(
  checks: Readonly<Record<string, Check>>,
  log: Log,
): Promise<Record<string, string>> {
  const failing: Record<string, string> = {};
  const one = async ([name, check]: [string, Check]) => {
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), CHECK_TIMEOUT);
    try {
      if ((await Promise.race([check(), late.promise])) === 'late') failing[name] = 'does not answer in time';
    } catch (err) {
      failing[name] = 'fails';
      log.warn({ err, part: name }, 'a readiness check fails');
    } finally {
      clearTimeout(timer);
    }
  };
  await Promise.all(Object.entries(checks).map(one));
  return failing;
}
