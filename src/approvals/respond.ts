import { toUnits } from '../budgets/state.ts';
import type { Approval } from '../generated/prisma/client.ts';
import type { ApprovalVerdict } from '../generated/prisma/enums.ts';
import { fingerprintOf, idempotencyOf } from '../idempotency/idempotency.ts';
import { otherHolder } from '../identity/other-holder.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { valueFaults } from '../kernel/json-schema.ts';
import { type Aggregate, inTeam, type VotedApproval } from '../sessions/aggregate.ts';
import { type Draft, putApproval } from '../sessions/draft.ts';
import { assessCall } from './assess-call.ts';
import { changeApproval, type Ruling } from './change-approval.ts';
import { reveal } from '../privacy/reveal.ts';
import { idsIn } from '../privacy/tokens.ts';
import { callOf } from './proposal.ts';
import { voteOnProjectApproval } from './vote-on-project-approval.ts';
import { isCall, isOfSession, isRequester, notFound } from './rules.ts';
import type { ApprovalDeps } from './seams.ts';
import { note, settleInDraft } from './settle.ts';
import { approvalTerms, type Quorum } from './terms.ts';
import { type Ballot, decideVote, type Edit } from './vote.ts';
import { voteData } from './vote-data.ts';

export interface RespondInput {
  verdict: ApprovalVerdict;
  reason?: string | null;
  approvedInput?: Json;
  modifications?: Json;
  /** The digest that the person was shown. */
  actionDigest?: string | null;
  idempotencyKey?: string | null;
}

/** What was found out before the decision, which must not wait for anything. */
export interface PreparedBallot extends Ballot {
  nobodyElse: boolean;
  /** For the digest and the instant that it was signed for, and no other. */
  permit: { token: string; digest: string; expiresAt: Date } | null;
}

export type VoteReply = { approvalId: string };

/** The approval is another one than what was prepared for: it is prepared, and decided, anew. */
class Outdated extends Error {
  override name = 'Outdated';
}

/** How often a vote is prepared anew because somebody edited the input, or a stop was lifted, at that very moment. */
const ATTEMPTS = 10;

/**
 * A person's verdict on any approval (behaviour 5.4, 5.5). Refusals: by its state ALREADY_RESOLVED, CANCELLED, EXPIRED;
 * ALREADY_DECIDED for a second, other vote; REASON_REQUIRED; SELF_APPROVAL (2.6); FORBIDDEN beneath the role that is
 * required; EMERGENCY_STOPPED where a stop holds it; INVALID_INPUT for an edited input that its schema does not accept.
 */
