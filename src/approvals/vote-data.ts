import { approvalsGiven } from './rules.ts';
import type { Ballot, VoteOutcome } from './vote.ts';

/** What the event of a vote says. */
export const voteData = ({ vote, approval }: Extract<VoteOutcome, { kind: 'cast' }>, ballot: Ballot) => ({
  kind: approval.kind,
  verdict: vote.verdict,
  reason: vote.reason,
  digest: vote.digest,
  round: vote.round,
  edited: ballot.edit !== null,
  approvals: approvalsGiven(approval),
  requiredApprovals: approval.requiredApprovals,
  requiredRole: approval.requiredRole,
});
