import type { HttpHandler } from './graphql-http.ts';
import { answersReading } from './respond.ts';

/** Public keys (RFC 7517), for anyone (behaviour 1.5). `keptFor`: seconds for which whoever asks may keep the answer. */
export function publishedKeys(read: () => Promise<object>, keptFor: number): HttpHandler {
  return async (request, response) => {
    if (!answersReading(request, response, 'Keys are read')) return;
    const text = JSON.stringify(await read());
    response.writeHead(200, {
      'content-type': 'application/jwk-set+json',
      'content-length': Buffer.byteLength(text),
      'cache-control': `public, max-age=${keptFor}`,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
}
