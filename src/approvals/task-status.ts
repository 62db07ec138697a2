import type { Approval, Task } from '../generated/prisma/client.ts';
import type { TaskStatus } from '../generated/prisma/enums.ts';
import { assertNever } from '../kernel/assert-never.ts';
import { isCall, isPending } from './rules.ts';

// What approvals make of the task that they are about.
//
//   made for the call    AWAITING_APPROVAL ──▶ PENDING ──▶ RUNNING ──▶ AWAITING_RESPONSE_APPROVAL ──▶ COMPLETED
//                             └─▶ REJECTED | CANCELLED (also timed out)    │      └─ REQUIRES_MODIFICATION ─▶ RUNNING
//                                                                          └─▶ REJECTED | CANCELLED
//   the agent's own      AWAITING_APPROVAL while a call of it is pending, AWAITING_RESPONSE_APPROVAL while an answer is,
//                        else RUNNING; it is finished by finishTask alone

/** The task of one call, by that call and the answer that matters: the one pending, or settled last. */
function madeForCall(call: Approval, response: Approval | null): TaskStatus {
  switch (call.status) {
    case 'PENDING':
      return 'AWAITING_APPROVAL';
    case 'REJECTED':
    case 'REQUIRES_MODIFICATION':
      return 'REJECTED';
    case 'CANCELLED':
    case 'TIMED_OUT':
      return 'CANCELLED';
    case 'APPROVED':
      if (response !== null) return byResponse(response);
      return call.startedAt === null ? 'PENDING' : 'RUNNING';
    default:
      return assertNever(call.status);
  }
}

function byResponse({ status }: Approval): TaskStatus {
  switch (status) {
    case 'PENDING':
      return 'AWAITING_RESPONSE_APPROVAL';
    case 'APPROVED':
      return 'COMPLETED';
    case 'REJECTED':
      return 'REJECTED';
    case 'REQUIRES_MODIFICATION':
      return 'RUNNING';
    case 'CANCELLED':
    case 'TIMED_OUT':
      return 'CANCELLED';
    default:
      return assertNever(status);
  }
}

function agentsOwn(approvals: readonly Approval[]): TaskStatus {
  const pending = approvals.filter(isPending);
  if (pending.some(isCall)) return 'AWAITING_APPROVAL';
  return pending.length > 0 ? 'AWAITING_RESPONSE_APPROVAL' : 'RUNNING';
}

const FINISHED: readonly TaskStatus[] = ['COMPLETED', 'FAILED', 'REJECTED', 'CANCELLED'];

export const isFinished = ({ status }: Task): boolean => FINISHED.includes(status);

/**
 * The task once its approvals stand as they do: `changed` just moved, `approvals` are those known of its session. Beneath
 * a stop it stays HALTED, and what it comes back to is what moves.
 */
export function taskAfter(task: Task, changed: Approval, approvals: readonly Approval[], now: Date): Task {
  if (isFinished(task)) return task;
  const status = statusAfter(
    task,
    changed,
    approvals.filter(({ taskId }) => taskId === task.id),
  );
  const halted = task.status === 'HALTED' && !FINISHED.includes(status);
  const moved = halted ? { haltedFrom: status } : { status, haltedFrom: null };
  const before = task.status === 'HALTED' ? task.haltedFrom : task.status;
  if (before === status) return task;
  // Finished as the error rate counts it (behaviour 7.1): done, not called off.
  return { ...task, ...moved, updatedAt: now, finishedAt: status === 'COMPLETED' ? now : null };
}

function statusAfter(task: Task, changed: Approval, approvals: readonly Approval[]): TaskStatus {
  if (!task.madeForCall) return agentsOwn(approvals);
  if (isCall(changed))
    return madeForCall(
      changed,
      approvals.find((other) => other.callId === changed.id && isPending(other)) ?? null,
    );
  return byResponse(changed);
}
