import { queryWithin } from '../database/query.ts';
import type { Tx } from '../database/transact.ts';
import type { BudgetLimitType } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import type { Ids } from '../kernel/ids.ts';
import { lockBudgets, type Written, writeBudgets } from './book.ts';
import { about } from './move-events.ts';
import { isTokens, withLine } from './rules.ts';
import { toDecimal } from './state.ts';

export interface Override {
  projectId: string;
  limitType: BudgetLimitType;
  /** Tokens, or ten-thousandths of a dollar, as the line counts. */
  amount: bigint;
  approvalId: string;
  actor: Actor;
  now: Date;
}

/**
 * Adds what was granted to one line, until its period ends (behaviour 6.5), in the transaction of the approval; the
 * caller announces the events behind its commit. Locks the budget: behind everything else that the caller locks.
 */
export async function grantOverride(
  tx: Tx,
  ids: Ids,
  { projectId, limitType, amount, approvalId, actor, now }: Override,
): Promise<Written> {
  const query = queryWithin(tx);
  const draft = (await lockBudgets(query, [projectId], now)).get(projectId);
  if (draft === undefined) throw new Error(`the project ${projectId} has no budget`);
  draft.state = withLine(draft.state, limitType, ({ overridden }) => ({ overridden: overridden + amount }));
  draft.events.push({
    ...about(projectId, { actor, teamId: null, sessionId: null }, now),
    type: 'budget_overridden',
    data: { limitType, approvalId, amount: toDecimal(isTokens(limitType) ? amount * 10_000n : amount) },
  });
  return writeBudgets(query, ids, [draft], now);
}
