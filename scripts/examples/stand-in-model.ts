import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Message {
  role: string;
  content: unknown;
}

/** Speaks as an OpenAI-compatible endpoint: first it wants a folder deleted, then it says what came of that. */
export async function startModel() {
  const server = createServer(async (request, response) => {
    const { messages, tools } = JSON.parse(await text(request)) as { messages: Message[]; tools?: unknown[] };
    const result = messages.findLast(({ role }) => role === 'tool');
    const message =
      result === undefined && tools !== undefined
        ? {
            role: 'assistant',
            content: null,
            tool_calls: [
              {
                id: `call_${messages.length}_${Date.now()}`,
                type: 'function',
                function: { name: 'delete_file', arguments: '{"path":"logs/2019"}' },
              },
            ],
          }
        : { role: 'assistant', content: `I was told: ${wordsOf(result)}` };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        id: 'stand-in',
        object: 'chat.completion',
        created: 0,
        model: 'stand-in',
        choices: [{ index: 0, message, finish_reason: 'tool_calls' in message ? 'tool_calls' : 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () => server.close().closeAllConnections(),
  };
}

const wordsOf = (message: Message | undefined): string =>
  typeof message?.content === 'string' ? message.content : JSON.stringify(message?.content ?? null);
