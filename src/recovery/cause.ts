import { toDollars } from '../budgets/state.ts';
import type { StopCondition } from '../generated/prisma/enums.ts';
import { assertNever } from '../kernel/assert-never.ts';
import type { DayCost, Evidence } from './halted.ts';

/** Whether what triggered a stop is over, and what was found, in a sentence that a person can act on. */
export interface Finding {
  readonly cleared: boolean;
  readonly finding: string;
}

/** What the plan will have done by the time that the stop lifts. */
export interface Foreseen {
  /** The day's cost limit that a step of the plan sets, in ten-thousandths of a dollar; null: it stays. */
  readonly dailyCost: bigint | null;
  readonly abandonedTasks: ReadonlySet<string>;
  readonly abandonedSessions: ReadonlySet<string>;
}

export const nothingForeseen: Foreseen = {
  dailyCost: null,
  abandonedTasks: new Set(),
  abandonedSessions: new Set(),
};

/** A condition as people read it. */
export const causeWords: Record<StopCondition, string> = {
  MANUAL_STOP: 'somebody stopped the project',
  RESOURCE_EXHAUSTION: 'resources were running out',
  ERROR_RATE_HIGH: 'too many tasks failed',
  BUDGET_CRITICAL: "the day's cost is far past its limit",
  SECURITY_THREAT: 'an answer was found to be dangerous',
};

/** Pure: one condition of a stop, held against what stands now. */
export function judge(condition: StopCondition, evidence: Evidence, foreseen: Foreseen, now: Date): Finding {
  switch (condition) {
    case 'BUDGET_CRITICAL':
      return judgeBudget(evidence.dayCost, foreseen.dailyCost, now);
    case 'ERROR_RATE_HIGH':
      return {
        cleared: true,
        finding: `${evidence.failedTasks.length} of the last ${evidence.finishedTasks} tasks failed; the count begins anew when the stop lifts`,
      };
    case 'SECURITY_THREAT':
      return judgeSecurity(evidence, foreseen);
    case 'RESOURCE_EXHAUSTION':
      return judgeUsage(evidence);
    case 'MANUAL_STOP':
      return { cleared: true, finding: 'a person stopped the project: the reason is for people to judge' };
    default:
      return assertNever(condition);
  }
}

/** Past 150 % of the day's cost, the next request would stop the project again (behaviour 6.4). */
export function pastCritical({ used, reserved, overridden }: DayCost, limit: bigint): boolean {
  return (used + reserved) * 2n > (limit + overridden) * 3n;
}

function judgeBudget(dayCost: DayCost | null, dailyCost: bigint | null, now: Date): Finding {
  if (dayCost === null) return { cleared: true, finding: 'the project has no budget' };
  if (dayCost.end <= now) return { cleared: true, finding: 'the day that the money was spent in is over' };
  const limit = dailyCost ?? dayCost.limit;
  const spent = toDollars(dayCost.used + dayCost.reserved);
  const of = `${toDollars(limit + dayCost.overridden)}${dailyCost === null ? '' : ', the limit that this plan sets'}`;
  if (!pastCritical(dayCost, limit))
    return { cleared: true, finding: `the day's cost is ${spent}, within 150 % of ${of}` };
  const way =
    dailyCost === null
      ? 'raise the daily cost limit'
      : 'cancel this recovery and plan another with a higher daily cost limit';
  return {
    cleared: false,
    finding:
      `the day's cost is ${spent}, past 150 % of ${of}: ${way}, ` +
      `or wait for the next day, which begins at ${dayCost.end.toISOString()}`,
  };
}

function judgeSecurity({ flagged }: Evidence, { abandonedTasks, abandonedSessions }: Foreseen): Finding {
  const usable = flagged.filter(
    ({ status, taskId, sessionId }) =>
      status === 'PENDING' &&
      !(taskId !== null && abandonedTasks.has(taskId)) &&
      !(sessionId !== null && abandonedSessions.has(sessionId)),
  );
  if (usable.length === 0)
    return { cleared: true, finding: 'no answer that was flagged CRITICAL can still be used' };
  const named = usable.slice(0, 5).map(({ approvalId }) => approvalId);
  const more = usable.length > named.length ? ` and ${usable.length - named.length} more` : '';
  return {
    cleared: false,
    finding: `answers flagged CRITICAL are still pending: reject ${named.join(', ')}${more}`,
  };
}

/** Nothing runs and nothing is measured beneath a stop: whoever approves the step says that there is room again. */
function judgeUsage({ usage }: Evidence): Finding {
  const last =
    usage === null
      ? 'no resource usage is on record any more'
      : `the last reported resource_usage is ${usage.value} % (${new Date(usage.at).toISOString()})`;
  return {
    cleared: true,
    finding: `${last}; nothing has run since, and people must see to it that there is room`,
  };
}
