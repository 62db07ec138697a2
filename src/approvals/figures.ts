import { toUnits } from '../budgets/state.ts';
import type { Ids } from '../kernel/ids.ts';
import type { VotedApproval } from '../sessions/aggregate.ts';
import { type Draft, putApproval } from '../sessions/draft.ts';
import { callOf } from './proposal.ts';

/** What a call really took. */
export interface Figures {
  tokens: number;
  /** Ten-thousandths of a dollar. */
  cost: bigint;
}

/**
 * Commits a call's real figures in the draft (behaviour 5.3). The first answer settles the hold, whatever becomes of
 * the answer. A later one that is accepted was worked for anew, and is spent beside it; one that is refused is taken for
 * a repeat of figures that are in the books. False: there was nothing to commit.
 */
export function commitFigures(
  { ids }: { ids: Ids },
  draft: Draft,
  call: VotedApproval,
  { tokens, cost, accepted }: Figures & { accepted: boolean },
  now: Date,
): boolean {
  const { projectId } = call;
  countExcess(draft, call, { cost, accepted });
  if (call.settledAt === null) {
    const reservationId = call.reservationId!;
    forgetRelease(draft, reservationId);
    putApproval(draft, { ...call, settledAt: now });
    draft.money.push({ kind: 'settle', projectId, reservationId, tokens, cost });
    return true;
  }
  if (!accepted) return false;
  const reservationId = ids.next('reservation');
  draft.money.push({
    kind: 'spend',
    projectId,
    reservationId,
    tokens,
    cost,
    approvalId: call.id,
    createdAt: now,
  });
  return true;
}

/**
 * What let the call through has counted its estimate. What its answers come to beyond that counts as well (behaviour 5.9);
 * of a later answer, all of it does.
 */
function countExcess(
  draft: Draft,
  call: VotedApproval,
  { cost, accepted }: Pick<Figures, 'cost'> & { accepted: boolean },
): void {
  const { standingId, settledAt } = call;
  if (standingId === null || (settledAt !== null && !accepted)) return;
  const excess = settledAt === null ? cost - toUnits(callOf(call).estimatedCost) : cost;
  if (excess > 0n) draft.standing.push({ kind: 'excess', standingId, cost: excess });
}

/** The clock gave the hold back in this very change: settling it frees it as well. */
function forgetRelease(draft: Draft, reservationId: string): void {
  const release = draft.money.findIndex((move) => move.reservationId === reservationId);
  if (release !== -1) draft.money.splice(release, 1);
}
