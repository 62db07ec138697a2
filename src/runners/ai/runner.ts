import type { Clock } from '../../kernel/clock.ts';
import type { Json } from '../../kernel/json.ts';
import { type Rest, type Runner, type RunnerState, type Turn } from '../runner.ts';
import { readAgents } from './agent.ts';
import type { Endpoint } from './endpoint.ts';
import type { Prices } from './prices.ts';
import type { Run } from './run.ts';
import { type AiState, answerOf, readState } from './state.ts';
import { walk } from './walk.ts';

export interface AiRunnerOptions extends Endpoint {
  prices: Prices;
  /** Tools may be on private networks and on this machine. */
  allowPrivate: boolean;
}

/**
 * Agents that run here, on the models of an OpenAI-compatible endpoint: `context.agent` says who they are (agent.ts). Each
 * call of a model and each call of a tool goes through the gate.
 */
export function createAiRunner(
  clock: Clock,
  { baseUrl, apiKey, prices, allowPrivate }: AiRunnerOptions,
): Runner {
  const models = { clock, endpoint: { baseUrl, apiKey }, prices };
  return {
    name: 'ai',
    replay: 'safe',
    fault(context) {
      const read = readAgents(context, { prices, allowPrivate });
      return 'faults' in read ? read.faults.join('; ') : null;
    },
    async drive(turn) {
      const state = await stateOf(turn);
      const stepOf: Run['stepOf'] = ({ name }, step) => (state.alone ? step : `${name}: ${step}`);
      return driveAll({ turn, state, models, allowPrivate, stepOf });
    },
  };

  /** What the session was started with, kept before anything is done: people's answers go into its context. */
  async function stateOf({ session, state, desk }: Turn): Promise<AiState> {
    if (state !== null) return readState(state);
    const read = readAgents(session.context, { prices, allowPrivate });
    // It was read when the session was started: on a busy machine a schema may not be prepared in time, and is later.
    if ('faults' in read) throw new Error(read.faults.join('; '));
    const alone = session.context.agent !== undefined;
    const begun: AiState = { v: 1, agents: read.agents, alone, answers: {}, overBudget: {} };
    await desk.save(begun as unknown as RunnerState);
    return begun;
  }
}

async function driveAll(run: Run): Promise<Rest> {
  const { turn, state } = run;
  const { desk, news } = turn;
  for (const each of news) state.answers[each.interventionId] = answerOf(each);
  const results: [name: string, result: Json][] = [];
  for (const agent of state.agents) {
    const walked = await walk(run, agent);
    if (walked.ended) results.push([agent.name, walked.result]);
  }
  if (results.length === state.agents.length && turn.pending.length === 0) {
    await desk.complete(state.alone ? results[0]![1] : Object.fromEntries(results));
    return {};
  }
  // Last of all: were the turn cut off before, it would be run again, with the same news.
  if (news.length > 0) await desk.save(state as unknown as RunnerState);
  return {};
}
