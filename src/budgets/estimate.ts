import { queryWithin } from '../database/query.ts';
import type { RawTx } from '../database/transact.ts';
import type { BudgetLimitType } from '../generated/prisma/enums.ts';
import { readBudgets } from './queries.ts';
import { type BudgetCheck, check, lineOf, rolled } from './rules.ts';
import type { BudgetState } from './state.ts';

// What other rooms ask of a budget that they have read, before they move its money.

/** Pure. Whether the budget can carry this at `now`, in the periods that run then. `cost` in ten-thousandths. */
export const checkEstimate = (
  budget: BudgetState,
  { tokens, cost }: { tokens: number; cost: bigint },
  now: Date,
): BudgetCheck => check(rolled(budget, budget.timeZone, now), { tokens: BigInt(tokens), cost });

/** When the period of a line ends that runs at `now`: as long as an override of it would last (behaviour 6.5). */
export async function periodEnd(
  tx: RawTx,
  projectId: string,
  limitType: BudgetLimitType,
  now: Date,
): Promise<Date> {
  const [budget] = await readBudgets(queryWithin(tx), [projectId], now);
  if (!budget) throw new Error(`the project ${projectId} has no budget`);
  return lineOf(budget.state, limitType).period.end;
}
