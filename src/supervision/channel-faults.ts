import { z } from 'zod';
import { hasReference } from './from-environment.ts';

/** As the Standard Webhooks specification has it: 24 to 64 bytes. */
const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/;
const E164 = /^\+[1-9]\d{6,14}$/;
/** Numbers of one sms channel: they are written to one after the other. */
const MAX_NUMBERS = 10;
const email = z.email();

interface Channel {
  type: string;
  to?: string[] | undefined;
  slack_channel?: string | undefined;
  webhook_url?: string | undefined;
  secret?: string | undefined;
}

/**
 * What the settings of a channel have to do with its type. One without what it needs is no fault: it is off, and says so
 * (channel-warnings.ts).
 */
export function channelFaults(
  { type, to = [], slack_channel: place, webhook_url: url, secret }: Channel,
  context: z.core.$RefinementCtx,
): void {
  const fault = (message: string, ...path: (string | number)[]) =>
    context.addIssue({ code: 'custom', path, message });
  if (to.length > 0 && type !== 'email' && type !== 'sms')
    fault('belongs to an email or an sms channel', 'to');
  if (type === 'sms' && to.length > MAX_NUMBERS) fault(`must have at most ${MAX_NUMBERS} numbers`, 'to');
  to.forEach((address, at) => {
    if (type === 'email' && !email.safeParse(address).success) fault('must be an email address', 'to', at);
    if (type === 'sms' && !E164.test(address))
      fault('must be a number with its country code, such as +4915112345678', 'to', at);
  });
  if (place !== undefined && type !== 'slack') fault('belongs to a slack channel', 'slack_channel');
  else if (place !== undefined && url)
    fault('stands where webhook_url does: one of the two', 'slack_channel');
  const called = type === 'webhook' || type === 'slack';
  if (called && url && !hasReference(url) && !/^https?:\/\//.test(url))
    fault('must be an http(s) address', 'webhook_url');
  if (type === 'webhook' && secret && !hasReference(secret) && !WEBHOOK_SECRET.test(secret))
    fault('must be whsec_ and 24 to 64 bytes in base64', 'secret');
}
