import { isDeepStrictEqual } from 'node:util';
import { addSeconds, type Clock } from '../../kernel/clock.ts';
import { valueFaults } from '../../kernel/json-schema.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { CannotContinue, type CallResult, type Grant } from '../runner.ts';
import type { Agent } from './agent.ts';
import type { Endpoint, NoAnswer, Streamed } from './endpoint.ts';
import { type Message, type Prompt, readPrompt } from './messages.ts';
import { costOf, priceOf, type Prices, type Tokens, tokensOf } from './prices.ts';

/** What a model answered, as it is approved and kept. */
export interface Answer {
  text: string;
  toolCalls: AskedCall[];
  finishReason: string;
  /** What was sent, where people had changed it: what follows is built on that. */
  sent?: Message[];
}

/** A call of a tool that a model asks for. */
export interface AskedCall {
  name: string;
  input: Json;
  /** Why it is not made: decided once, with the answer, and told to the model. */
  fault?: string;
}

/** A call of the model that came to nothing. */
export interface Failure {
  error: string;
  /** It would come to nothing again. */
  lasting: boolean;
}

export interface Models {
  clock: Clock;
  endpoint: Endpoint;
  prices: Prices;
}

/** Times that one call is sent, while the endpoint puts it off. */
const MOST_SENDINGS = 4;
/** Seconds until it is sent again, where the endpoint does not say; doubled for each time. */
const FIRST_WAIT = 1;
/** Tool calls of one answer that are made. */
const MOST_CALLS = 16;

/** What one answer is expected to take: all of the prompt, and as much as may come. */
export function estimateOf(
  { estimate, model, outputTokens }: Agent,
  prompt: Prompt,
  prices: Prices,
): { estimatedTokens: number; estimatedCost: string } {
  if (estimate !== undefined) return { estimatedTokens: estimate.tokens, estimatedCost: estimate.cost };
  const price = priceOf(prices, model);
  // It had one when the session was started.
  if (price === undefined)
    throw new CannotContinue(`the model ${JSON.stringify(model)} has no price any more (AI_PRICES)`);
  const tokens = { input: tokensOf(JSON.stringify(prompt)), output: outputTokens };
  return { estimatedTokens: tokens.input + tokens.output, estimatedCost: costOf(price, tokens) };
}

/**
 * Asks the model what was approved, and answers with what came of it, whatever that was: a failure has its figures too, and
 * people see it as they see an answer.
 */
export async function askModel(
  models: Models,
  agent: Agent,
  proposed: Prompt,
  { input, signal }: Pick<Grant, 'input' | 'signal'>,
): Promise<CallResult> {
  const spent = (tokens: Tokens) => ({
    tokensUsed: tokens.input + tokens.output,
    actualCost: costIn(models.prices, agent, tokens),
  });
  let prompt: Prompt;
  try {
    prompt = readPrompt(input);
  } catch (error) {
    return failed((error as Error).message, true, spent({ input: 0, output: 0 }));
  }
  const { NoAnswer, stream } = await import('./endpoint.ts');
  const late = new AbortController();
  const { clock } = models;
  const until = addSeconds(clock.now(), agent.seconds);
  const cancel = clock.at(until, () =>
    late.abort(new Error(`the model did not answer within ${agent.seconds} s`)),
  );
  const either = AbortSignal.any([signal, late.signal]);
  const inputTokens = tokensOf(JSON.stringify(prompt));
  try {
    for (let sent = 1; ; sent += 1) {
      try {
        const streamed = await stream(models.endpoint, prompt, either);
        const usage = streamed.usage ?? {
          input: inputTokens,
          output: tokensOf(streamed.text + JSON.stringify(streamed.toolCalls)),
        };
        return { response: answerOf(proposed, prompt, streamed) as unknown as Json, ...spent(usage) };
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        const again =
          error.refused && !error.lasting && sent < MOST_SENDINGS ? waitFor(error, sent, clock) : null;
        if (again !== null && addSeconds(clock.now(), again) < until && (await passed(clock, again, either)))
          continue;
        // What was on its way is paid for: all that was sent, and what had come of the answer.
        const tokens = error.refused ? { input: 0, output: 0 } : { input: inputTokens, output: error.output };
        return failed(error.message, error.lasting, spent(tokens));
      }
    }
  } finally {
    cancel();
  }
}

function costIn(prices: Prices, { model, estimate }: Agent, tokens: Tokens): string {
  const price = priceOf(prices, model);
  if (price !== undefined) return costOf(price, tokens);
  // Nobody knows it better.
  return tokens.input + tokens.output === 0 ? '0' : (estimate?.cost ?? '0');
}

const failed = (
  error: string,
  lasting: boolean,
  spent: Pick<CallResult, 'tokensUsed' | 'actualCost'>,
): CallResult => ({ response: { error, lasting }, confidence: 0, ...spent });

/** Seconds until it may be sent again. */
function waitFor({ retryAfter }: NoAnswer, sent: number, clock: Clock): number {
  if (retryAfter !== null && /^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const date = retryAfter === null ? Number.NaN : (Date.parse(retryAfter) - clock.now().getTime()) / 1000;
  return Number.isFinite(date) ? Math.max(date, 0) : FIRST_WAIT * 2 ** (sent - 1);
}

/** False: `signal` was aborted first. */
function passed(clock: Clock, seconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.at(addSeconds(clock.now(), seconds), () => {
      signal.removeEventListener('abort', abort);
      resolve(true);
    });
    const abort = () => {
      cancel();
      resolve(false);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

/** The answer, with what of it can't be done told apart: here, once, so that a later turn finds the same. */
function answerOf(proposed: Prompt, prompt: Prompt, { text, toolCalls, finishReason }: Streamed): Answer {
  const known = new Map(prompt.tools.map(({ name, parameters }) => [name, parameters]));
  const own = new Set(proposed.tools.map(({ name }) => name));
  return {
    text,
    finishReason,
    toolCalls: toolCalls.map(({ name, input, readable }, at) => {
      const parameters = own.has(name) ? known.get(name) : undefined;
      const fault = faultOf(parameters, { name, input, readable }, at);
      return { name, input, ...(fault !== null && { fault }) };
    }),
    ...(!isDeepStrictEqual(prompt.messages, proposed.messages) && { sent: prompt.messages }),
  };
}

function faultOf(
  parameters: JsonObject | undefined,
  { name, input, readable }: Streamed['toolCalls'][number],
  at: number,
): string | null {
  if (at >= MOST_CALLS) return `at most ${MOST_CALLS} calls are made of one answer`;
  if (parameters === undefined) return `there is no tool called ${JSON.stringify(name)}`;
  if (!readable) return 'the arguments are not JSON';
  const faults = valueFaults(parameters, input, {
    root: ['arguments'],
    schemaName: `the parameters of ${name}`,
  });
  return faults.length === 0 ? null : faults.map(({ message }) => message).join('; ');
}

export const isFailure = (response: Json): boolean =>
  response !== null &&
  typeof response === 'object' &&
  !Array.isArray(response) &&
  typeof response.error === 'string';
