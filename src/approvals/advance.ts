import type { Approval, Task } from '../generated/prisma/client.ts';
import { systemActor } from '../identity/viewer.ts';
import type { VotedApproval } from '../sessions/aggregate.ts';
import { type Draft, putApproval } from '../sessions/draft.ts';
import { type ClockMove, clockMoves, nextDue } from './deadlines.ts';
import { note, settleInDraft } from './settle.ts';

/** What an expiry says of itself. */
export const NOT_IN_TIME = 'nobody decided, or nothing was started, in time';

/** People were told that its time is running out. */
export const warned = <A extends Approval>(approval: A): A => ({
  ...approval,
  warned: true,
  dueAt: nextDue({ ...approval, warned: true }),
});

export const warningData = ({ kind, expiresAt }: Approval) => ({ kind, expiresAt: expiresAt!.toISOString() });

/**
 * Does what the clock had due on an approval of a session by `now`, so that whatever is decided next is decided on the
 * state that its deadline prescribes, whether or not the sweep has come by yet (behaviour 5.7). Answers with the
 * approval as it then stands: the same one where nothing was due.
 */
export function advance(
  draft: Draft,
  approval: VotedApproval,
  tasks: readonly Task[],
  now: Date,
): VotedApproval {
  for (const move of clockMoves(approval, now)) apply(draft, approval.id, move, tasks, now);
  return draft.approvals.find(({ id }) => id === approval.id)!;
}

function apply(draft: Draft, id: string, move: ClockMove, tasks: readonly Task[], now: Date): void {
  const approval = draft.approvals.find((item) => item.id === id)!;
  switch (move.kind) {
    case 'warned':
      putApproval(draft, warned(approval));
      return note(draft, 'approval_timeout_warning', approval, systemActor, now, warningData(approval));
    case 'expired':
      return settleInDraft(
        draft,
        approval,
        { status: 'TIMED_OUT', reason: NOT_IN_TIME },
        { tasks, actor: systemActor, now },
      );
  }
}
