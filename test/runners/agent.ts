import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { News } from '../../src/runners/runner.ts';
import { webhookOf } from '../../src/runners/http/sign.ts';

/** What an agent is sent. */
export interface Received {
  session: { id: string; context: { asks?: string[] } };
  turn: { number: number; attempt: number; start: boolean };
  news: News[];
  state: Record<string, unknown> | null;
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
  close(): Promise<void>;
}

export const SECRET = 'a secret of the tests';

export async function startAgent(
  answer: (body: Received, headers: IncomingMessage['headers']) => Reply | Promise<Reply>,
  secret = SECRET,
): Promise<TestAgent> {
  const received: TestAgent['received'] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const headers = request.headers as Record<string, string>;
    try {
      const stamp = new Date(Number(headers['webhook-timestamp']) * 1000);
      const expected = webhookOf(secret).sign(headers['webhook-id']!, stamp, text);
      if (!headers['webhook-signature']!.split(' ').includes(expected)) throw new Error('no signature fits');
      const body = JSON.parse(text) as Received;
      received.push({ id: headers['webhook-id']!, body });
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
