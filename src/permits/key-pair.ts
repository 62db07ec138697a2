import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'jose';
import { canonicalJson } from '../kernel/json.ts';
import type { KeyRing, Sealed } from '../secrets/key-ring.ts';
import type { SealedItem } from '../secrets/open-key-ring.ts';
import { PERMIT_ALGORITHM } from './verify.ts';

/** The two halves of a signing key as they are stored. */
export interface StoredKeyPair {
  id: string;
  publicJwk: unknown;
  privateKey: unknown;
}

/** A new pair for ES256, its private half sealed. */
export async function makeKeyPair(
  keyRing: KeyRing,
  id: string,
): Promise<{ id: string; publicJwk: JWK; privateKey: Sealed }> {
  const pair = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const publicJwk: JWK = {
    ...pair.publicKey.export({ format: 'jwk' }),
    kid: id,
    use: 'sig',
    alg: PERMIT_ALGORITHM,
  };
  const privateBytes = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
  return { id, publicJwk, privateKey: keyRing.seal(privateBytes, placeOf({ id, publicJwk })) };
}

/** Throws CannotOpen, also where the public half is not the one that was made with it. */
export function openPrivateKey(keyRing: KeyRing, pair: StoredKeyPair): KeyObject {
  const key = keyRing.open(pair.privateKey, placeOf(pair));
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

export const sealedItemOf = (pair: StoredKeyPair): SealedItem => ({
  name: `the signing key ${pair.id}`,
  sealed: pair.privateKey,
  place: placeOf(pair),
});

/**
 * The public half is part of it: who can write to the database and does not have the encryption key can't have a key of
 * their own published.
 */
const placeOf = ({ id, publicJwk }: Pick<StoredKeyPair, 'id' | 'publicJwk'>): string =>
  `signing_keys:${id}:${canonicalJson(publicJwk)}`;
