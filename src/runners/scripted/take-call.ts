import type { Json } from '../../kernel/json.ts';
import { type CallOutcome, type CallResult, CannotContinue, type GatedCall } from '../runner.ts';
import type { Call, CallEnd, Step } from './scenario.ts';
import { valuesOf } from './state.ts';
import { fillJson, fillText } from './template.ts';
import type { Run } from './walk.ts';

type Result = NonNullable<Call['result']>;

/** A call through the gate, as far as it goes now. True: it has ended, and so has its branch. */
export async function takeCall(
  run: Run,
  call: Call,
  walkBranch: (steps: Step[]) => Promise<boolean>,
): Promise<boolean> {
  const { state } = run;
  const known = state.calls[call.id] ?? endOf(await pass(run, call));
  if (known === null) return false;
  state.calls[call.id] = known;
  return walkBranch(branchOf(call, known.outcome));
}

/** The step name of a call, by its id in the scenario. */
const stepOf = (call: string): string => `call:${call}`;

async function pass({ turn, state }: Run, call: Call): Promise<CallOutcome> {
  const values = valuesOf(turn, state);
  const outcome = await turn.desk.call(
    stepOf(call.id),
    proposed(call, state.tasks, values),
    async ({ input }) => {
      if (call.throws !== undefined) throw new Error(fillText(call.throws, values));
      return resultOf(call.result!, { ...values, [call.id]: { input } });
    },
  );
  if (outcome.status !== 'revise') return outcome;
  if (call.revised === undefined)
    throw new CannotContinue(`the scenario has no other answer for ${JSON.stringify(call.id)}`);
  const { modifications, previous } = outcome;
  const given = { ...values, [call.id]: { modifications, response: previous } };
  return turn.desk.revise(stepOf(call.id), resultOf(call.revised, given));
}

function proposed(
  { agent, type, task, action, input, schema, tokens, cost, timeout }: Call,
  tasks: Run['state']['tasks'],
  values: Record<string, Json>,
): GatedCall {
  const taskId = task === undefined ? undefined : tasks[task];
  if (task !== undefined && taskId === undefined)
    throw new CannotContinue(`the task ${JSON.stringify(task)} was not made yet`);
  return {
    agentName: agent,
    agentType: type,
    ...(taskId !== undefined && { taskId }),
    action: fillText(action, values),
    input: fillJson(input as Json, values),
    ...(schema && { inputSchema: schema }),
    estimatedTokens: tokens,
    estimatedCost: cost,
    ...(timeout !== undefined && { timeoutMinutes: timeout }),
  };
}

const resultOf = (
  { response, summary, nextSteps, tokens, cost, confidence }: Result,
  values: Record<string, Json>,
): CallResult => ({
  response: fillJson(response as Json, values),
  ...(summary !== undefined && { summary: fillText(summary, values) }),
  ...(nextSteps && { nextSteps: nextSteps.map((each) => fillText(each, values)) }),
  tokensUsed: tokens,
  actualCost: cost,
  ...(confidence !== undefined && { confidence }),
});

/** Null: people have yet to decide. */
function endOf(outcome: CallOutcome): { outcome: CallEnd; response: Json } | null {
  switch (outcome.status) {
    case 'waiting':
    // Answered anew, and refused anew: the next turn brings the rest.
    case 'revise':
      return null;
    case 'done':
      return { outcome: 'done', response: outcome.response };
    default:
      return { outcome: outcome.status, response: null };
  }
}

/** The steps that an end leads to. One that no branch names, and no default takes, can't be gone on with. */
function branchOf({ id, when }: Call, outcome: CallEnd): Step[] {
  const taken =
    when?.find((branch) => 'is' in branch && branch.is === outcome) ??
    when?.find((branch) => 'default' in branch);
  if (taken !== undefined) return taken.steps;
  if (outcome === 'done' && when === undefined) return [];
  throw new CannotContinue(
    `the call ${JSON.stringify(id)} was ${outcome}, which the scenario does not expect`,
  );
}
