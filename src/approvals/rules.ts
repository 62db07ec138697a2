import type { VotedApproval } from '../sessions/aggregate.ts';
import type { Approval, ApprovalVote } from '../generated/prisma/client.ts';
import type { ApprovalKind, ApprovalStatus, ApprovalVerdict } from '../generated/prisma/enums.ts';
import { assertNever } from '../kernel/assert-never.ts';
import type { Actor, Viewer } from '../identity/viewer.ts';
import type { UserError } from '../kernel/errors.ts';
import { allow, deny, type Outcome } from '../sessions/aggregate.ts';

// The states of an approval, and who moves it (behaviour 5):
//
//   AGENT_CALL   (asked, covered by a standing approval ─▶ APPROVED at once)
//                PENDING ──quorum──▶ APPROVED ──startAgentCall──▶ started ──its answer is settled──▶ closed
//                   │                   └──the clock, not started──▶ TIMED_OUT          │
//                   ├──first REJECT──▶ REJECTED                                         │ submitAgentResponse
//                   └──the clock──▶ TIMED_OUT                                           ▼
//   RESPONSE     PENDING ──quorum──▶ APPROVED                     each answer is an approval of its own
//                   ├──first REJECT──▶ REJECTED
//                   └──REQUEST_MODIFICATION──▶ REQUIRES_MODIFICATION ──the agent submits again──▶ another RESPONSE
//   BUDGET_OVERRIDE, RECOVERY_PLAN, RECOVERY_STEP
//                PENDING ──quorum──▶ APPROVED   ──first REJECT──▶ REJECTED   ──period over (overrides)──▶ TIMED_OUT
//   any of them  PENDING, and a call until its answer is settled, ──requester, a person, its session's end──▶ CANCELLED
//
//   While an emergency stop holds it (`frozenAt`; never a RECOVERY_*), it can be rejected or cancelled, nothing else
//   (behaviour 7.2). The stop itself cancels calls that were approved and not started.
//
// Who moves it: people by votes (`decideVote`, the one decision behind every door); the agent by starting and submitting;
// the clock (deadlines.ts). What belongs to a session moves with it, so the session's version settles every race: vote
// against vote, edit, start, submission, expiry, cancelling, the session's end, a stop. What belongs to none is settled
// by its own version, and by the project's row where a stop forbids it.
//
// Invariants
//   A call starts at most once, and only as APPROVED: by `requiredApprovals` different people, none of them who asked
//   for it, each of whom voted for exactly `digest` in the present `round`; or, in the very change that asks it, by a
//   standing approval (`standingId`, standing/rules.ts), where one approval is enough.
//   An edit makes another digest and another round; the votes before it count no more. Role and number never fall.
//   A call's hold ends once: settled by the first answer, or given back when it is rejected, expires or is cancelled.
//   `open` holds while the session must reckon with it: pending, or a call whose answer is not settled. A call has at
//   most one RESPONSE that is open.

export const notFound: UserError = { code: 'NOT_FOUND', message: 'there is no such approval' };

export const isPending = ({ status }: Pick<Approval, 'status'>): boolean => status === 'PENDING';
export const isCall = ({ kind }: Pick<Approval, 'kind'>): boolean => kind === 'AGENT_CALL';

/** Its session is not silent: people have yet to decide, or what they approved has yet to begin, and has a deadline. */
export const waitsForPeople = (approval: Approval): boolean => isPending(approval) || approval.dueAt !== null;

/** Lifts a stop, so that no stop holds it (behaviour 7.4). */
export const isOfRecovery = (kind: ApprovalKind): boolean =>
  kind === 'RECOVERY_PLAN' || kind === 'RECOVERY_STEP';

/** Part of a session, and changed with it alone. */
export const isOfSession = (kind: ApprovalKind): boolean => kind === 'AGENT_CALL' || kind === 'RESPONSE';

export const requesterOf = ({ requestedBy }: Pick<Approval, 'requestedBy'>): Actor =>
  requestedBy as unknown as Actor;

