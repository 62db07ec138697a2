import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { isPublic, PrivateAddress, publicLookup } from './addresses.ts';
import { NotDelivered } from './channel.ts';

// How channels speak HTTP: one way out, one table for what a status means. Nothing that a receiver says is repeated, nor
// where it is.

/** Bytes of an answer that are read before the connection is ended. */
const MAX_ANSWER = 64 * 1024;
/** Milliseconds that a receiver may ask to wait. */
const LONGEST_WISH = 24 * 3_600_000;

export interface Sending {
  method?: 'GET' | 'POST';
  headers: Record<string, string | number>;
  body?: string;
  signal: AbortSignal;
  /** Private addresses may be reached (behaviour 8.3). */
  allowPrivate: boolean;
}

/**
 * Sends one request and resolves with the beginning of the answer. Rejects with NotDelivered where nothing answers or the
 * address is none to write to, and with the abort's reason.
 */
export function ask(
  url: URL,
  { method = 'POST', headers, body, signal, allowPrivate }: Sending,
): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // An address that is written out is looked up by nobody.
  if (!allowPrivate && isIP(host) !== 0 && !isPublic(host))
    return Promise.reject(new NotDelivered('the address is a private one', { permanent: true }));
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return Promise.reject(new NotDelivered('the address is not an http(s) one', { permanent: true }));
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method,
        headers: {
          'user-agent': 'Holdpoint',
          ...headers,
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
        signal,
        // A connection of its own: one that was kept was looked up at another time.
        agent: false,
        ...(allowPrivate ? {} : { lookup: publicLookup as never }),
      },
      resolve,
    );
    sent.on('error', (error: Error & { code?: string }) => {
      if (signal.aborted) return reject(signal.reason as Error);
      if (error instanceof PrivateAddress)
        return reject(new NotDelivered(error.message, { permanent: true, cause: error }));
      return reject(
        new NotDelivered(`the receiver can't be reached (${error.code ?? 'no answer'})`, { cause: error }),
      );
    });
    sent.end(body);
  });
}

/** The answer's text, up to 64 kB of it. */
export async function textOf(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      // Leaving the loop ends the connection.
      if (size > MAX_ANSWER) break;
    }
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new NotDelivered('the receiver broke off its answer', { cause });
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends one request; what the receiver answered, where it took it (2xx). */
export async function exchange(url: URL, sending: Sending, now: () => Date): Promise<string> {
  const response = await ask(url, sending);
  const fault = faultOf(response.statusCode ?? 0, response.headers['retry-after'], now());
  const text = await textOf(response, sending.signal).catch((error: unknown) => {
    // It has said what becomes of the message; a refusal stays one, however it ends.
    if (fault === null) throw error;
    return '';
  });
  if (fault !== null) throw fault;
  return text;
}

/** 2xx: none. 408, 425, 429, 5xx: later. Anything else, redirects too, is a refusal. */
export function faultOf(
  status: number,
  retryAfter: string | null | undefined,
  now: Date,
): NotDelivered | null {
  if (status >= 200 && status < 300) return null;
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return new NotDelivered(`the receiver answered ${status}`, { retryAfter: wishOf(retryAfter, now) });
  if (status >= 300 && status < 400)
    return new NotDelivered(`the receiver answered with a redirect (${status}), which is not followed`, {
      permanent: true,
    });
  return new NotDelivered(`the receiver refused it with ${status}`, { permanent: true });
}

/** Seconds, or a date; at most a day. What is neither says nothing. */
function wishOf(retryAfter: string | null | undefined, now: Date): number | null {
  if (retryAfter === undefined || retryAfter === null) return null;
  const wait = /^\d{1,9}$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : Date.parse(retryAfter) - now.getTime();
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST_WISH) : null;
}
