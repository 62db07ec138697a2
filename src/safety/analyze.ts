import { addSeconds, type Clock } from '../kernel/clock.ts';
import type { Analyzer, Finding, RiskFlag, Subject, SubjectKind } from './analyzer.ts';
import { evidenceOf, sensitiveOf, textsOf } from './evidence.ts';
import { checkedFindings } from './findings.ts';
import { byGravity } from './levels.ts';
import { shortened, withMasks } from './mask.ts';
import { type Asked, boundFault, toSubject } from './subject.ts';

// Runs the analyzers over one subject, side by side, and makes flags of what they find. Whatever one of them does, the
// others' findings stand, and its own silence is a flag: what could not be looked at never passes for harmless.

/** An analyzer with where it runs. `begin` is called as it begins, and starts its time: waiting for a thread is free. */
export interface Check {
  readonly name: string;
  readonly looksAt: readonly SubjectKind[];
  run(subject: Subject, begin: () => AbortSignal): Promise<unknown>;
}

/** In the server's own thread: for what waits for others, and for what is done at once. */
export const inServer = ({ name, looksAt, analyze: run }: Analyzer): Check => ({
  name,
  looksAt,
  run: (subject, begin) => run(subject, begin()),
});

export interface Analysis {
  /** The gravest first. */
  flags: RiskFlag[];
  /** The share of the analyzers that answered, 0 to 1. */
  coverage: number;
}

export interface Limits {
  clock: Clock;
  /** Seconds that one analyzer has. */
  limitSeconds: number;
}

/** Flags of one code that are shown; the last one says how many there are beyond. */
const MAX_ALIKE = 5;

export async function analyze(asked: Asked, checks: readonly Check[], limits: Limits): Promise<Analysis> {
  const fault = boundFault(asked.value);
  if (fault !== null)
    return { flags: [{ ...failed('not_analysed', `Not analysed: ${fault}`), evidence: null }], coverage: 0 };
  const subject = toSubject(asked);
  const concerned = checks.filter(({ looksAt }) => looksAt.includes(asked.kind));
  const outcomes = await Promise.all(concerned.map((check) => outcomeOf(check, subject, limits)));
  const answered = outcomes.filter((outcome) => outcome.ok);
  return {
    flags: toFlags(
      outcomes.flatMap((outcome) => (outcome.ok ? outcome.findings : outcome.flag)),
      subject,
    ),
    coverage: concerned.length === 0 ? 0 : answered.length / concerned.length,
  };
}

/** What these find in a value, places and all; null where one of them could not look. */
export async function findAll(
  asked: Asked,
  checks: readonly Check[],
  limits: Limits,
): Promise<Finding[] | null> {
  if (boundFault(asked.value) !== null) return null;
  const subject = toSubject(asked);
  const outcomes = await Promise.all(checks.map((check) => outcomeOf(check, subject, limits)));
  return outcomes.every((outcome) => outcome.ok) ? outcomes.flatMap(({ findings }) => findings) : null;
}

type Outcome = { ok: true; findings: readonly Finding[] } | { ok: false; flag: Finding };

async function outcomeOf(check: Check, subject: Subject, { clock, limitSeconds }: Limits): Promise<Outcome> {
  const controller = new AbortController();
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error));
  });
  late.catch(() => {});
  const begin = (): AbortSignal => {
    cancel = clock.at(addSeconds(clock.now(), limitSeconds), () =>
      controller.abort(new Error(`it took longer than ${limitSeconds} s`)),
    );
    return controller.signal;
  };
  try {
    // Async, so that one that throws before it returns a promise is caught with the rest.
    const running = (async () => check.run(subject, begin))();
    return { ok: true, findings: checkedFindings(await Promise.race([running, late])) };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it threw something that is no error';
    return { ok: false, flag: failed('analyzer_failed', `The analyzer ${check.name} failed: ${why}`) };
  } finally {
    cancel();
  }
}

const failed = (code: string, message: string) => ({
  category: 'POLICY' as const,
  code,
  level: 'HIGH' as const,
  message: withMasks(message.slice(0, 1000), []),
});

function toFlags(findings: readonly Finding[], subject: Subject): RiskFlag[] {
  const textAt = textsOf(subject);
  const sensitive = sensitiveOf(findings, textAt);
  const alike = new Map<string, number>();
  const shown: RiskFlag[] = [];
  for (const finding of [...findings].sort(byGravity)) {
    const { category, code, level } = finding;
    const count = (alike.get(`${category} ${code}`) ?? 0) + 1;
    alike.set(`${category} ${code}`, count);
    if (count > MAX_ALIKE) continue;
    const path = finding.where && finding.where.path !== '$' ? finding.where.path : null;
    // A member's name may be a secret, and the path holds it.
    const message =
      finding.message + (path === null ? '' : ` (at ${shortened(withMasks(path, sensitive.values))})`);
    shown.push({ category, code, level, message, evidence: evidenceOf(finding, textAt, sensitive) });
  }
  for (const flag of shown) {
    const beyond = alike.get(`${flag.category} ${flag.code}`)! - MAX_ALIKE;
    if (
      beyond > 0 &&
      flag === shown.findLast(({ code, category }) => code === flag.code && category === flag.category)
    )
      flag.message += `, and ${beyond} more like it`;
  }
  return shown;
}
