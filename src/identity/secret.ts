import { randomBytes } from 'node:crypto';
import { sha256 } from '../kernel/json.ts';

/**
 * A new secret: 256 random bits behind a prefix that people and secret scanners recognise. hp: an API key's, hps: a browser
 * session's, hpl: a sign-in link's. Each kind is looked up among its own alone.
 */
export const makeSecret = (prefix: 'hp' | 'hps' | 'hpl' = 'hp'): string =>
  `${prefix}_${randomBytes(32).toString('base64url')}`;

/**
 * What is kept of a secret, and what it is found by. A secret this random needs no salt and no slow hash; looking its
 * hash up in an index tells an attacker's clock nothing of the secret.
 */
export const hashSecret = sha256;
