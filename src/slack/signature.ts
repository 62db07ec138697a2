import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds that a click may be old, or ahead of this clock. */
export const MAX_AGE_SECONDS = 300;

/** What Slack sends with a request, to show that it comes from it. */
export interface SlackSignature {
  timestamp: string | undefined;
  signature: string | undefined;
}

/**
 * Why a request is none of Slack's, or null: signed with the app's secret, over its very bytes and the time that it names,
 * which is not long ago. Compared in constant time.
 */
export function faultOfSignature(
  secret: string,
  { timestamp, signature }: SlackSignature,
  body: string,
  now: Date,
): string | null {
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return 'it names no time';
  if (signature === undefined || !/^v0=[0-9a-f]{64}$/.test(signature)) return 'it is not signed';
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > MAX_AGE_SECONDS) return 'it is too old';
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest();
  return timingSafeEqual(expected, Buffer.from(signature.slice(3), 'hex')) ? null : 'its signature is wrong';
}
