// Limits as they are written into a form, and what of them is to be set. Pure.
import type { BudgetLimitType } from '../../generated/graphql.ts';

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

/** Those that are written otherwise than before; null where tokens are not whole. Dollars are the server's to judge. */
export function changedLimits(
  before: Record<LimitName, string>,
  after: Record<LimitName, string>,
): ChangedLimits | null {
  const changed: ChangedLimits = {};
  for (const { name } of limitFields) {
    const text = after[name].trim();
    if (text === before[name]) continue;
    if (name === 'dailyCost' || name === 'monthlyCost') changed[name] = text;
    else if (/^\d{1,15}$/.test(text)) changed[name] = Number(text);
    else return null;
  }
  return changed;
}
