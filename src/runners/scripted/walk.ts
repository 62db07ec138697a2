import { addSeconds } from '../../kernel/clock.ts';
import { CannotContinue, type Question, type Turn } from '../runner.ts';
import type { Ask, Branch, Outcome, Step } from './scenario.ts';
import { takeCall } from './take-call.ts';
import { type Answer, type ScriptState, stepOf, valuesOf } from './state.ts';
import { fillJson, fillText } from './template.ts';

type ReportStep = Extract<Step, { report: unknown }>['report'];

/** One turn's way through a scenario. */
export interface Run {
  readonly turn: Turn;
  readonly state: ScriptState;
  /** The end of the earliest wait that still runs. */
  wakeAt: Date | null;
  /** The session was completed or failed: nothing follows. */
  ended: boolean;
  /** An ask that nothing waits for is still open. */
  open: boolean;
}

/** Does the steps in turn, as far as it can. True: all of them are done. */
export async function walk(run: Run, steps: readonly Step[], path: string): Promise<boolean> {
  for (const [at, step] of steps.entries()) {
    run.turn.signal.throwIfAborted();
    const done = await take(run, step, `${path}.${at}`);
    if (!done || run.ended) return false;
  }
  return true;
}

/** One step. True: the next one may follow. */
async function take(run: Run, step: Step, path: string): Promise<boolean> {
  if ('ask' in step) return takeAsk(run, step.ask, path);
  if ('call' in step) return takeCall(run, step.call, (steps) => walk(run, steps, `${path}.when`));
  if ('parallel' in step) return takeParallel(run, step.parallel, path);
  if ('report' in step) return takeReport(run, step.report, path);
  if ('wait' in step) return takeWait(run, step.wait, path);
  if ('complete' in step) return takeComplete(run, step.complete.result ?? null);
  if (!run.state.done.includes(path)) {
    await act(run, step, path);
    run.state.done.push(path);
  }
  return true;
}

/** The branches one after the other: what takes long is waiting, and they wait side by side. */
async function takeParallel(run: Run, branches: Step[][], path: string): Promise<boolean> {
  let all = true;
  for (const [at, branch] of branches.entries()) {
    if (!(await walk(run, branch, `${path}.${at}`))) all = false;
    if (run.ended) return false;
  }
  return all;
}

async function act(
  run: Run,
  step: Exclude<
    Step,
    | { ask: unknown }
    | { call: unknown }
    | { report: unknown }
    | { parallel: unknown }
    | { wait: unknown }
    | { complete: unknown }
  >,
  path: string,
): Promise<void> {
  const { turn, state } = run;
  const values = valuesOf(turn, state);
  const text = (template: string) => fillText(template, values);
  if ('say' in step) {
    const { agent, input, response } = step.say;
    await turn.desk.say(path, { agentName: agent, input: text(input), response: text(response) });
  } else if ('task' in step) {
    const { id, agent, type, instructions } = step.task;
    const { taskId } = await turn.desk.createTask(path, {
      agentName: agent,
      agentType: type,
      instructions: text(instructions),
    });
    state.tasks[id] = taskId;
  } else if ('finish' in step) {
    const { task, status, result } = step.finish;
    const taskId = state.tasks[task];
    if (taskId === undefined) throw new CannotContinue(`the task ${JSON.stringify(task)} was not made yet`);
    await turn.desk.finishTask(taskId, status, fillJson(result ?? null, values));
  } else if ('throw' in step) {
    const { message, times = Number.POSITIVE_INFINITY } = step.throw;
    if (turn.attempt <= times) throw new Error(message);
  } else {
    await turn.desk.fail(text(step.fail));
    run.ended = true;
  }
}

/** True once nobody is asked about it any more. What was answered, the scenario goes on with, whatever it is. */
async function takeReport({ turn, state }: Run, step: ReportStep, path: string): Promise<boolean> {
  if (state.done.includes(path)) return true;
  const asked = state.paused[path];
  if (asked === undefined) {
    const { agent, input, output, ...report } = step;
    const values = valuesOf(turn, state);
    const { directive, interventionId } = await turn.desk.report(path, {
      ...report,
      agentName: agent,
      ...(input !== undefined && { input: fillText(input, values) }),
      ...(output !== undefined && { output: fillText(output, values) }),
    });
    if (directive === 'PAUSE') {
      state.paused[path] = interventionId!;
      return false;
    }
  } else if (turn.pending.some(({ interventionId }) => interventionId === asked)) return false;
  delete state.paused[path];
  state.done.push(path);
  return true;
}

