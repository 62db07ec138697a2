import type { Task } from '../generated/prisma/client.ts';
import { type Actor, systemActor } from '../identity/viewer.ts';
import { addSeconds } from '../kernel/clock.ts';
import type { VotedApproval } from '../sessions/aggregate.ts';
import type { Draft } from '../sessions/draft.ts';
import { about } from '../sessions/rules.ts';
import { findStanding } from '../standing/candidates.ts';
import { readInForce } from '../supervision/in-force.ts';
import { toDecimal } from '../budgets/state.ts';
import type { Prepared } from './request-call.ts';
import type { ApprovalDeps } from './seams.ts';
import { settleInDraft } from './settle.ts';
import { approvalTerms, type ApprovalTerms, quorumOf, timeoutMinutes } from './terms.ts';

// A call that a standing approval lets through (behaviour 5.9) is asked for and approved in one change. Which one lets it
// through is found before the decision, for conditions and signing wait; that it still does is decided by the write.

/** One that lets a call through, with all that could not be made in the decision. */
export interface StandingPass {
  standingId: string;
  grantedBy: Actor;
  approvalId: string;
  expiresAt: Date;
  /** What `expiresAt` was counted by. */
  minutes: number;
  permit: string;
}

/** The permit was signed for another expiry than the call would have by now: it is prepared anew. */
export class PassOutdated extends Error {
  override name = 'PassOutdated';
}

export async function standingPass(
  deps: ApprovalDeps,
  { projectId, teamId }: { projectId: string; teamId: string },
  { viewer, input, cost, digest, assessment }: Omit<Prepared, 'pass'>,
): Promise<StandingPass | null> {
  const now = deps.clock.now();
  const call = {
    agentName: input.agentName,
    action: input.proposedAction,
    input: input.inputData,
    riskLevel: assessment.level,
    requiredApprovals: 1,
    cost,
    requestedById: viewer.actor.id,
  };
  const standing = await findStanding(deps.prisma, teamId, call, now);
  if (standing === null) return null;
  const configuration = await readInForce(deps.prisma, teamId);
  if (approvalTerms(assessment.level, quorumOf(configuration)).requiredApprovals > 1) return null;
  const minutes = input.timeoutMinutes ?? timeoutMinutes(configuration);
  const approvalId = deps.ids.next('approval');
  const expiresAt = addSeconds(now, minutes * 60);
  const permit = await deps.permits.sign({ approvalId, projectId, digest, expiresAt, jti: approvalId });
  return { standingId: standing.id, grantedBy: standing.grantedBy, approvalId, expiresAt, minutes, permit };
}

/**
 * What of it stands at the decision, on the configuration that is in force by then: null where several must approve, and
 * a person is asked. Throws PassOutdated.
 */
export function standingPassNow(
  pass: StandingPass | null,
  { minutes, terms }: { minutes: number; terms: ApprovalTerms },
  now: Date,
): StandingPass | null {
  if (pass === null || terms.requiredApprovals > 1) return null;
  if (pass.minutes !== minutes || pass.expiresAt <= now)
    throw new PassOutdated(`the call would expire otherwise than its permit: ${pass.approvalId}`);
  return pass;
}

/** The call is approved at once, and what that takes of the standing approval is counted with it. */
export function letThrough(
  draft: Draft,
  approval: VotedApproval,
  { pass, cost, tasks }: { pass: StandingPass; cost: bigint; tasks: readonly Task[] },
  now: Date,
): void {
  const { standingId, grantedBy, permit } = pass;
  draft.standing.push({ kind: 'use', standingId, cost });
  draft.events.push({
    ...about(draft.session, systemActor, now),
    type: 'standing_approval_used',
    subjectId: standingId,
    data: { approvalId: approval.id, estimatedCost: toDecimal(cost), grantedBy },
  });
  settleInDraft(
    draft,
    { ...approval, standingId },
    {
      status: 'APPROVED',
      reason: null,
      permit,
      // Whoever asked hears it in the answer to the asking.
      tells: false,
      standing: { standingId, grantedBy },
    },
    { tasks, actor: systemActor, now },
  );
}
