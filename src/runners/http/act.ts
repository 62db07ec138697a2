import { addSeconds } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import {
  CannotContinue,
  type Desk,
  type GatedCall,
  type Rest,
  type RunnerState,
  type Turn,
} from '../runner.ts';
import type { Action, AgentAnswer } from './protocol.ts';
import type { HttpState } from './state.ts';

/** Does what the agent answered, in order, and keeps what it wants kept. */
export async function act(turn: Turn, state: HttpState, answer: AgentAnswer): Promise<Rest> {
  const { desk, signal } = turn;
  let proposed = false;
  if (!turn.pending.some(({ interventionId }) => interventionId === state.undone?.interventionId))
    state.undone = null;
  for (const [at, action] of answer.steps.entries()) {
    signal.throwIfAborted();
    const interventionId = await doAction(desk, state, action);
    if (interventionId !== null) {
      // A person is asked about it, and may say no: what was to follow is the agent's to think over.
      const rest = answer.steps.slice(at + 1) as unknown as JsonObject[];
      state.undone = { interventionId, steps: [...(state.undone?.steps ?? []), ...rest] };
      break;
    }
    proposed ||= action.do === 'call';
    if (action.do === 'complete' || action.do === 'fail') return {};
  }
  const wakeAt = answer.wakeInSeconds == null ? null : addSeconds(desk.now(), answer.wakeInSeconds);
  const agent = answer.state === undefined ? state.agent : answer.state;
  await desk.save({
    ...state,
    agent,
    wakeAt: wakeAt?.toISOString() ?? null,
    answer: null,
  } as unknown as RunnerState);
  // The next turn asks for the approvals of what was proposed: known here, they survive whatever happens to this one.
  if (proposed) return { wakeAt: desk.now() };
  return wakeAt === null ? {} : { wakeAt };
}

/** What must be answered before anything may follow it, or null. */
async function doAction(desk: Desk, state: HttpState, action: Action): Promise<string | null> {
  if (action.do === 'report') {
    const { do: _, step, ...report } = action;
    const { directive, interventionId } = await desk.report(step, report);
    return directive === 'PAUSE' ? interventionId : null;
  }
  await doEffect(desk, state, action);
  return null;
}

async function doEffect(
  desk: Desk,
  state: HttpState,
  action: Exclude<Action, { do: 'report' }>,
): Promise<void> {
  switch (action.do) {
    case 'ask': {
      const { do: _, step, ...question } = action;
      await desk.ask(step, question);
      return;
    }
    case 'say': {
      const { do: _, step, ...said } = action;
      return desk.say(step, said);
    }
    case 'createTask': {
      const { do: _, step, ...task } = action;
      state.tasks[step] = (await desk.createTask(step, task)).taskId;
      return;
    }
    case 'finishTask':
      return desk.finishTask(taskOf(state, action)!, action.status, action.result ?? null);
    case 'call': {
      const { do: _, step, task: _task, taskId: _taskId, ...call } = action;
      const taskId = taskOf(state, action);
      state.calls[step] = { ...call, ...(taskId !== undefined && { taskId }) } as GatedCall;
      return;
    }
    case 'revise': {
      const { do: _, step, ...result } = action;
      await desk.revise(step, result);
      return;
    }
    case 'complete':
      return desk.complete(action.result ?? null);
    case 'fail':
      return desk.fail(action.reason);
  }
}

/** The task that an action names, by its id or by the step that made it; undefined where a call names none. */
function taskOf(
  state: HttpState,
  action: Extract<Action, { do: 'finishTask' | 'call' }>,
): string | undefined {
  if (action.do === 'call' && action.task === undefined && action.taskId === undefined) return undefined;
  const taskId = action.taskId ?? state.tasks[action.task ?? ''];
  if (taskId === undefined) throw new CannotContinue('the agent names a task that it has not made');
  return taskId;
}
