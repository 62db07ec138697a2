import type { BudgetAlertType, BudgetLimitType } from '../generated/prisma/enums.ts';
import { dayOf, following, monthOf } from './periods.ts';
import { type BudgetState, type LineState, type Period, toDecimal } from './state.ts';

// What a budget grants, and what moves it (behaviour 6). A hold moves through
//
//   HELD ──commit──▶ COMMITTED      HELD ──release──▶ RELEASED      HELD ──out of time──▶ EXPIRED
//                                   RELEASED | EXPIRED ──commit──▶ COMMITTED (money that was spent counts)
//
// and the budget with it: a hold adds to `reserved`, whatever ends it takes it off, a commit adds the real figures to
// `used`. A period's end sets `used` and `overridden` of its lines to nothing; what is reserved carries over.
//
// Invariants: `reserved` is the sum of the rows that are HELD. Granting never leaves a line with
// used + reserved > limit + overridden; only a commit beyond its hold or a lowered limit does.

export const limitTypes = [
  'TOKEN_DAILY',
  'TOKEN_MONTHLY',
  'COST_DAILY',
  'COST_MONTHLY',
] as const satisfies readonly BudgetLimitType[];

/** What is asked for or spent: tokens, and ten-thousandths of a dollar. */
export interface Amounts {
  readonly tokens: bigint;
  readonly cost: bigint;
}

export interface BudgetCheck {
  readonly allowed: boolean;
  /** Only an override would allow it. */
  readonly requiresApproval: boolean;
  readonly budgetExceeded: boolean;
  /** It would take the day's cost past the emergency level: asking in earnest stops the project (behaviour 6.4). */
  readonly emergencyStopRequired: boolean;
  /** The lines that it does not fit into. */
  readonly violations: BudgetLimitType[];
}

/** One line with all that it counts. In tokens, or in ten-thousandths of a dollar. */
export interface Line extends LineState {
  readonly limitType: BudgetLimitType;
  readonly reserved: bigint;
  /** Negative where a commit went beyond its hold, or the limit was lowered. */
  readonly remaining: bigint;
  readonly period: Period;
}

export interface Alert {
  readonly alertType: BudgetAlertType;
  readonly limitType: BudgetLimitType;
  readonly periodStart: Date;
  /** In hundredths of the line's unit, for 95 % of one token is no whole number of tokens. */
  readonly threshold: bigint;
  readonly used: bigint;
}

export const isTokens = (limitType: BudgetLimitType): boolean => limitType.startsWith('TOKEN');

export const lines = (state: BudgetState): Line[] => limitTypes.map((limitType) => lineOf(state, limitType));

export function lineOf({ tokens, cost, day, month }: BudgetState, limitType: BudgetLimitType): Line {
  const unit = isTokens(limitType) ? tokens : cost;
  const daily = limitType.endsWith('DAILY');
  const line = daily ? unit.daily : unit.monthly;
  return {
    ...line,
    limitType,
    reserved: unit.reserved,
    remaining: capOf(line) - line.used - unit.reserved,
    period: daily ? day : month,
  };
}

const tooNarrow = (state: BudgetState, { tokens, cost }: Amounts): Line[] =>
  lines(state).filter(({ limitType, remaining }) => (isTokens(limitType) ? tokens : cost) > remaining);

/** Whether a budget can carry this, decided on a budget whose periods are running (see `rolled`). */
export function check(state: BudgetState, { tokens, cost }: Amounts): BudgetCheck {
  const violations = tooNarrow(state, { tokens, cost }).map(({ limitType }) => limitType);
  return {
    allowed: violations.length === 0 && !state.stopped,
    requiresApproval: violations.length > 0,
    budgetExceeded: violations.length > 0,
    emergencyStopRequired: cost > 0n && isPastEmergency(held(state, { tokens, cost })),
    violations,
  };
}

/** What each line that is too narrow was asked for, and has left: "COST_DAILY: 0.5000 asked, 0.3400 left". */
export function shortfall(state: BudgetState, asked: Amounts): string {
  const told = tooNarrow(state, asked).map(({ limitType, remaining }) =>
    isTokens(limitType)
      ? `${limitType}: ${asked.tokens} asked, ${remaining} left`
      : `${limitType}: ${toDecimal(asked.cost)} asked, ${toDecimal(remaining)} left`,
  );
  return told.join('; ');
}

