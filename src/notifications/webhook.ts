import type { Clock } from '../kernel/clock.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { signatureHeaders } from '../runners/http/sign.ts';
import { type Channel, type Message, NotDelivered } from './channel.ts';
import { exchange } from './post.ts';
import type { Destination } from './settings.ts';

type Webhook = Extract<Destination, { type: 'WEBHOOK' }>;

interface Options {
  clock: Clock;
  /** The server's environment lets webhooks reach private addresses (behaviour 8.3). */
  allowPrivate: boolean;
  /** Left out: receivers are told no trace. */
  tracing?: Tracing;
}

/**
 * POSTs the message, signed as the Standard Webhooks specification says; `webhook-id` is the delivery's. 2xx: taken over.
 * 408, 425, 429, 5xx and no answer: later. Anything else, redirects too, is a refusal. Nothing that the receiver says is
 * repeated, nor where it is.
 */
export function createWebhook({ clock, allowPrivate, tracing }: Options): Channel<Webhook> {
  return {
    name: 'webhook',
    async send({ url, secret }, { id, body }, signal) {
      const headers = { ...headersOf(clock, secret, { id, body }), ...traceOf(tracing) };
      await exchange(new URL(url), { headers, body, signal, allowPrivate }, () => clock.now());
      return { reference: null };
    },
  };
}

function traceOf(tracing: Tracing | undefined): { traceparent?: string } {
  const traceparent = tracing?.traceparent() ?? null;
  return traceparent === null ? {} : { traceparent };
}

function headersOf(clock: Clock, secret: string, { id, body }: Pick<Message, 'id' | 'body'>) {
  try {
    return { ...signatureHeaders(id, clock.now(), body, [secret]), 'content-type': 'application/json' };
  } catch (cause) {
    throw new NotDelivered('the secret is not one to sign with', { permanent: true, cause });
  }
}
