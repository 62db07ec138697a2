import { Webhook } from 'standardwebhooks';

/**
 * The Standard Webhooks headers of a message: id, time and signatures, one for each secret, the present one first. A
 * receiver that knows any of them accepts it, so a secret can be changed without a gap. A secret beginning with
 * `whsec_` is base64, as that specification has it; any other is taken as the bytes of its text.
 */
export function signatureHeaders(
  id: string,
  at: Date,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => webhookOf(secret).sign(id, at, body)).join(' '),
  };
}

export const webhookOf = (secret: string): Webhook =>
  secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(Buffer.from(secret), { format: 'raw' });
