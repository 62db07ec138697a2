import { systemActor } from '../identity/viewer.ts';
import type { Aggregate, Decision, VotedApproval } from '../sessions/aggregate.ts';
import { begin, toChange } from '../sessions/draft.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { advance } from './advance.ts';
import { changeProjectApprovalNow } from './change-project-approval.ts';
import { isDue } from './deadlines.ts';
import type { ProjectApprovalDeps } from './seams.ts';

/** The clock's own verb: does what is due on an approval of a session. Nothing where somebody was faster. */
export async function expireApproval({ changeSession }: SessionDeps, id: string): Promise<void> {
  await changeSession({
    approvalId: id,
    decide: (aggregate, now) => decideDue(aggregate, (approval) => approval.id === id, now),
  });
}

/** The same for all that is due in a session, in one change, in the order in which it was due. */
export async function expireApprovalsInSession(
  { changeSession }: SessionDeps,
  sessionId: string,
): Promise<void> {
  await changeSession({
    sessionId,
    withApprovals: true,
    decide: (aggregate, now) => decideDue(aggregate, () => true, now),
  });
}

/** The same for one that belongs to no session. */
export async function expireProjectApproval(deps: ProjectApprovalDeps, id: string): Promise<void> {
  const approval = await deps.prisma.approval.findUnique({ where: { id } });
  if (approval !== null && isDue(approval, deps.clock.now()))
    await changeProjectApprovalNow(deps, 'expire an approval', approval, () => null);
}

function decideDue(
  aggregate: Aggregate | null,
  wanted: (approval: VotedApproval) => boolean,
  now: Date,
): Decision<null> {
  const due = (aggregate?.approvals ?? [])
    .filter((approval) => isDue(approval, now) && wanted(approval))
    .sort((a, b) => a.dueAt!.getTime() - b.dueAt!.getTime());
  if (aggregate === null || due.length === 0) return { reply: null };
  const draft = begin(aggregate);
  for (const approval of due) advance(draft, approval, aggregate.tasks, now);
  return { change: toChange(aggregate, draft, systemActor, now), reply: null };
}
