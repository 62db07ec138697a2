import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json, JsonObject } from '../../../src/kernel/json.ts';

// What an agent inside reaches, in this process behind real sockets: an OpenAI-compatible endpoint, and tools.

export const API_KEY = 'sk-of-the-tests';

/** A request as an endpoint gets it. */
export interface ChatRequest {
  model: string;
  messages: {
    role: 'system' | 'user' | 'assistant' | 'tool';
    content: string | null;
    tool_call_id?: string;
    tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  }[];
  tools: { function: { name: string; description: string; parameters: JsonObject } }[];
  max_tokens: number;
  stream: boolean;
}

export interface Reply {
  text?: string;
  /** Arguments that are a text are sent as they stand. */
  tools?: [name: string, args: Json][];
  /** Tokens in and out; null: it does not say. */
  usage?: [number, number] | null;
  refusal?: string;
  /** Instead of a stream. */
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Lines of the stream, as they stand, instead of an answer. */
  raw?: string[];
  /** After the text: the connection is torn, or nothing more comes until the test says so. */
  after?: 'break' | Promise<unknown>;
}

export interface TestModel {
  baseUrl: string;
  requests: ChatRequest[];
  /** What was broken off by whoever asked. */
  aborted: number;
  close(): Promise<void>;
}

export async function startModel(answer: (request: ChatRequest, nth: number) => Reply): Promise<TestModel> {
  const model: TestModel = { baseUrl: '', requests: [], aborted: 0, close: async () => {} };
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (request.url !== '/v1/chat/completions' || request.headers.authorization !== `Bearer ${API_KEY}`)
      return void response.writeHead(401).end(`{"error": {"message": "not the key: ${API_KEY}"}}`);
    const asked = JSON.parse(body) as ChatRequest;
    model.requests.push(asked);
    response.on('close', () => (model.aborted += response.writableFinished ? 0 : 1));
    await write(response, answer(asked, model.requests.length));
  });
  model.baseUrl = `${await listening(server)}/v1`;
  model.close = () => closed(server);
  return model;
}

async function write(response: ServerResponse, reply: Reply): Promise<void> {
  const { status, headers = {}, body = '', text, tools = [], refusal, raw, after, usage = [100, 10] } = reply;
  if (status !== undefined) {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  const send = (chunk: Json | object) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  const chunk = (choices: unknown[], more: object = {}) =>
    send({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more });
  const delta = (value: object, finish: string | null = null) =>
    chunk([{ index: 0, delta: value, finish_reason: finish }]);
  if (raw !== undefined) {
    for (const line of raw) response.write(`${line}\n\n`);
    response.end();
    return;
  }
  delta({ role: 'assistant', content: '' });
  if (text !== undefined)
    for (const part of text.match(text.length > 1_000 ? /.{1,1000}/gsu : /.{1,7}/gsu) ?? [])
      delta({ content: part });
  if (after === 'break') {
    // What was written has to be on its way before the connection is torn.
    response.write(': torn\n\n', () => response.destroy());
    return;
  }
  await after;
  if (response.destroyed) return;
  if (refusal !== undefined) delta({ refusal });
  for (const [index, [name, args]] of tools.entries()) {
    const given = typeof args === 'string' ? args : JSON.stringify(args);
    delta({ tool_calls: [{ index, id: `same`, type: 'function', function: { name, arguments: '' } }] });
    delta({ tool_calls: [{ index, function: { arguments: given } }] });
  }
  delta({}, tools.length > 0 ? 'tool_calls' : 'stop');
  if (usage !== null) {
    const [prompt_tokens, completion_tokens] = usage;
    chunk([], {
      usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
    });
  }
  response.write('data: [DONE]\n\n');
  response.end();
}

export interface ToolRequest {
  path: string;
  input: Json;
  permit: string | undefined;
  key: string | undefined;
}

export interface ToolReply {
  status?: number;
  headers?: Record<string, string>;
  /** A text is sent as it stands. */
  body: Json;
}

export interface TestTools {
  url: string;
  requests: ToolRequest[];
  close(): Promise<void>;
}

export async function startTools(
  answer: (request: ToolRequest) => ToolReply | Promise<ToolReply>,
): Promise<TestTools> {
  const requests: ToolRequest[] = [];
  const server = createServer(async (request, response) => {
    const asked: ToolRequest = {
      path: request.url!,
      input: JSON.parse(await bodyOf(request)) as Json,
      permit: request.headers['holdpoint-permit'] as string | undefined,
      key: request.headers['idempotency-key'] as string | undefined,
    };
    requests.push(asked);
    const { status = 200, headers = {}, body } = await answer(asked);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { url: await listening(server), requests, close: () => closed(server) };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** What the tools answered to the last calls of a conversation, oldest first. */
export const toldOf = ({ messages }: ChatRequest): JsonObject[] => {
  const lastCalls = messages.findLastIndex(({ role }) => role === 'assistant');
  return messages.slice(lastCalls + 1).map(({ content }) => JSON.parse(content!) as JsonObject);
};
