import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { addSeconds, type Clock } from '../../kernel/clock.ts';
import type { Json } from '../../kernel/json.ts';
import { PrivateAddress, publicLookup } from '../../notifications/addresses.ts';
import type { CallResult, Grant } from '../runner.ts';
import { isPrivate, type Tool } from './agent.ts';
import { decimal } from './prices.ts';

/** Seconds until a tool must have answered in full. */
const TIMEOUT_SECONDS = 120;
/** Bytes of its answer: it goes into the conversation, which people are shown whole. */
const MAX_ANSWER = 64 * 1024;

/**
 * POSTs the approved input to the tool, once. Its answer, JSON or a text, is the call's; headers may say what it took
 * (`holdpoint-tokens`, `holdpoint-cost`) and how sure it is (`holdpoint-confidence`), else what was estimated counts.
 * Rejects where it failed, or where nobody knows what it did.
 */
export async function postTool(
  { clock, allowPrivate }: { clock: Clock; allowPrivate: boolean },
  tool: Tool,
  { approvalId, input, permit, signal }: Grant,
): Promise<CallResult> {
  if (!allowPrivate && isPrivate(tool.url)) throw new Error('the address of the tool is a private one');
  const late = new AbortController();
  const cancel = clock.at(addSeconds(clock.now(), TIMEOUT_SECONDS), () =>
    late.abort(new Error(`the tool did not answer within ${TIMEOUT_SECONDS} s`)),
  );
  const either = AbortSignal.any([signal, late.signal]);
  try {
    const body = JSON.stringify(input);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      accept: 'application/json',
      'user-agent': 'Holdpoint',
      // The tool's own means not to act twice on one approval.
      'idempotency-key': approvalId,
      ...(permit !== null && { 'holdpoint-permit': permit }),
    };
    const response = await send(new URL(tool.url), { headers, body, signal: either, allowPrivate });
    const text = await read(response);
    const status = response.statusCode ?? 0;
    if (status < 200 || status >= 300)
      throw new Error(`the tool answered ${status}${text === '' ? '' : `: ${text.slice(0, 1_000)}`}`);
    return { response: asJson(text), ...figuresOf(tool, response.headers) };
  } catch (error) {
    if (either.aborted) throw either.reason;
    throw error;
  } finally {
    cancel();
  }
}

function send(
  url: URL,
  {
    headers,
    body,
    signal,
    allowPrivate,
  }: { headers: Record<string, string | number>; body: string; signal: AbortSignal; allowPrivate: boolean },
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        headers,
        signal,
        // A connection of its own: one that was kept was looked up at another time.
        agent: false,
        ...(allowPrivate ? {} : { lookup: publicLookup as never }),
      },
      resolve,
    );
    sent.on('error', (error: Error & { code?: string }) => {
      if (error instanceof PrivateAddress)
        return reject(new Error('the address of the tool is a private one'));
      return reject(
        new Error(`the tool gave no answer (${error.code ?? 'no connection'})`, { cause: error }),
      );
    });
    sent.end(body);
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    // Leaving the loop ends the connection.
    if (size > MAX_ANSWER) throw new Error(`the tool's answer is longer than ${MAX_ANSWER} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function asJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** What a header says that can't be read is not looked at: the estimate was held, and counts. */
function figuresOf(
  { tokens, cost }: Tool,
  headers: IncomingMessage['headers'],
): Omit<CallResult, 'response'> {
  const said = (name: string): string => [headers[name]].flat()[0] ?? '';
  const used = said('holdpoint-tokens');
  const paid = decimal.safeParse(said('holdpoint-cost'));
  const confidence = said('holdpoint-confidence');
  return {
    tokensUsed: /^\d{1,9}$/.test(used) ? Number(used) : tokens,
    actualCost: paid.success ? paid.data : cost,
    ...(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/.test(confidence) && { confidence: Number(confidence) }),
  };
}
