// Limits as they are written into a form, and what of them is to be set. Pure.
import type { BudgetLimitType } from '../../generated/graphql.ts';
import { unitsOf } from '../../parts/decimal.ts';

export const limitFields = [
  { name: 'dailyTokens', type: 'TOKEN_DAILY' },
  { name: 'monthlyTokens', type: 'TOKEN_MONTHLY' },
  { name: 'dailyCost', type: 'COST_DAILY' },
  { name: 'monthlyCost', type: 'COST_MONTHLY' },
] as const satisfies { name: string; type: BudgetLimitType }[];

export type LimitName = (typeof limitFields)[number]['name'];

/** As people write them: without the places that say nothing. */
export function limitsOf(
  lines: readonly { limitType: BudgetLimitType; limit: string }[],
): Record<LimitName, string> {
  const written = limitFields.map(({ name, type }) => {
    const limit = lines.find(({ limitType }) => limitType === type)?.limit ?? '';
    return [name, limit.replace(/\.0*$/, '').replace(/(\.\d*?)0+$/, '$1')];
  });
  return Object.fromEntries(written) as Record<LimitName, string>;
}

export interface ChangedLimits {
  dailyTokens?: number;
  monthlyTokens?: number;
  dailyCost?: string;
  monthlyCost?: string;
}

export type LimitFault = 'whole' | 'dollars';
export type LimitFaults = Partial<Record<LimitName, LimitFault>>;

/** As far as the API's whole numbers go. */
const MOST_TOKENS = 2_147_483_647;
const MOST_DOLLARS = unitsOf('1000000000000');

export const isTokens = (name: LimitName): boolean => name === 'dailyTokens' || name === 'monthlyTokens';

/** Why a limit cannot be what is written, or null (behaviour 6.6): the server judges it by the same. */
function faultIn(name: LimitName, text: string): LimitFault | null {
  if (isTokens(name)) return /^\d{1,10}$/.test(text) && Number(text) <= MOST_TOKENS ? null : 'whole';
  return /^\d{1,13}(\.\d{1,4})?$/.test(text) && unitsOf(text) <= MOST_DOLLARS ? null : 'dollars';
}

/** Those that are written otherwise than before, and which of them cannot be. */
export function changedLimits(
  before: Record<LimitName, string>,
  after: Record<LimitName, string>,
): { changed: ChangedLimits; faults: LimitFaults } {
  const changed: ChangedLimits = {};
  const faults: LimitFaults = {};
  for (const { name } of limitFields) {
    const text = after[name].trim();
    if (text === before[name]) continue;
    const fault = faultIn(name, text);
    if (fault !== null) faults[name] = fault;
    else if (name === 'dailyCost' || name === 'monthlyCost') changed[name] = text;
    else changed[name] = Number(text);
  }
  return { changed, faults };
}
