import { toDecimal } from '../budgets/state.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Found } from './assess.ts';
import { judge, nothingForeseen } from './cause.ts';

// What a person reads before deciding on a plan (behaviour 7.5): short enough for a minute, whatever the stop halted.

/** Items of a list that are shown by name; the rest is counted. */
const SHOWN = 20;
/** Characters of the stop's reason. */
const REASON = 2_000;

/** Pure: the assessment as it is stored and shown. */
export function assessmentOf(found: Found, now: Date): JsonObject {
  const { stop, sessions, tasks, evidence } = found;
  const [failed, flagged] = [evidence.failedTasks, evidence.flagged];
  return {
    assessedAt: now.toISOString(),
    stop: {
      id: stop.id,
      triggeredAt: new Date(stop.createdAt).toISOString(),
      triggeredBy: stop.triggeredBy,
      severity: stop.severity,
      reason: [...stop.reason].slice(0, REASON).join(''),
      halted: stop.haltedAt !== null,
    },
    conditions: stop.conditions.map((condition) => ({
      condition,
      ...judge(condition, evidence, nothingForeseen, now),
    })),
    halted: {
      sessions: { count: sessions.length, byState: countBy(sessions) },
      tasks: {
        count: tasks.length,
        byState: countBy(tasks),
        outcomeUnknown: shown(
          tasks.filter(({ started }) => started).map(({ id, agentName }) => ({ id, agentName })),
        ),
      },
      frozenInterventions: found.frozenInterventions,
      frozenApprovals: { ...found.frozenApprovals },
      cancelledCalls: shown(found.cancelledCalls),
    },
    budget: found.budget && linesOf(found.budget),
    errors: shown(failed.map((task) => ({ ...task }))),
    flaggedAnswers: shown(flagged.map((answer) => ({ ...answer }))),
    resourceUsage: evidence.usage && { ...evidence.usage },
  };
}

/** The first few of a list, and how many there are. */
function shown(items: readonly JsonObject[]): JsonObject {
  return { count: items.length, items: items.slice(0, SHOWN) };
}

function countBy(items: readonly { was: string }[]): JsonObject {
  const counts: Record<string, number> = {};
  for (const { was } of items) counts[was] = (counts[was] ?? 0) + 1;
  return counts;
}

function linesOf({ tokens, cost, day, month }: NonNullable<Found['budget']>): JsonObject {
  const line = (
    { limit, used, overridden }: typeof cost.daily,
    reserved: bigint,
    show: (amount: bigint) => string,
    resetsAt: Date,
  ): JsonObject => ({
    limit: show(limit),
    used: show(used),
    reserved: show(reserved),
    overridden: show(overridden),
    remaining: show(limit + overridden - used - reserved),
    resetsAt: resetsAt.toISOString(),
  });
  const whole = (amount: bigint): string => `${amount}`;
  return {
    TOKEN_DAILY: line(tokens.daily, tokens.reserved, whole, day.end),
    TOKEN_MONTHLY: line(tokens.monthly, tokens.reserved, whole, month.end),
    COST_DAILY: line(cost.daily, cost.reserved, toDecimal, day.end),
    COST_MONTHLY: line(cost.monthly, cost.reserved, toDecimal, month.end),
  };
}
