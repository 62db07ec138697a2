import type { Task } from '../generated/prisma/client.ts';
import { inScope, type Actor, personOf, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError } from '../kernel/errors.ts';
import type { Change, VotedApproval } from '../sessions/aggregate.ts';
import type { Draft } from '../sessions/draft.ts';
import { changeApproval } from './change-approval.ts';
import {
  changeProjectApprovalNow,
  type DecideProjectApproval,
  resolvedEvent,
} from './change-project-approval.ts';
import { expireProjectApproval } from './expire.ts';
import { isCall, isOfSession, isPending, mayCancel, notFound } from './rules.ts';
import type { ApprovalDeps } from './seams.ts';
import { type Ending, settleInDraft } from './settle.ts';
import { settled } from './vote.ts';

/**
 * Takes a request back, by whoever made it or a person: a call also after it was approved, until its answer is settled,
 * with the answer that waits. What is held for it is given back (behaviour 5.2).
 */
export async function cancelApproval(
  deps: ApprovalDeps,
  viewer: Viewer,
  id: string,
  reason: string | null,
): Promise<{ reply: { approvalId: string }; change: Change | null }> {
  const faults = new Faults();
  faults.text(['reason'], reason, MAX_MESSAGE);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const row = await deps.prisma.approval.findUnique({ where: { id } });
  if (row === null || !inScope(viewer, row.projectId)) throw new DomainError([notFound]);
  if (isOfSession(row.kind)) return cancelInSession(deps, viewer, id, reason);
  await expireProjectApproval(deps, row.id);
  const whose = { projectId: row.projectId, saidById: personOf(viewer.actor) };
  const { words, kept } = await deps.privacy.takeOut(whose, { reason });
  const cancel: DecideProjectApproval = (approval, { now }) => {
    const able = mayCancel(approval, viewer);
    if (!able.ok) throw new DomainError([able.error]);
    const cancelled = settled(approval, 'CANCELLED', { by: viewer.actor, ...words }, now);
    const events = [resolvedEvent(cancelled, viewer.actor, now)];
    return { approval: cancelled, events, settledBy: viewer.actor };
  };
  await changeProjectApprovalNow(deps, 'cancel an approval', row, cancel, kept);
  return { reply: { approvalId: id }, change: null };
}

const cancelInSession = (deps: ApprovalDeps, viewer: Viewer, id: string, reason: string | null) =>
  changeApproval<{ approvalId: string }>(deps, viewer, {
    id,
    decide(draft, approval, { tasks }, now) {
      const able = mayCancel(approval, viewer);
      if (!able.ok) return { refusal: [able.error] };
      cancelInDraft(draft, approval, { reason, tells: true }, { tasks, actor: viewer.actor, now });
      return { reply: { approvalId: id } };
    },
  });

interface Circumstances {
  tasks: readonly Task[];
  actor: Actor;
  now: Date;
}

/** The answer that waits goes with its call. */
function cancelInDraft(
  draft: Draft,
  approval: VotedApproval,
  ending: Pick<Ending, 'reason' | 'tells' | 'keepsBegun'>,
  circumstances: Circumstances,
): void {
  const answers = draft.approvals.filter((other) => other.callId === approval.id && isPending(other));
  for (const each of [...answers, approval]) {
    const standing = draft.approvals.find(({ id }) => id === each.id)!;
    settleInDraft(draft, standing, { status: 'CANCELLED', ...ending }, circumstances);
  }
}

/**
 * Cancels everything open of a session that ends. Nobody is left to be told. A call that has begun may be at work, and may
 * hand in its figures yet (behaviour 5.3).
 */
export function cancelAllOpen(draft: Draft, reason: string | null, circumstances: Circumstances): void {
  const open = draft.approvals.filter(
    (approval) => approval.open && (isPending(approval) || isCall(approval)),
  );
  // Answers go with their calls, so that each is settled once.
  const calls = open.filter(isCall);
  const alone = open.filter(({ callId }) => !calls.some(({ id }) => id === callId) && callId !== null);
  for (const approval of [...calls, ...alone])
    cancelInDraft(draft, approval, { reason, tells: false, keepsBegun: true }, circumstances);
}
