import { DomainError } from '../../kernel/errors.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { CallOutcome, GatedCall, RunnerState } from '../runner.ts';
import type { Agent, Tool } from './agent.ts';
import type { AskedCall } from './ask-model.ts';
import { ask, finish, report } from './built-in.ts';
import { postTool } from './post-tool.ts';
import { prepared } from './prepared.ts';
import type { Run } from './run.ts';

/** What a call came to, as the model is told it; null: people have yet to decide. */
export type Told = { status: string } & JsonObject;

/** Takes one call that a model asked for as far as it goes now. `at` names it within its session. */
export async function takeTool(
  run: Run,
  agent: Agent,
  { name, input, fault }: AskedCall,
  at: string,
): Promise<Told | null> {
  if (fault !== undefined) return { status: 'not_made', reason: fault };
  switch (name) {
    case 'ask_human':
      return unlessInvalid(() => takeAsk(run, agent, input, at));
    case 'report_progress':
      return unlessInvalid(() => takeReport(run, agent, input, at));
    case 'finish':
      return { status: 'done' };
    default:
      // The answer was looked at when it came: there is one.
      return takeCall(run, agent, agent.tools.find((each) => each.name === name)!, input, at);
  }
}

/** What a verb refuses of the model's own words, as options that have one id, is its to mend: nothing of it was done. */
async function unlessInvalid(take: () => Promise<Told | null>): Promise<Told | null> {
  try {
    return await take();
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'INVALID_INPUT') throw error;
    return { status: 'not_made', reason: error.message };
  }
}

/** What an agent's work came to, where one of its calls ends it; undefined: none does. */
export function resultOf(calls: readonly AskedCall[]): Json | undefined {
  const ending = calls.find(({ name, fault }) => name === 'finish' && fault === undefined);
  return ending === undefined ? undefined : (finish.parse(ending.input).result as Json);
}

async function takeAsk(
  { turn, state, stepOf }: Run,
  agent: Agent,
  input: Json,
  at: string,
): Promise<Told | null> {
  const { message, options, urgency } = ask.parse(input);
  const { interventionId } = await turn.desk.ask(stepOf(agent, `ask ${at}`), {
    agentName: agent.name,
    type: 'DECISION',
    message,
    ...(urgency && { urgency }),
    ...(options && { options: options.map((option) => ({ ...option, value: option.id })) }),
  });
  return (state.answers[interventionId] as Told | undefined) ?? null;
}

async function takeReport(
  { turn, state, stepOf }: Run,
  agent: Agent,
  input: Json,
  at: string,
): Promise<Told | null> {
  const { type, message, metrics } = report.parse(input);
  const { directive, interventionId } = await turn.desk.report(stepOf(agent, `report ${at}`), {
    agentName: agent.name,
    type,
    ...(message !== undefined && { output: message }),
    ...(metrics && { metrics }),
  });
  if (directive === 'HALT') return null;
  if (interventionId === null) return { status: 'noted' };
  // Also where it was answered while this turn ran: the next one brings the answer.
  return (state.answers[interventionId] as Told | undefined) ?? null;
}

async function takeCall(run: Run, agent: Agent, tool: Tool, input: Json, at: string): Promise<Told | null> {
  const { turn, state } = run;
  const step = run.stepOf(agent, `tool ${at}`);
  // What the model was told once stays so, however the budget stands by now.
  const said = state.overBudget[step];
  if (said !== undefined) return { status: 'over_budget', reason: said };
  const outcome = await turn.desk.call(step, proposed(agent, tool, input), (grant) =>
    postTool({ clock: run.models.clock, allowPrivate: run.allowPrivate }, tool, grant),
  );
  if (outcome.status === 'over_budget') {
    state.overBudget[step] = outcome.message;
    await turn.desk.save(state as unknown as RunnerState);
  }
  if (outcome.status !== 'revise') return toldOf(outcome);
  // What a tool answered is nobody's to say anew: what people want changed of it is changed.
  const response = patched(outcome.previous, outcome.modifications);
  return toldOf(await turn.desk.revise(step, { response, tokensUsed: 0, actualCost: '0' }));
}

const proposed = (agent: Agent, tool: Tool, input: Json): GatedCall => ({
  agentName: agent.name,
  action: tool.action ?? `Call the tool ${tool.name}`,
  input,
  inputSchema: prepared(tool.parameters),
  contextSummary: `POST ${tool.url}`,
  estimatedTokens: tool.tokens,
  estimatedCost: tool.cost,
  ...(tool.timeoutMinutes !== undefined && { timeoutMinutes: tool.timeoutMinutes }),
});

function toldOf(outcome: CallOutcome): Told | null {
  switch (outcome.status) {
    case 'waiting':
    // Answered anew, and refused anew: the next turn brings the rest.
    case 'revise':
      return null;
    case 'done':
      return { status: 'done', response: outcome.response };
    case 'rejected':
      return { status: 'rejected', what: outcome.what, reason: outcome.reason };
    case 'expired':
      return { status: 'expired' };
    case 'cancelled':
      return { status: 'cancelled', reason: outcome.reason };
    case 'over_budget':
      return { status: 'over_budget', reason: outcome.message };
    case 'interrupted':
      return {
        status: 'interrupted',
        reason: 'it was begun, and nobody knows what it did: it is not made again',
      };
  }
}

/** RFC 7396: objects are merged, null takes a key away, anything else takes the place of what was there. */
export function patched(value: Json, patch: Json): Json {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const whole = value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
  const entries = new Map(Object.entries(whole));
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) entries.delete(key);
    else entries.set(key, patched(entries.get(key) ?? null, change));
  }
  return Object.fromEntries(entries);
}