/** The day's used and reserved cost is past 150 % of its limit with overrides (behaviour 6.4). */
export function isPastEmergency({ cost }: BudgetState): boolean {
  return (cost.daily.used + cost.reserved) * 100n > capOf(cost.daily) * PERCENT.EMERGENCY;
}

/** What a move did, or a refused one would have done, takes the day's cost (further) past 150 %: a reason to stop. */
export const takesPastEmergency = (before: BudgetState, after: BudgetState): boolean =>
  isPastEmergency(after) && spoken(after) > spoken(before);

const spoken = ({ cost }: BudgetState): bigint => cost.daily.used + cost.reserved;

export const held = (state: BudgetState, { tokens, cost }: Amounts): BudgetState => ({
  ...state,
  tokens: { ...state.tokens, reserved: state.tokens.reserved + tokens },
  cost: { ...state.cost, reserved: state.cost.reserved + cost },
});

/** What a hold that ends gives back: nothing where it had ended before. */
export const released = (state: BudgetState, freed: Amounts): BudgetState =>
  held(state, { tokens: -freed.tokens, cost: -freed.cost });

/** The real figures, in full (behaviour 6.3). */
export function settled(state: BudgetState, freed: Amounts, spent: Amounts): BudgetState {
  const { tokens, cost, ...rest } = released(state, freed);
  const use = (line: LineState, amount: bigint): LineState => ({ ...line, used: line.used + amount });
  const both = (unit: BudgetState['cost'], amount: bigint) => ({
    ...unit,
    daily: use(unit.daily, amount),
    monthly: use(unit.monthly, amount),
  });
  return { ...rest, tokens: both(tokens, spent.tokens), cost: both(cost, spent.cost) };
}

/** The budget with one of its lines changed. */
export function withLine(
  state: BudgetState,
  limitType: BudgetLimitType,
  change: (line: LineState) => Partial<LineState>,
): BudgetState {
  const [unit, period] = [
    isTokens(limitType) ? 'tokens' : 'cost',
    limitType.endsWith('DAILY') ? 'daily' : 'monthly',
  ] as const;
  const line = state[unit][period];
  return { ...state, [unit]: { ...state[unit], [period]: { ...line, ...change(line) } } };
}

export const isOver = ({ day, month }: BudgetState, now: Date): boolean => day.end <= now || month.end <= now;

/** The budget at `now`: where a period is over, the one that runs by now has begun (behaviour 6.1). */
export function rolled(state: BudgetState, zone: string, now: Date): BudgetState {
  let next = state;
  const anew = () => ({ used: 0n, overridden: 0n });
  if (state.day.end <= now) {
    next = withLine(withLine(next, 'TOKEN_DAILY', anew), 'COST_DAILY', anew);
    next = { ...next, day: following(state.day.end, (at) => dayOf(zone, at), now) };
  }
  if (state.month.end <= now) {
    next = withLine(withLine(next, 'TOKEN_MONTHLY', anew), 'COST_MONTHLY', anew);
    next = { ...next, month: following(state.month.end, (at) => monthOf(zone, at), now) };
  }
  return next;
}

/** In per cent of a line's limit with overrides; the last is of the day's cost alone (behaviour 6.4). */
const PERCENT = { WARNING: 80n, CRITICAL: 95n, EMERGENCY: 150n } as const satisfies Record<
  BudgetAlertType,
  bigint
>;
export const alertTypes = ['WARNING', 'CRITICAL', 'EMERGENCY'] as const satisfies readonly BudgetAlertType[];

/** The levels that a line has come to by this change, at or above, each with its line (behaviour 6.4). */
export function alertsReached(before: BudgetState, after: BudgetState): Alert[] {
  return lines(after).flatMap((line) => {
    const known = lineOf(before, line.limitType);
    const samePeriod = known.period.start.getTime() === line.period.start.getTime();
    return alertTypes
      .filter((level) => reaches(line, level) && !(samePeriod && reaches(known, level)))
      .map((alertType) => ({
        alertType,
        limitType: line.limitType,
        periodStart: line.period.start,
        threshold: capOf(line) * PERCENT[alertType],
        used: line.used,
      }));
  });
}

/** A line of which nothing was used is nowhere, also where its limit is 0. */
const reaches = (line: Line, level: BudgetAlertType): boolean =>
  (level !== 'EMERGENCY' || line.limitType === 'COST_DAILY') &&
  line.used > 0n &&
  line.used * 100n >= capOf(line) * PERCENT[level];

const capOf = ({ limit, overridden }: LineState): bigint => limit + overridden;
