import type { Approval, ApprovalVote } from '../generated/prisma/client.ts';
import type { ApprovalStatus, ApprovalVerdict, Role } from '../generated/prisma/enums.ts';
import { roles, satisfies } from '../identity/permissions.ts';
import { takenFrom } from '../identity/team-roles.ts';
import { type Actor, personOf, type Viewer } from '../identity/viewer.ts';
import type { UserError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { asJson, deny, type VotedApproval } from '../sessions/aggregate.ts';
import { projectStopped } from '../sessions/rules.ts';
import { nextDue } from './deadlines.ts';
import {
  approvalsGiven,
  countingVotes,
  isOfRecovery,
  isRequester,
  mayStillDecide,
  settledBy,
} from './rules.ts';
import type { RiskAssessment } from './seams.ts';
import type { ApprovalTerms } from './terms.ts';

/** A call's input as its approver wants it, with what was found out about it. */
export interface Edit {
  /** As it is stored: masks that came back stay where they are (behaviour 8.8). The rest is of what they stand for. */
  input: Json;
  digest: string;
  assessment: RiskAssessment;
  terms: ApprovalTerms;
}

/** One person's word on one approval. */
export interface Ballot {
  verdict: ApprovalVerdict;
  reason: string | null;
  edit: Edit | null;
  modifications: Json;
  /** The digest that the person was shown, where they say so. */
  seen: string | null;
  /** SHA-256 of the arguments, to know a repeat by. */
  fingerprint: string;
}

/** What is known of the matter beside the approval itself. */
export interface Circumstances {
  /** An emergency stop is in force in the project. */
  stopped: boolean;
  /** Nobody else could approve it: an ADMIN then may, also what they asked for (behaviour 2.6). */
  nobodyElse: boolean;
}

export type VoteOutcome =
  /** The same vote once more: the first result (behaviour 5.4). */
  | { kind: 'repeated' }
  | { kind: 'refused'; errors: UserError[] }
  | {
      kind: 'cast';
      vote: ApprovalVote;
      /** With the vote, and the edit, in it; still PENDING. */
      approval: VotedApproval;
      /** What the vote settles, or null where more are needed. */
      settles: Exclude<ApprovalStatus, 'PENDING'> | null;
      /** Somebody approved what they asked for, because nobody else could. */
      override: boolean;
    };

/** Decides one vote: the one decision behind every door that takes one. `approval` stands as the clock has it. */
export function decideVote(
  approval: VotedApproval,
  ballot: Ballot,
  viewer: Viewer,
  { stopped, nobodyElse }: Circumstances,
  now: Date,
): VoteOutcome {
  const before = countingVotes(approval).find(({ actorId }) => actorId === viewer.actor.id);
  if (before?.fingerprint === ballot.fingerprint) return { kind: 'repeated' };
  const error =
    standing(approval, before) ??
    wellFormed(approval, ballot) ??
    unseen(approval, ballot) ??
    held(approval, ballot, stopped) ??
    beneath(viewer, approval.requiredRole);
  if (error) return { kind: 'refused', errors: [error] };
  const self = ballot.verdict === 'APPROVE' && isRequester(approval, viewer);
  if (self && !(viewer.role === 'ADMIN' && nobodyElse))
    return refused('SELF_APPROVAL', 'nobody approves what they asked for themselves');
  const edited = ballot.edit === null ? approval : withEdit(approval, ballot.edit);
  const tooLow = beneath(viewer, edited.requiredRole);
  if (tooLow) return { kind: 'refused', errors: [tooLow] };
  const vote = voteOf(edited, ballot, viewer, now);
  const voted = { ...edited, votes: [...edited.votes, vote] };
  return { kind: 'cast', vote, approval: voted, settles: settles(voted, ballot.verdict), override: self };
}

const refused = (...args: Parameters<typeof deny>): VoteOutcome => {
  const { error } = deny(...args) as { error: UserError };
  return { kind: 'refused', errors: [error] };
};

const faultOf = (...args: Parameters<typeof deny>): UserError =>
  (deny(...args) as { error: UserError }).error;

/** Whoever has voted is told so, whatever came of it; unless nothing can come of it any more. */
function standing(approval: Approval, before: ApprovalVote | undefined): UserError | null {
  const open = mayStillDecide(approval);
  const gone = approval.status === 'CANCELLED' || approval.status === 'TIMED_OUT';
  if (before && !gone) return faultOf('ALREADY_DECIDED', `you have voted already: ${before.verdict}`);
  return open.ok ? null : open.error;
}

/** What each verdict takes, and on which kinds (behaviour 5.4, 5.5). */
function wellFormed({ kind }: Approval, { verdict, reason, edit, modifications }: Ballot): UserError | null {
  if (verdict === 'REQUEST_MODIFICATION' && kind !== 'RESPONSE')
    return faultOf('INVALID_INPUT', 'REQUEST_MODIFICATION is for responses alone', ['response', 'verdict']);
  if (edit !== null && (verdict !== 'APPROVE' || kind !== 'AGENT_CALL'))
    return faultOf('INVALID_INPUT', 'approvedInput goes with APPROVE of an agent call', [
      'response',
      'approvedInput',
    ]);
  const modifies =
    (kind === 'RESPONSE' && verdict === 'REQUEST_MODIFICATION') ||
    (kind === 'RECOVERY_PLAN' && verdict === 'APPROVE');
  if (modifications !== null && !modifies)
    return faultOf(
      'INVALID_INPUT',
      'modifications go with REQUEST_MODIFICATION of a response, or APPROVE of a recovery plan',
      ['response', 'modifications'],
    );
  if (verdict !== 'APPROVE' && (reason === null || reason.trim() === ''))
    return faultOf('REASON_REQUIRED', `${verdict} needs a reason`, ['response', 'reason']);
  return null;
}

/** Consent is to what was shown (behaviour 5.6): who says what that was is asked again once it is something else. */
function unseen({ digest }: Approval, { seen, verdict }: Ballot): UserError | null {
  if (seen === null || seen === digest || verdict !== 'APPROVE') return null;
  return faultOf('INVALID_STATE', `actionDigest is not that of what stands now: ${digest}`, [
    'response',
    'actionDigest',
  ]);
}

/** Beneath a stop nothing is granted, nor asked to be done over (behaviour 7.2). */
function held({ kind, frozenAt }: Approval, { verdict }: Ballot, stopped: boolean): UserError | null {
  if (isOfRecovery(kind) || verdict === 'REJECT') return null;
  return stopped || frozenAt !== null ? projectStopped : null;
}

function beneath(viewer: Viewer, required: Role): UserError | null {
  if (satisfies(viewer.role, required)) return takenFrom(viewer, 'approval.respond');
  return faultOf('FORBIDDEN', `this must be decided by someone with the role ${required} or a higher one`);
}

/** Another thing to consent to: the votes begin anew, and what is asked of approvers may rise, never fall (5.4). */
function withEdit(approval: VotedApproval, { input, digest, assessment, terms }: Edit): VotedApproval {
  return {
    ...approval,
    approvedInput: asJson(input),
    digest,
    round: approval.round + 1,
    assessment: asJson(assessment),
    riskLevel: assessment.level,
    requiredRole: higher(approval.requiredRole, terms.requiredRole),
    requiredApprovals: Math.max(approval.requiredApprovals, terms.requiredApprovals),
  };
}

const higher = (a: Role, b: Role): Role => (roles.indexOf(a) >= roles.indexOf(b) ? a : b);

function voteOf(
  { id, round, digest }: Approval,
  { verdict, reason, fingerprint }: Ballot,
  { actor }: Viewer,
  now: Date,
): ApprovalVote {
  return {
    approvalId: id,
    round,
    actorId: actor.id,
    verdict,
    actor: asJson(actor),
    reason,
    digest,
    fingerprint,
    decidedAt: now,
  };
}

function settles(
  approval: VotedApproval,
  verdict: ApprovalVerdict,
): Exclude<ApprovalStatus, 'PENDING'> | null {
  if (verdict !== 'APPROVE') return settledBy[verdict];
  return approvalsGiven(approval) >= approval.requiredApprovals ? 'APPROVED' : null;
}

/** The approval once it is settled; `due`: what the clock still has to do about a call that may start. */
export function settled(
  approval: VotedApproval,
  status: Exclude<ApprovalStatus, 'PENDING'>,
  {
    by,
    reason,
    permit = null,
    modifications = null,
  }: { by: Actor; reason: string | null; permit?: string | null; modifications?: Json },
  now: Date,
): VotedApproval {
  const startable = approval.kind === 'AGENT_CALL' && status === 'APPROVED';
  return {
    ...approval,
    status,
    respondedAt: now,
    permit,
    rejectionReason: status === 'APPROVED' ? null : reason,
    modifications: asJson(modifications),
    settledById: personOf(by),
    frozenAt: null,
    dueAt: startable ? nextDue(approval) : null,
    open: startable,
  };
}