export async function respondToApproval(deps: ApprovalDeps, viewer: Viewer, id: string, input: RespondInput) {
  const faults = new Faults();
  faults.text(['response', 'reason'], input.reason, MAX_MESSAGE);
  faults.json(['response', 'approvedInput'], input.approvedInput);
  faults.json(['response', 'modifications'], input.modifications);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  const idempotency = idempotencyOf(viewer.credentialId, 'respondToApproval', { id, ...input });
  for (let attempt = 1; ; attempt++) {
    const row = await deps.prisma.approval.findUnique({ where: { id } });
    if (row === null || !inScope(viewer, row.projectId)) throw new DomainError([notFound]);
    const ballot = await prepare(deps, viewer, row, input);
    if (!isOfSession(row.kind)) return voteOnProjectApproval(deps, viewer, row, ballot, idempotency);
    try {
      return await changeApproval<VoteReply>(deps, viewer, {
        id,
        idempotency,
        withAuthorization: true,
        decide: (draft, approval, aggregate, now) =>
          take(draft, approval, { ballot, viewer: inTeam(viewer, aggregate), aggregate }, now),
      });
    } catch (error) {
      if (!(error instanceof Outdated) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function prepare(
  deps: ApprovalDeps,
  viewer: Viewer,
  row: Approval,
  input: RespondInput,
): Promise<PreparedBallot> {
  const approves = input.verdict === 'APPROVE';
  const edit =
    approves && isCall(row) && input.approvedInput != null
      ? await editOf(deps, row, input.approvedInput)
      : null;
  const requiredRole = edit?.terms.requiredRole ?? row.requiredRole;
  const nobodyElse =
    approves &&
    viewer.role === 'ADMIN' &&
    isRequester(row, viewer) &&
    !(await otherHolder(deps.prisma, viewer, requiredRole, row.projectId, deps.clock.now()));
  return {
    verdict: input.verdict,
    reason: input.reason ?? null,
    edit: edit ?? (input.approvedInput == null ? null : MISPLACED),
    modifications: input.modifications ?? null,
    seen: input.actionDigest ?? null,
    fingerprint: fingerprintOf({ id: row.id, ...input }),
    nobodyElse,
    permit: approves && isCall(row) ? await permitFor(deps, row, edit) : null,
  };
}

/** An input that came where none belongs: the decision refuses it before it looks at what is in it. */
const MISPLACED: Edit = {
  input: null,
  digest: '',
  assessment: { level: 'LOW', score: 0, factors: [] },
  terms: approvalTerms('LOW', null),
};

/**
 * The input as the approver wants it, held to the schema and assessed like the one that was asked for. A mask that comes back
 * stands for what it masks, and is stored as the mask, wherever it was put: who cannot see what is behind it learns nothing by
 * moving it. One of another call is refused: it would be handed to this one's agent.
 */
async function editOf(deps: ApprovalDeps, stored: Approval, masked: Json): Promise<Edit> {
  const own = idsIn([callOf(stored).inputData, stored.approvedInput]);
  if ([...idsIn(masked)].some((id) => !own.has(id)))
    throw refuse('INVALID_INPUT', 'approvedInput has a mask that the input of this call has not', [
      'response',
      'approvedInput',
    ]);
  const { row, input } = await reveal(deps, stored.projectId, { row: stored, input: masked });
  const call = callOf(row);
  if (call.inputSchema !== null) {
    const faults = valueFaults(call.inputSchema, input, {
      root: ['response', 'approvedInput'],
      schemaName: 'inputSchema',
    });
    if (faults.length > 0) throw new DomainError(faults);
  }
  const { agentName, proposedAction } = call;
  const assessment = await assessInput(deps, row, input);
  return {
    input: masked,
    digest: deps.permits.digestOf({ agentName, proposedAction, input }),
    assessment,
    // As the team had it when this was asked: its terms are fixed (behaviour 4.14).
    terms: approvalTerms(assessment.level, row.quorum as Quorum | null),
  };
}

function assessInput(deps: ApprovalDeps, row: Approval, input: Json) {
  const { agentName, agentType, proposedAction, estimatedTokens, estimatedCost } = callOf(row);
  return assessCall(
    deps,
    { projectId: row.projectId, teamId: row.teamId! },
    {
      agentName,
      agentType,
      proposedAction,
      input,
      estimatedTokens,
      estimatedCost: toUnits(estimatedCost),
    },
  );
}

/** Signed beforehand, for signing waits; given out only where this is what is approved. */
async function permitFor(
  deps: ApprovalDeps,
  row: Approval,
  edit: Edit | null,
): Promise<PreparedBallot['permit']> {
  const digest = edit?.digest ?? row.digest;
  const expiresAt = row.expiresAt!;
  const token = await deps.permits.sign({
    approvalId: row.id,
    projectId: row.projectId,
    digest,
    expiresAt,
    // One permit an approval: whoever keeps a list of those used need not know how it came about.
    jti: row.id,
  });
  return { token, digest, expiresAt };
}

interface Cast {
  ballot: PreparedBallot;
  viewer: Viewer;
  aggregate: Aggregate;
}

/** The vote in the draft, and what it settles. */
function take(
  draft: Draft,
  approval: VotedApproval,
  { ballot, viewer, aggregate }: Cast,
  now: Date,
): Ruling<VoteReply> {
  const reply = { approvalId: approval.id };
  const circumstances = { stopped: aggregate.stopId !== null, nobodyElse: ballot.nobodyElse };
  const outcome = decideVote(approval, ballot, viewer, circumstances, now);
  if (outcome.kind === 'repeated') return { reply, unchanged: true };
  if (outcome.kind === 'refused') return { refusal: outcome.errors };
  const { approval: voted, vote, settles } = outcome;
  const permit = settles === 'APPROVED' ? permitOf(voted, ballot) : null;
  putApproval(draft, voted);
  draft.votes.push(vote);
  note(draft, 'approval_voted', voted, viewer.actor, now, voteData(outcome, ballot));
  if (outcome.override)
    note(draft, 'human_override', voted, viewer.actor, now, { override: 'self_approval' });
  if (settles !== null) {
    const { tasks } = aggregate;
    const { reason, modifications } = ballot;
    const ending = { status: settles, reason, permit, modifications };
    settleInDraft(draft, voted, ending, { tasks, actor: viewer.actor, now });
  }
  return { reply };
}

function permitOf(approval: VotedApproval, { permit }: PreparedBallot): string | null {
  if (!isCall(approval)) return null;
  const fits =
    permit?.digest === approval.digest && permit.expiresAt.getTime() === approval.expiresAt!.getTime();
  if (!fits) throw new Outdated(`what is to be approved has changed: ${approval.id}`);
  return permit.token;
}
