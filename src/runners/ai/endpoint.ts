import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, jsonSchema, streamText, tool } from 'ai';
import { MOST_TOKENS_AT_ONCE } from '../../budgets/limits.ts';
import type { Json } from '../../kernel/json.ts';
import { forLibrary, type Prompt } from './messages.ts';
import { tokensIn } from './prices.ts';

// The one file that knows the library, imported when a model is first asked: nobody else's start pays for it.

// It would write to the console what it thinks of a request.
(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;

/** Bytes of one answer, words and arguments together: people must be able to be shown it. */
const MAX_ANSWER = 128 * 1024;
/** Of what an endpoint says of its refusal. */
const MAX_SAID = 500;

export interface Endpoint {
  baseUrl: string;
  apiKey: string;
}

/** An answer as it came, whole. */
export interface Streamed {
  text: string;
  /** `input` is a text where it is no JSON. */
  toolCalls: { name: string; input: Json; readable: boolean }[];
  finishReason: string;
  /** As the endpoint counted; null where it did not say, or said what no answer can take. */
  usage: { input: number; output: number } | null;
}

/** There is no answer, or none to use. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
  /** The endpoint would say the same again. */
  readonly lasting: boolean;
  /** It has not begun to answer: the same may be sent again at once, and it counted nothing. */
  readonly refused: boolean;
  readonly retryAfter: string | null;
  /** Tokens of what came before it broke off. */
  readonly output: number;

  constructor(
    message: string,
    { lasting = false, refused = false, retryAfter = null, output = 0, cause }: Partial<NoAnswer> = {},
  ) {
    super(message, { cause });
    this.lasting = lasting;
    this.refused = refused;
    this.retryAfter = retryAfter;
    this.output = output;
  }
}

/** Asks once. Rejects with NoAnswer, also where `signal` was aborted. */
export async function stream(
  { baseUrl, apiKey }: Endpoint,
  { model, instructions, messages, tools, maxOutputTokens }: Prompt,
  signal: AbortSignal,
): Promise<Streamed> {
  const tooLong = new AbortController();
  const result = streamText({
    model: createOpenAICompatible({
      name: 'endpoint',
      baseURL: baseUrl,
      apiKey,
      includeUsage: true,
      // A redirect would take the key, and what people approved for this endpoint, to another one.
      fetch: (url, init) => fetch(url, { ...init, redirect: 'error' }),
    })(model),
    instructions,
    messages: forLibrary(messages),
    tools: Object.fromEntries(
      tools.map(({ name, description, parameters }) => [
        name,
        tool({ description, inputSchema: jsonSchema(parameters) }),
      ]),
    ),
    maxOutputTokens,
    // How often and when is decided by the caller, on the server's clock.
    maxRetries: 0,
    abortSignal: AbortSignal.any([signal, tooLong.signal]),
    onError() {},
  });
  const answer: Streamed = { text: '', toolCalls: [], finishReason: '', usage: null };
  let heard = 0;
  const hear = (delta: string): void => {
    heard += Buffer.byteLength(delta);
    if (heard > MAX_ANSWER) tooLong.abort();
  };
  try {
    for await (const part of result.fullStream) {
      switch (part.type) {
        case 'text-delta':
          answer.text += part.text;
          hear(part.text);
          break;
        case 'reasoning-delta':
          hear(part.text);
          break;
        case 'tool-input-delta':
          hear(part.delta);
          break;
        case 'tool-call':
          answer.toolCalls.push({
            name: part.toolName,
            input: part.input as Json,
            readable: typeof part.input !== 'string',
          });
          break;
        case 'error':
          throw part.error;
        case 'finish': {
          const { inputTokens: input, outputTokens: output } = part.totalUsage;
          answer.finishReason = part.finishReason;
          answer.usage = usageOf(input, output);
          break;
        }
        default:
      }
    }
  } catch (error) {
    if (!signal.aborted && !tooLong.signal.aborted) throw fault(error, tokensIn(heard));
  }
  if (tooLong.signal.aborted)
    throw new NoAnswer(`the model's answer is longer than ${MAX_ANSWER} bytes`, { output: tokensIn(heard) });
  if (signal.aborted)
    throw new NoAnswer((signal.reason as Error).message, { output: tokensIn(heard), cause: signal.reason });
  return answer;
}

function usageOf(input: number | undefined, output: number | undefined): Streamed['usage'] {
  const counted = [input, output].every((each) => Number.isInteger(each) && each! >= 0);
  return counted && input! + output! <= MOST_TOKENS_AT_ONCE ? { input: input!, output: output! } : null;
}

function fault(error: unknown, output: number): NoAnswer {
  const message = error instanceof Error ? error.message : String(error);
  if (!APICallError.isInstance(error))
    return new NoAnswer(`the model's answer can't be read: ${message.slice(0, MAX_SAID)}`, {
      output,
      cause: error,
    });
  const { statusCode, responseHeaders, isRetryable } = error;
  if (statusCode !== undefined && statusCode >= 400) {
    // Endpoints repeat parts of the key to whoever has a wrong one.
    const said = statusCode === 401 || statusCode === 403 ? '' : `: ${message.slice(0, MAX_SAID)}`;
    return new NoAnswer(`the model endpoint answered ${statusCode}${said}`, {
      lasting: !isRetryable,
      refused: true,
      retryAfter: responseHeaders?.['retry-after'] ?? null,
      cause: error,
    });
  }
  if (statusCode === undefined)
    return new NoAnswer('the model endpoint cannot be reached', { refused: true, cause: error });
  return new NoAnswer("the model's answer broke off", { output, cause: error });
}
