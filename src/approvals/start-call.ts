import type { Task } from '../generated/prisma/client.ts';
import type { Viewer } from '../identity/viewer.ts';
import type { VotedApproval } from '../sessions/aggregate.ts';
import { type Draft, putApproval } from '../sessions/draft.ts';
import { active, mayAct, projectStopped } from '../sessions/rules.ts';
import { changeApproval } from './change-approval.ts';
import { callOf } from './proposal.ts';
import { isCall, mayRun, mayStart, notFound } from './rules.ts';
import type { ApprovalDeps } from './seams.ts';
import { moveTask, note } from './settle.ts';

/**
 * Uses the approval: from here the call may run (behaviour 5.3). Once: the second time is INVALID_STATE, past its expiry
 * EXPIRED, cancelled CANCELLED, beneath a stop EMERGENCY_STOPPED.
 */
export function startAgentCall(deps: ApprovalDeps, viewer: Viewer, id: string) {
  return changeApproval<{ approvalId: string }>(deps, viewer, {
    id,
    decide(draft, call, { session, stopId, tasks }, now) {
      if (!isCall(call)) return { refusal: [notFound] };
      const mine = mayRun(call, viewer);
      if (!mine.ok) return { refusal: [mine.error] };
      if (stopId !== null) return { refusal: [projectStopped] };
      const able = mayStart(call);
      if (!able.ok) return { refusal: [able.error] };
      const live = mayAct(session);
      if (!live.ok) return { refusal: [live.error] };
      startInDraft(draft, call, tasks, viewer, now);
      return { reply: { approvalId: id } };
    },
  });
}

/** The call begins: nothing bounds it any more but its session. */
export function startInDraft(
  draft: Draft,
  call: VotedApproval,
  tasks: readonly Task[],
  viewer: Viewer,
  now: Date,
): VotedApproval {
  const started = { ...call, startedAt: now, dueAt: null };
  putApproval(draft, started);
  moveTask(draft, tasks, started, viewer.actor, now);
  draft.session = active(draft.session, now);
  draft.agents.push({ name: callOf(call).agentName, type: callOf(call).agentType });
  note(draft, 'agent_call_started', started, viewer.actor, now, { digest: call.digest });
  return started;
}
