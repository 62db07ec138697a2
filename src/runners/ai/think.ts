import { canonicalJson, type Json, type JsonObject } from '../../kernel/json.ts';
import { CannotContinue, type CallOutcome } from '../runner.ts';
import type { Agent } from './agent.ts';
import { type Answer, askModel, estimateOf, type Failure, isFailure } from './ask-model.ts';
import { type Message, promptOf, schemaFor } from './messages.ts';
import { prepared } from './prepared.ts';
import type { Run } from './run.ts';

/** Times that one answer is asked for: after failures, after a worker that died, and after wishes for another one. */
const MOST_ATTEMPTS = 8;

/** What the model answered, once it may be used, and what it was asked; null: people have yet to decide. */
export async function think(
  run: Run,
  agent: Agent,
  at: number,
  messages: Message[],
): Promise<{ answer: Answer; asked: Message[] } | null> {
  let wishes: Message[] = [];
  let last = '';
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    // Each attempt is a call of its own, approved, held and paid for by itself: the one before it stays as it was.
    const step = run.stepOf(agent, attempt === 0 ? `model ${at}` : `model ${at} again ${attempt}`);
    const asked = [...messages, ...wishes];
    const outcome = await ask(run, agent, step, asked);
    switch (outcome.status) {
      case 'waiting':
        return null;
      case 'done': {
        if (!isFailure(outcome.response)) {
          const answer = outcome.response as unknown as Answer;
          return { answer, asked: answer.sent ?? messages };
        }
        const { error, lasting } = outcome.response as unknown as Failure;
        if (lasting) throw new CannotContinue(error);
        last = error;
        break;
      }
      case 'revise':
        wishes = [wishOf(outcome)];
        last = 'people wanted another answer each time';
        break;
      case 'interrupted':
        last = 'the worker died before it had told what the model answered';
        break;
      default:
        throw new CannotContinue(endOf(outcome));
    }
  }
  throw new CannotContinue(`the model gave no answer to use in ${MOST_ATTEMPTS} attempts: ${last}`);
}

function ask(run: Run, agent: Agent, step: string, messages: Message[]): Promise<CallOutcome> {
  const prompt = promptOf(agent, messages);
  return run.turn.desk.call(
    step,
    {
      agentName: agent.name,
      action: `Ask the model ${agent.model}`,
      input: prompt as unknown as Json,
      inputSchema: prepared(schemaFor(agent)),
      ...estimateOf(agent, prompt, run.models.prices),
    },
    (grant) => askModel(run.models, agent, prompt, grant),
  );
}

/** What people want changed, as the model is told it. */
function wishOf({ previous, reason, modifications }: CallOutcome & { status: 'revise' }): Message {
  const wish: JsonObject = { previous, reason, modifications };
  return {
    role: 'user',
    content: `Whoever reviews your answers wants another one than this (as JSON: the answer, why, and what to change). Answer anew.\n${canonicalJson(wish)}`,
  };
}

function endOf(
  outcome: Exclude<CallOutcome, { status: 'waiting' | 'done' | 'revise' | 'interrupted' }>,
): string {
  switch (outcome.status) {
    case 'rejected':
      return `${outcome.what === 'call' ? 'asking the model' : "the model's answer"} was rejected: ${outcome.reason ?? 'no reason was given'}`;
    case 'expired':
      return 'asking the model was not approved in time';
    case 'cancelled':
      return `asking the model was cancelled: ${outcome.reason ?? 'no reason was given'}`;
    case 'over_budget':
      return `the model was not asked: ${outcome.message}`;
  }
}
