import type { TaskStatus } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { StopSignal } from '../sessions/aggregate.ts';

// The conditions that a session's own changes can meet (behaviour 7.1). BUDGET_CRITICAL and SECURITY_THREAT are met in
// budgets/ and approvals/, MANUAL_STOP by somebody. A signal is written with the change that gives it, so that a crash
// right after the commit loses none: see watch.ts.

/** The last so many finished tasks are counted; fewer say nothing. */
export const COUNTED_TASKS = 10;

/** At least half of the last ten, of which `statuses` are; newest first. */
export const errorRateIsHigh = (statuses: readonly TaskStatus[]): boolean =>
  statuses.length >= COUNTED_TASKS &&
  statuses.slice(0, COUNTED_TASKS).filter((status) => status === 'FAILED').length * 2 >= COUNTED_TASKS;

/**
 * A reason to count, not yet a condition met. Also where the task went well: the tenth to finish may be the one that
 * makes five failures before it half of ten.
 */
export const taskFinished = (actor: Actor): StopSignal => ({
  condition: 'ERROR_RATE_HIGH',
  severity: 'HIGH',
  reason: `at least half of the last ${COUNTED_TASKS} tasks failed`,
  actor,
});

/** Per cent of whatever is used up, from which an agent counts as exhausting it. */
const EXHAUSTED = 95;

/**
 * The signal of a report whose metrics say `resource_usage` of 95 or more, in per cent. A number, or a text that is one,
 * with or without a per cent sign: a stop must not be missed for the way it is written.
 */
export function resourceExhausted(metrics: JsonObject, agentName: string, actor: Actor): StopSignal | null {
  const usage = percent(metrics['resource_usage']);
  if (usage === null || usage < EXHAUSTED) return null;
  return {
    condition: 'RESOURCE_EXHAUSTION',
    severity: 'HIGH',
    reason: `${agentName} reported a resource usage of ${usage} %`,
    actor,
  };
}

function percent(value: unknown): number | null {
  if (typeof value === 'number') return value;
  const match = typeof value === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(value) : null;
  return match === null ? null : Number(match[1]);
}
