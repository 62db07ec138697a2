import { addSeconds, type Clock } from '../../kernel/clock.ts';
import { CannotContinue } from '../runner.ts';

/** Seconds until the agent must have answered in full. */
const TIMEOUT_SECONDS = 60;
/** Bytes of an answer that are read; it is kept in the session while it is acted on. */
const MAX_ANSWER = 96 * 1024;

/** The agent can't be reached, or says that it can't now: the same message may be sent again. */
export class AgentUnavailable extends Error {
  override name = 'AgentUnavailable';
}

export interface Message {
  url: string;
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
}

/**
 * POSTs once. Resolves with the answer's text, empty for 202 and 204. Rejects with AgentUnavailable where sending it
 * again may help, CannotContinue where it will not, and with the abort's reason.
 */
export async function post(clock: Clock, { url, headers, body, signal }: Message): Promise<string> {
  const late = new AbortController();
  const cancel = clock.at(addSeconds(clock.now(), TIMEOUT_SECONDS), () =>
    late.abort(new AgentUnavailable(`the agent did not answer within ${TIMEOUT_SECONDS} s`)),
  );
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'Holdpoint',
        ...headers,
      },
      body,
      // A redirect would take a signed message to an address that nobody configured.
      redirect: 'manual',
      signal: AbortSignal.any([signal, late.signal]),
    });
    const fault = faultOf(response.status);
    if (fault !== null || response.status === 202 || response.status === 204) {
      await response.body?.cancel();
      if (fault !== null) throw fault;
      return '';
    }
    return await readBounded(response);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (late.signal.aborted) throw late.signal.reason;
    if (error instanceof CannotContinue || error instanceof AgentUnavailable) throw error;
    // Whatever else: no connection, no such name, a connection that broke.
    throw new AgentUnavailable(`the agent can't be reached: ${causeOf(error)}`, { cause: error });
  } finally {
    cancel();
  }
}

/** One table for what a status means. */
function faultOf(status: number): Error | null {
  if (status >= 200 && status < 300) return null;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new AgentUnavailable(`the agent answered ${status}`);
  }
  if (status >= 300 && status < 400)
    return new CannotContinue(`the agent answered with a redirect (${status}), which is not followed`);
  return new CannotContinue(`the agent refused the turn with ${status}`);
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the body, and with it the connection.
    if (size > MAX_ANSWER) throw new CannotContinue(`the agent's answer is longer than ${MAX_ANSWER} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const causeOf = (error: unknown): string => {
  const { cause, message } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? message;
};
