import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '../kernel/json.ts';

/**
 * What a page has to repeat with its cookie (behaviour 2.12). Worked out of the cookie's secret, which no page can read,
 * so that nothing is stored, each replica knows it, and it ends with the session.
 */
export const csrfTokenOf = (secret: string): string => sha256(`csrf ${secret}`);

/** In a time that tells nothing of how much of it was right. */
export function isCsrfToken(given: unknown, secret: string): boolean {
  if (typeof given !== 'string') return false;
  // Hashes have one length, whatever was given.
  return timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(csrfTokenOf(secret))));
}
