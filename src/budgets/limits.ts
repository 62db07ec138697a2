import type { BudgetLimitType } from '../generated/prisma/enums.ts';
import { isTimeZone } from '../kernel/time-zone.ts';
import { dayOf, monthOf } from './periods.ts';
import { limitTypes, withLine } from './rules.ts';
import { type BudgetState, budgetIdOf, type LineState, toDecimal, toUnits } from './state.ts';
import type { Faults } from '../kernel/bounds.ts';

/** Limits as a caller gives them: any subset; money as decimals. */
export interface LimitsInput {
  dailyTokens?: number | null;
  monthlyTokens?: number | null;
  dailyCost?: string | null;
  monthlyCost?: string | null;
  timeZone?: string | null;
}

export type Limits = ReadonlyMap<BudgetLimitType, bigint>;

/** The bounds of one amount: what numbers hold exactly, and a million times a million dollars. */
export const MOST_TOKENS = Number.MAX_SAFE_INTEGER;
/** What a request may name: the API's whole numbers end there. */
export const MOST_TOKENS_AT_ONCE = 2_147_483_647;
export const MOST_COST = 10n ** 12n * 10_000n;

const DECIMAL = /^\d{1,20}(\.\d{1,4})?$/;

/** Ten-thousandths of a dollar, or null: below 0, more than four places, or past the bound (behaviour 6.6, 10.3). */
export function parseCost(text: string): bigint | null {
  if (!DECIMAL.test(text)) return null;
  const units = toUnits(text);
  return units > MOST_COST ? null : units;
}

export function costFault(faults: Faults, path: string[], text: string | null | undefined): bigint {
  const units = parseCost(text ?? '0');
  if (units === null)
    faults.add(path, `${path.at(-1)!} must be 0 to 1000000000000 dollars, with at most four places`);
  return units ?? 0n;
}

export function tokensFault(
  faults: Faults,
  path: string[],
  value: number | null | undefined,
  most = MOST_TOKENS,
): bigint {
  if (value === null || value === undefined) return 0n;
  if (Number.isInteger(value) && value >= 0 && value <= most) return BigInt(value);
  faults.add(path, `${path.at(-1)!} must be 0 to ${most} tokens`);
  return 0n;
}

const fields = {
  TOKEN_DAILY: 'dailyTokens',
  TOKEN_MONTHLY: 'monthlyTokens',
  COST_DAILY: 'dailyCost',
  COST_MONTHLY: 'monthlyCost',
} as const satisfies Record<BudgetLimitType, keyof LimitsInput>;

/** The limits that were given; faults name the field at fault, and up to how many tokens its door takes. */
export function parseLimits(
  faults: Faults,
  path: string[],
  input: LimitsInput,
  mostTokens = MOST_TOKENS_AT_ONCE,
): Limits {
  const limits = new Map<BudgetLimitType, bigint>();
  for (const limitType of limitTypes) {
    const field = fields[limitType];
    const value = input[field];
    if (value === null || value === undefined) continue;
    const at = [...path, field];
    limits.set(
      limitType,
      typeof value === 'number' ? tokensFault(faults, at, value, mostTokens) : costFault(faults, at, value),
    );
  }
  zoneFault(faults, [...path, 'timeZone'], input.timeZone);
  return limits;
}

export function zoneFault(faults: Faults, path: string[], zone: string | null | undefined): void {
  if (zone === null || zone === undefined || isTimeZone(zone)) return;
  faults.add(path, 'timeZone must be an IANA time zone, such as Europe/Berlin');
}

export const withLimits = (state: BudgetState, limits: Limits): BudgetState =>
  [...limits].reduce((next, [limitType, limit]) => withLine(next, limitType, () => ({ limit })), state);

/** Limits as events tell them. */
export const tellLimits = ({ tokens, cost }: BudgetState) => ({
  dailyTokens: Number(tokens.daily.limit),
  monthlyTokens: Number(tokens.monthly.limit),
  dailyCost: toDecimal(cost.daily.limit),
  monthlyCost: toDecimal(cost.monthly.limit),
});

const unused = (limit: bigint): LineState => ({ limit, used: 0n, overridden: 0n });

/** A project's budget as it begins, with the limits of behaviour 6.1. */
export const newBudget = (projectId: string, zone: string, now: Date): BudgetState => ({
  id: budgetIdOf(projectId),
  projectId,
  timeZone: zone,
  tokens: { reserved: 0n, daily: unused(100_000n), monthly: unused(2_000_000n) },
  cost: { reserved: 0n, daily: unused(toUnits('100')), monthly: unused(toUnits('2000')) },
  day: dayOf(zone, now),
  month: monthOf(zone, now),
  stopped: false,
  updatedAt: now,
});
