import { decodeProtectedHeader, SignJWT } from 'jose';
import type { Clock } from '../kernel/clock.ts';
import { PERMIT_LIVES } from './rules.ts';
import type { SigningKeys } from './signing-keys.ts';
import { type Expected, PERMIT_ALGORITHM, PERMIT_TYPE, type PermitCheck, verifyPermit } from './verify.ts';

export interface PermitDeps {
  clock: Clock;
  signingKeys: Pick<SigningKeys, 'signer' | 'publicKeysWith'>;
  publicUrl: () => string;
}

export interface NewPermit {
  approvalId: string;
  projectId: string;
  /** actionDigest of what may run. */
  digest: string;
  /** The approval's; a permit ends with it, or after a day where that is earlier. */
  expiresAt: Date;
  jti: string;
}

/** The JWT that lets a tool check an approval by itself (behaviour 5.6). For the requester's eyes alone. */
export async function signPermit(
  { clock, signingKeys, publicUrl }: PermitDeps,
  { approvalId, projectId, digest, expiresAt, jti }: NewPermit,
): Promise<string> {
  const { kid, key } = await signingKeys.signer();
  // Whole seconds, and never one too many.
  const issuedAt = Math.floor(clock.now().getTime() / 1000);
  const end = Math.min(Math.floor(expiresAt.getTime() / 1000), issuedAt + PERMIT_LIVES);
  return new SignJWT({ digest, project: projectId })
    .setProtectedHeader({ alg: PERMIT_ALGORITHM, typ: PERMIT_TYPE, kid })
    .setIssuer(publicUrl())
    .setSubject(approvalId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(end)
    .setJti(jti)
    .sign(key);
}

/** What a tool does with the published keys, done here: by the keys at hand, and by those of now where they lack one. */
export async function checkPermit(
  { clock, signingKeys, publicUrl }: PermitDeps,
  token: string,
  expected: Pick<Expected, 'digest'>,
): Promise<PermitCheck> {
  const jwks = await signingKeys.publicKeysWith(kidOf(token) ?? '');
  return verifyPermit(jwks, token, { ...expected, issuer: publicUrl(), now: clock.now() });
}

function kidOf(token: string): string | null {
  try {
    return decodeProtectedHeader(token).kid ?? null;
  } catch {
    return null;
  }
}
