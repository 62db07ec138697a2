import type { Announcement } from '../events/changes.ts';
import { grantOverride } from '../budgets/grant-override.ts';
import { isTokens } from '../budgets/rules.ts';
import { toUnits } from '../budgets/state.ts';
import type { Ids } from '../kernel/ids.ts';
import { overrideOf } from './proposal.ts';
import type { OnSettled } from './seams.ts';

interface Deps {
  ids: Ids;
  changes: { announce(announcement: Announcement): void };
}

/** A budget override that was approved is granted in the transaction that approves it (behaviour 6.5). */
export const grantApproved =
  ({ ids, changes }: Deps): OnSettled =>
  async (tx, { approval, status, actor, now }) => {
    if (status !== 'APPROVED') return { events: [] };
    const { limitType, requestedAmount } = overrideOf(approval);
    const { projectId, id: approvalId } = approval;
    const units = toUnits(requestedAmount);
    const amount = isTokens(limitType) ? units / 10_000n : units;
    const { events } = await grantOverride(tx, ids, { projectId, limitType, amount, approvalId, actor, now });
    const eventIds = events.map((event) => event.id);
    return { events: [], afterwards: () => changes.announce({ projectId, budget: true, eventIds }) };
  };
