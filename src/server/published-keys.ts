import type { HttpHandler } from './graphql-http.ts';
import { sendError } from './respond.ts';

/** Public keys (RFC 7517), for anyone (behaviour 1.5). `keptFor`: seconds for which whoever asks may keep the answer. */
export function publishedKeys(read: () => Promise<object>, keptFor: number): HttpHandler {
  return async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return sendError(response, 405, 'BAD_USER_INPUT', 'Keys are read: GET or HEAD.');
    }
    const text = JSON.stringify(await read());
    response.writeHead(200, {
      'content-type': 'application/jwk-set+json',
      'content-length': Buffer.byteLength(text),
      'cache-control': `public, max-age=${keptFor}`,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
}
