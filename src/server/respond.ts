import type { IncomingMessage, ServerResponse } from 'node:http';

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { errors: [{ message, extensions: { code } }] });
}

/** False, and refused, where the method is neither GET nor HEAD. `what`: the subject of the refusal's sentence. */
export function answersReading({ method }: IncomingMessage, response: ServerResponse, what: string): boolean {
  if (method === 'GET' || method === 'HEAD') return true;
  response.setHeader('allow', 'GET, HEAD');
  sendError(response, 405, 'BAD_USER_INPUT', `${what}: GET or HEAD.`);
  return false;
}

/** behaviour 10.4 */
export const LARGEST_BODY = 1_048_576;

/** The request's body, or null where it is over the bound: refused by its announced length, else as soon as it passes. */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

/** The rest of the body is taken and dropped, within the request's time: cut off at once, a client would miss the answer. */
export function sendTooLarge(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  sendError(response, 413, 'BAD_USER_INPUT', `A request's body is at most ${LARGEST_BODY} bytes.`);
}
