import type { Approval } from '../generated/prisma/client.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { remembering } from '../idempotency/remember.ts';
import { personOf, type Viewer } from '../identity/viewer.ts';
import { DomainError } from '../kernel/errors.ts';
import type { NewEvent } from '../events/append.ts';
import {
  announceApproval,
  changeProjectApproval,
  projectEvent,
  type ProjectRuling,
  resolvedEvent,
  type Written,
} from './change-project-approval.ts';
import { expireProjectApproval } from './expire.ts';
import type { PreparedBallot, VoteReply } from './respond.ts';
import type { ApprovalDeps } from './seams.ts';
import { decideVote, settled } from './vote.ts';
import { voteData } from './vote-data.ts';

/** A person's verdict on an approval that belongs to no session: the same decision, under the locks that it takes. */
export async function voteOnProjectApproval(
  deps: ApprovalDeps,
  viewer: Viewer,
  row: Approval,
  said: PreparedBallot,
  idempotency: Idempotency | null,
): Promise<{ reply: VoteReply; change: null }> {
  // By itself: what the clock had due stands whether or not the vote is taken.
  await expireProjectApproval(deps, row.id);
  const whose = { projectId: row.projectId, saidById: personOf(viewer.actor) };
  // What it asks to be changed names steps, tasks, sessions and figures, and is refused where it says more (behaviour 7.5).
  const { words, kept } = await deps.privacy.takeOut(whose, { reason: said.reason });
  const ballot = { ...said, ...words };
  let written: Written | null = null;
  const { reply, repeated } = await remembering(deps, 'decide an approval', idempotency, async (tx) => {
    written = await changeProjectApproval(tx, deps, row, (approval, { stopped, now }) => {
      const circumstances = { stopped, nobodyElse: ballot.nobodyElse };
      const outcome = decideVote(approval, ballot, viewer, circumstances, now);
      if (outcome.kind === 'refused') throw new DomainError(outcome.errors);
      return outcome.kind === 'repeated' ? null : ruled(outcome, ballot, viewer, now);
    });
    if (written !== null) await deps.vault.keep(tx, kept);
    return { approvalId: row.id };
  });
  if (!repeated) announceApproval(deps, written);
  return { reply, change: null };
}

function ruled(
  outcome: Extract<ReturnType<typeof decideVote>, { kind: 'cast' }>,
  ballot: PreparedBallot,
  { actor }: Viewer,
  now: Date,
): ProjectRuling {
  const { approval: voted, vote, settles, override } = outcome;
  const { reason, modifications } = ballot;
  const approval =
    settles === null ? voted : settled(voted, settles, { by: actor, reason, modifications }, now);
  const events: NewEvent[] = [projectEvent(voted, 'approval_voted', actor, now, voteData(outcome, ballot))];
  if (override) events.push(projectEvent(voted, 'human_override', actor, now, { override: 'self_approval' }));
  if (settles !== null) events.push(resolvedEvent(approval, actor, now));
  return { approval, vote, events, settledBy: settles === null ? null : actor };
}