/** True once the wait is over. Counted from when it was first come to, whatever happened since. */
function takeWait(run: Run, seconds: number, path: string): boolean {
  const {
    turn: { desk },
    state,
  } = run;
  const until = new Date((state.waits[path] ??= addSeconds(desk.now(), seconds).toISOString()));
  if (until <= desk.now()) return true;
  if (run.wakeAt === null || until < run.wakeAt) run.wakeAt = until;
  return false;
}

/** Waits for what is still asked: a session can't be completed before (behaviour 3.8). */
async function takeComplete(run: Run, result: Parameters<typeof fillJson>[0]): Promise<boolean> {
  if (run.open) return false;
  await run.turn.desk.complete(fillJson(result, valuesOf(run.turn, run.state)));
  run.ended = true;
  return false;
}

async function takeAsk(run: Run, ask: Ask, path: string): Promise<boolean> {
  const { turn, state } = run;
  if (!state.done.includes(path)) {
    await turn.desk.ask(stepOf(ask.id), questionOf(ask, valuesOf(turn, state)));
    state.done.push(path);
  }
  const answer = state.answers[stepOf(ask.id)];
  const over = answer !== undefined && (await walk(run, branchOf(ask, answer), `${path}.when`));
  if (!over && ask.async) {
    run.open = true;
    return true;
  }
  return over;
}

function questionOf(ask: Ask, values: ReturnType<typeof valuesOf>): Question {
  const { agent, type, message, urgency, context, options, schema, timeout, autoContinue } = ask;
  return {
    agentName: agent,
    type,
    message: fillText(message, values),
    asyncMode: ask.async,
    ...(urgency && { urgency }),
    ...(context && { context: fillJson(context, values) as typeof context }),
    ...(options && {
      options: options.map((option) => ({
        ...option,
        label: fillText(option.label, values),
        description: fillText(option.description, values),
      })),
    }),
    ...(schema && { responseSchema: schema }),
    ...(timeout !== undefined && { timeout }),
    ...(autoContinue !== undefined && { autoContinue }),
  };
}

/** The steps that an answer leads to. One that no branch names, and no default takes, can't be gone on with. */
function branchOf({ id, when }: Ask, answer: Answer): Step[] {
  const outcome = outcomeOf(answer);
  const option =
    answer.kind === 'answered' ? (answer.response.selectedOption as { id: string } | null)?.id : undefined;
  if (when === undefined && answer.kind === 'answered') return [];
  const matches = (branch: Branch): boolean =>
    'option' in branch ? branch.option === option : 'is' in branch ? branch.is === outcome : false;
  const taken = when?.find(matches) ?? when?.find((branch) => 'default' in branch);
  if (taken !== undefined) return taken.steps;
  throw new CannotContinue(
    `the scenario expects no ${option === undefined ? outcome : `option ${JSON.stringify(option)}`} for ${JSON.stringify(id)}`,
  );
}

function outcomeOf(answer: Answer): Outcome {
  if (answer.kind !== 'answered') return answer.kind;
  switch (answer.resolution) {
    case 'APPROVED':
      return 'approved';
    case 'REJECTED':
      return 'rejected';
    case 'MODIFIED':
      return 'modified';
    case 'OPTION_SELECTED':
      return 'option_selected';
    case 'AUTO_CONTINUE':
      return 'auto_continued';
    default:
      // Also TIMEOUT: answered after all, by reviving the session; then the answer itself tells.
      return revived(answer.response.responseType);
  }
}

function revived(responseType: unknown): Outcome {
  switch (responseType) {
    case 'approve':
      return 'approved';
    case 'reject':
      return 'rejected';
    case 'modify':
      return 'modified';
    case 'select_option':
      return 'option_selected';
    default:
      return 'responded';
  }
}
