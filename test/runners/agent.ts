import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, JsonObject } from '../../src/kernel/json.ts';
import type { CallOutcome, News } from '../../src/runners/runner.ts';
import { webhookOf } from '../../src/runners/http/sign.ts';

/** What an agent is sent: a turn. */
export interface Received {
  type: 'session.turn';
  session: { id: string; context: { asks?: string[]; call?: CallOfTest; report?: boolean } };
  turn: { number: number; attempt: number; start: boolean };
  news: News[];
  calls: { step: string; outcome: CallOutcome }[];
  undone: unknown[];
  state: Record<string, unknown> | null;
}

/** Or a call that was approved. */
export interface ReceivedCall {
  type: 'session.call';
  step: string;
  approvalId: string;
  input: Json;
  permit: string | null;
}

/** The call that the conformance suite has a session make. */
export interface CallOfTest {
  input: JsonObject;
  inputSchema?: JsonObject;
  tokens: number;
  cost: string;
  timeoutMinutes?: number;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** Sent as JSON, a text as it stands. */
  body?: unknown;
}

/** A remote agent in this process, behind a real socket; it checks every signature as a stranger's library would. */
export interface TestAgent {
  url: string;
  received: { id: string; body: Received }[];
  called: { id: string; body: ReceivedCall }[];
  close(): Promise<void>;
}

export const SECRET = 'a secret of the tests';

export async function startAgent(
  answer: (body: Received, headers: IncomingMessage['headers']) => Reply | Promise<Reply>,
  secret = SECRET,
): Promise<TestAgent> {
  const received: TestAgent['received'] = [];
  const called: TestAgent['called'] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const headers = request.headers as Record<string, string>;
    try {
      const stamp = new Date(Number(headers['webhook-timestamp']) * 1000);
      const expected = webhookOf(secret).sign(headers['webhook-id']!, stamp, text);
      if (!headers['webhook-signature']!.split(' ').includes(expected)) throw new Error('no signature fits');
      const body = JSON.parse(text) as Received | ReceivedCall;
      const id = headers['webhook-id']!;
      if (body.type === 'session.call') {
        called.push({ id, body });
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answerOf(body.input)));
        return;
      }
      received.push({ id, body });
      const { status = 200, headers: more = {}, body: reply } = await answer(body, request.headers);
      response.writeHead(status, { 'content-type': 'application/json', ...more });
      response.end(reply === undefined ? '' : typeof reply === 'string' ? reply : JSON.stringify(reply));
    } catch (error) {
      response.writeHead(401).end((error as Error).message);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/turns`,
    received,
    called,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/**
 * The agent of the conformance suite, written for the wire: asks all of `context.asks` at the start, says what it heard
 * at each answer, and completes with all of them.
 */
export function asker({ session, turn, news, state }: Received): Reply {
  const asks = session.context.asks ?? [];
  const heard = { ...(state?.heard as Record<string, string> | undefined) };
  const steps: unknown[] = [];
  if (turn.start) {
    for (const ask of asks)
      steps.push({ do: 'ask', step: `ask:${ask}`, agentName: ask, type: 'DECISION', message: `May ${ask}?` });
  }
  for (const item of news) {
    heard[item.agentName] = item.kind === 'answered' ? item.response.content : item.kind;
    steps.push({
      do: 'say',
      step: `heard:${item.key}`,
      agentName: item.agentName,
      input: '',
      response: heard[item.agentName],
    });
  }
  if (asks.every((ask) => heard[ask] !== undefined)) steps.push({ do: 'complete', result: heard });
  return { body: { steps, state: { heard } } };
}

/** What the calls of the conformance suite answer: their own input, at a cost of its own. */
export const answerOf = (input: Json) => ({
  response: { did: input },
  tokensUsed: 7,
  actualCost: '0.25',
  confidence: 0.9,
});

/** The agent of the conformance suite's gate: proposes `context.call`, and completes with what came of it. */
export function caller({ session, turn, calls }: Received): Reply {
  const call = session.context.call!;
  if (turn.start) {
    const { tokens, cost, ...rest } = call;
    const action = {
      do: 'call',
      step: 'work',
      agentName: 'worker',
      action: 'do the work',
      estimatedTokens: tokens,
      estimatedCost: cost,
      ...rest,
    };
    return { body: { steps: [action] } };
  }
  const steps = calls.map(({ step, outcome }) =>
    outcome.status === 'revise'
      ? { do: 'revise', step, ...answerOf({ revised: outcome.modifications }) }
      : {
          do: 'complete',
          result: { outcome: outcome.status, response: outcome.status === 'done' ? outcome.response : null },
        },
  );
  return { body: { steps } };
}

/** Reports, and does what follows once nobody is asked about the report any more. */
export function reporter({ turn, news, undone }: Received): Reply {
  if (!turn.start) return { body: { steps: news.some(({ step }) => step === 'met') ? undone : [] } };
  const metrics = { confidence_score: 0.5 };
  return {
    body: {
      steps: [
        { do: 'report', step: 'met', agentName: 'worker', type: 'milestone_reached', metrics },
        { do: 'say', step: 'on', agentName: 'worker', input: '', response: 'went on' },
        { do: 'complete', result: 'done' },
      ],
    },
  };
}
