import { taskFinished } from '../emergency/conditions.ts';
import type { AgentType, TaskStatus } from '../generated/prisma/enums.ts';
import { openOf } from '../approvals/rules.ts';
import { isFinished } from '../approvals/task-status.ts';
import { personOf, type Viewer } from '../identity/viewer.ts';
import { deliverInDraft } from '../interventions/acknowledge.ts';
import { Faults, MAX_MESSAGE, MAX_NAME } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { actInSession } from './act.ts';
import { changeOne } from './change-one.ts';
import type { SessionDeps } from './deps.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { about, active, isExternal, mayAct } from './rules.ts';

export interface CreateTaskInput {
  sessionId: string;
  agentName: string;
  agentType?: AgentType | null;
  instructions: string;
  idempotencyKey?: string | null;
}

/** One piece of work given to one agent. It runs from here on. */
export async function createTask(deps: SessionDeps, viewer: Viewer, input: CreateTaskInput) {
  const { sessionId, agentName, instructions } = input;
  const agentType = input.agentType ?? 'CUSTOM';
  const faults = new Faults();
  faults.text(['agentName'], agentName, MAX_NAME, 1);
  faults.text(['instructions'], instructions, MAX_MESSAGE, 1);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return actInSession<{ taskId: string }>(deps, viewer, {
    sessionId,
    agent: { name: agentName, type: agentType },
    idempotency: idempotencyOf(viewer.credentialId, 'createTask', input),
    decide(draft, { session }, now) {
      const id = deps.ids.next('task');
      draft.tasks.push({
        id,
        sessionId,
        projectId: session.projectId,
        agentName,
        agentType,
        instructions,
        status: 'RUNNING',
        haltedFrom: null,
        madeForCall: false,
        result: null,
        createdAt: now,
        updatedAt: now,
        finishedAt: null,
        givenById: personOf(viewer.actor),
        finishedById: null,
      });
      draft.events.push({
        ...about(session, viewer.actor, now),
        type: 'task_created',
        subjectId: id,
        data: { agentName, agentType },
      });
      return { reply: { taskId: id } };
    },
  });
}

/**
 * COMPLETED or FAILED; a task that has finished stays as it is (the same once more is no fault). Not while an approval of
 * it is open: INVALID_STATE. Where too many have failed, the project is stopped by the time that this answers (behaviour
 * 7.1).
 */
export async function finishTask(
  deps: SessionDeps,
  viewer: Viewer,
  { taskId, status, result }: { taskId: string; status: TaskStatus; result: Json },
) {
  if (status !== 'COMPLETED' && status !== 'FAILED')
    throw refuse('INVALID_INPUT', 'status must be COMPLETED or FAILED', ['status']);
  const faults = new Faults();
  faults.json(['result'], result);
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
  return changeOne<{ taskId: string }>(deps, viewer, {
    taskId,
    withUndelivered: true,
    withApprovals: true,
    decide(draft, { session, tasks }, now) {
      const task = tasks.find(({ id }) => id === taskId)!;
      if (isFinished(task)) {
        if (task.status === status) return { reply: { taskId }, unchanged: true };
        return { refusal: [{ code: 'INVALID_STATE', message: `the task is ${task.status}` }] };
      }
      const able = mayAct(session);
      if (!able.ok) return { refusal: [able.error] };
      const open = openOf(draft.approvals, taskId);
      if (open !== undefined)
        return { refusal: [{ code: 'INVALID_STATE', message: `the task has an open approval: ${open.id}` }] };
      const finishedById = personOf(viewer.actor);
      const finished = { status, result: result ?? null, updatedAt: now, finishedAt: now, finishedById };
      draft.tasks.push({ ...task, ...finished });
      const taken = isExternal(session)
        ? draft.interventions.filter(({ agentName }) => agentName === task.agentName)
        : [];
      deliverInDraft(draft, taken, viewer.actor, now);
      draft.session = active(draft.session, now);
      draft.agents.push({ name: task.agentName, type: task.agentType });
      draft.signals.push(taskFinished(viewer.actor));
      draft.events.push({
        ...about(session, viewer.actor, now),
        type: 'task_finished',
        subjectId: taskId,
        data: { agentName: task.agentName, status },
      });
      return { reply: { taskId } };
    },
  });
}
