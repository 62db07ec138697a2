import { taskFinished } from '../emergency/conditions.ts';
import type { Approval, Task } from '../generated/prisma/client.ts';
import type { ApprovalStatus } from '../generated/prisma/enums.ts';
import { type Actor, personOf } from '../identity/viewer.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { asJson, type VotedApproval } from '../sessions/aggregate.ts';
import { type Draft, putApproval } from '../sessions/draft.ts';
import { about, isExternal } from '../sessions/rules.ts';
import { responseOf } from './proposal.ts';
import { isCall } from './rules.ts';
import { isFinished, taskAfter } from './task-status.ts';
import { settled } from './vote.ts';

export interface Ending {
  status: Exclude<ApprovalStatus, 'PENDING'>;
  reason: string | null;
  permit?: string | null;
  modifications?: Json;
  /** The runner of its session has to be told; false where the session ends with it. */
  tells?: boolean;
  /** A call that has begun keeps its hold until it is settled or out of time: what it does may cost all the same. */
  keepsBegun?: boolean;
  /** What let it through in a person's place. */
  standing?: JsonObject;
}

/**
 * An approval of a session is settled: its hold given back where nothing will be spent of it, its task moved, its runner
 * told. `tasks` are those that were read with it.
 */
export function settleInDraft(
  draft: Draft,
  approval: VotedApproval,
  ending: Ending,
  { tasks, actor, now }: { tasks: readonly Task[]; actor: Actor; now: Date },
): void {
  const told = (ending.tells ?? true) && !isExternal(draft.session);
  const after: VotedApproval = {
    ...settled(approval, ending.status, { ...ending, by: actor }, now),
    delivery: told ? 'PENDING' : 'UNANSWERED',
  };
  putApproval(draft, after);
  const begun = ending.keepsBegun === true && after.startedAt !== null;
  if (isCall(after) && after.status !== 'APPROVED' && !begun) releaseHold(draft, after);
  if (!isCall(after) && after.status !== 'REQUIRES_MODIFICATION') closeCall(draft, after);
  moveTask(draft, tasks, after, actor, now);
  draft.session = { ...draft.session, lastActivity: now };
  draft.drive ||= told;
  note(draft, 'approval_resolved', after, actor, now, {
    kind: after.kind,
    status: after.status,
    digest: after.digest,
    reason: ending.reason,
    ...ending.standing,
  });
}

/** What an approval's event is about, in its session. */
export function note(
  draft: Draft,
  type:
    | 'approval_resolved'
    | 'approval_voted'
    | 'approval_timeout_warning'
    | 'agent_call_started'
    | 'human_override'
    | 'safety_alert'
    | 'agent_approval_requested'
    | 'response_approval_requested',
  { id }: Approval,
  actor: Actor,
  now: Date,
  data: JsonObject,
): void {
  draft.events.push({ ...about(draft.session, actor, now), type, subjectId: id, data });
}

/** Nothing will be spent of it. Where an answer has settled it, there is nothing to give back. */
function releaseHold(draft: Draft, { projectId, reservationId, settledAt }: Approval): void {
  if (reservationId !== null && settledAt === null)
    draft.money.push({ kind: 'release', projectId, reservationId });
}

/** The call whose answer was settled takes no other. */
function closeCall(draft: Draft, response: Approval): void {
  const call = draft.approvals.find(({ id }) => id === response.callId);
  if (call?.open) putApproval(draft, { ...call, open: false });
}

/** The task as its approvals now have it. */
export function moveTask(
  draft: Draft,
  tasks: readonly Task[],
  changed: Approval,
  actor: Actor,
  now: Date,
): void {
  const task = taskOf(draft, tasks, changed.taskId);
  if (task === null) return;
  const moved = taskAfter(task, changed, draft.approvals, now);
  if (moved === task) return;
  const done = moved.status === 'COMPLETED' && changed.kind === 'RESPONSE';
  putTask(draft, done ? { ...moved, ...resultOf(changed) } : moved);
  if (!isFinished(moved)) return;
  // One that was rejected or cancelled is neither a failure nor a success of its agent (behaviour 7.1).
  if (done) draft.signals.push(taskFinished(actor));
  draft.events.push({
    ...about(draft.session, actor, now),
    type: 'task_finished',
    subjectId: moved.id,
    data: { agentName: moved.agentName, status: moved.status },
  });
}

/** Whoever answered said it, and not whoever approved that. */
const resultOf = (answer: Approval) => ({
  result: asJson(responseOf(answer).response),
  finishedById: personOf(answer.requestedBy as Actor),
});

/** As the draft has it by now, else as it was read. */
export const taskOf = (draft: Draft, tasks: readonly Task[], id: string | null): Task | null =>
  draft.tasks.find((task) => task.id === id) ?? tasks.find((task) => task.id === id) ?? null;

export function putTask(draft: Draft, task: Task): void {
  const at = draft.tasks.findIndex(({ id }) => id === task.id);
  draft.tasks.splice(at === -1 ? draft.tasks.length : at, at === -1 ? 0 : 1, task);
}