/** The very credential (of an agent) or person that asked. */
export const isRequester = (approval: Pick<Approval, 'requestedBy'>, viewer: Viewer): boolean =>
  requesterOf(approval).id === viewer.actor.id;

/** Why an approval that is no longer pending takes no vote (behaviour 5.4). */
export function mayStillDecide({ status }: Pick<Approval, 'status'>): Outcome<null> {
  switch (status) {
    case 'PENDING':
      return allow(null);
    case 'APPROVED':
    case 'REJECTED':
    case 'REQUIRES_MODIFICATION':
      return deny('ALREADY_RESOLVED', `already decided: ${status}`);
    case 'CANCELLED':
      return deny('CANCELLED', 'the request was cancelled');
    case 'TIMED_OUT':
      return deny('EXPIRED', 'the request timed out');
    default:
      return assertNever(status);
  }
}

/** The votes that count: of the present round, for exactly what may run. */
export const countingVotes = ({ votes, round, digest }: VotedApproval): readonly ApprovalVote[] =>
  votes.filter((vote) => vote.round === round && vote.digest === digest);

/** What of a task must be settled before the task can be finished. */
export const openOf = (approvals: readonly Approval[], taskId: string): Approval | undefined =>
  approvals.find((approval) => approval.taskId === taskId && approval.open);

/** How many different people have approved what stands. */
export const approvalsGiven = (approval: VotedApproval): number =>
  new Set(
    countingVotes(approval)
      .filter(({ verdict }) => verdict === 'APPROVE')
      .map(({ actorId }) => actorId),
  ).size;

/** What status a verdict leads to where it settles the matter. */
export const settledBy = {
  APPROVE: 'APPROVED',
  REJECT: 'REJECTED',
  REQUEST_MODIFICATION: 'REQUIRES_MODIFICATION',
} as const satisfies Record<ApprovalVerdict, ApprovalStatus>;

/** Whether this viewer may begin the call, or answer it: who asked, or any agent of the project where an agent did. */
export function mayRun(call: Approval, viewer: Viewer): Outcome<null> {
  if (isRequester(call, viewer)) return allow(null);
  if (viewer.role === 'AGENT' && requesterOf(call).kind === 'AGENT') return allow(null);
  return deny('FORBIDDEN', `this call is for ${requesterOf(call).name} to make`);
}

/** Whether an approved call may begin now (behaviour 5.3). Its expiry has been looked at already: it shows as TIMED_OUT. */
export function mayStart({ status, startedAt }: Approval): Outcome<null> {
  switch (status) {
    case 'APPROVED':
      return startedAt === null ? allow(null) : deny('INVALID_STATE', 'the call was started already');
    case 'PENDING':
      return deny('INVALID_STATE', 'the call is not approved yet');
    case 'REJECTED':
    case 'REQUIRES_MODIFICATION':
      return deny('INVALID_STATE', `the call is ${status}`);
    case 'CANCELLED':
      return deny('CANCELLED', 'the call was cancelled');
    case 'TIMED_OUT':
      return deny('EXPIRED', 'the approval expired before the call was started');
    default:
      return assertNever(status);
  }
}

/** Whether an answer to the call can be taken (behaviour 5.3). `pending`: its answers that are being decided. */
export function mayAnswer(call: Approval, pending: readonly Approval[]): Outcome<null> {
  if (call.startedAt === null) return mayStart(call);
  if (call.status === 'CANCELLED') return deny('CANCELLED', 'the call was cancelled');
  if (pending.length > 0) return deny('INVALID_STATE', 'an answer to this call waits for a decision');
  return call.open ? allow(null) : deny('INVALID_STATE', 'the answer to this call was settled already');
}

/** Whether it can be taken back: while it is pending, and a call also until its answer is settled. */
export function mayCancel(approval: Approval, viewer: Viewer): Outcome<null> {
  if (!isRequester(approval, viewer) && viewer.role === 'AGENT')
    return deny('FORBIDDEN', `this was asked by ${requesterOf(approval).name}`);
  if (isCall(approval) && approval.status === 'APPROVED' && approval.open) return allow(null);
  return mayStillDecide(approval);
}
