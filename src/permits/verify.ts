// What a tool checks before it acts, without asking anyone (behaviour 5.6). It ships with the client, into browsers too:
// it imports jose and nothing of the house.
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';

/** `typ` of a permit, so that nothing else that the same keys may sign one day passes for one. */
export const PERMIT_TYPE = 'permit+jwt';
/** The one algorithm: with others to choose from, a forger would choose. */
export const PERMIT_ALGORITHM = 'ES256';

/** What a good permit says. */
export interface Permit {
  approvalId: string;
  projectId: string;
  /** SHA-256 (hex) of the action that is permitted. */
  digest: string;
  /** To be remembered by a tool that must not act twice on one permit. */
  jti: string;
  issuedAt: Date;
  expiresAt: Date;
}

export interface Expected {
  /** Of the action that is about to be done. */
  digest: string;
  /** Holdpoint's own address, whose keys these are. */
  issuer: string;
  now: Date;
}

/** `unknown_key`: fetch the keys again, once; a new one may have been published since. */
export type PermitFault =
  | 'unknown_key'
  | 'expired'
  | 'wrong_digest'
  | 'wrong_issuer'
  | 'bad_signature'
  | 'not_a_permit';

export type PermitCheck = { permit: Permit; fault: null } | { permit: null; fault: PermitFault };

/** Whether `token` permits exactly this action now. `jwks` is what /.well-known/jwks.json answers. Never rejects. */
export async function verifyPermit(
  jwks: JSONWebKeySet,
  token: string,
  { digest, issuer, now }: Expected,
): Promise<PermitCheck> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
      algorithms: [PERMIT_ALGORITHM],
      typ: PERMIT_TYPE,
      issuer,
      requiredClaims: ['sub', 'exp', 'iat', 'jti'],
      currentDate: now,
    });
    const permit = readPermit(payload);
    if (permit === null) return refuse('not_a_permit');
    return permit.digest === digest ? { permit, fault: null } : refuse('wrong_digest');
  } catch (error) {
    return refuse(faultOf(error));
  }
}

const refuse = (fault: PermitFault): PermitCheck => ({ permit: null, fault });

function readPermit({ sub, jti, iat, exp, digest, project }: JWTPayload): Permit | null {
  if (typeof sub !== 'string' || typeof jti !== 'string') return null;
  if (typeof digest !== 'string' || typeof project !== 'string') return null;
  const instant = (seconds: number) => new Date(seconds * 1000);
  return {
    approvalId: sub,
    projectId: project,
    digest,
    jti,
    issuedAt: instant(iat!),
    expiresAt: instant(exp!),
  };
}

/** Whatever cannot be understood is no permit. */
function faultOf(error: unknown): PermitFault {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'iss') return 'wrong_issuer';
  if (error instanceof errors.JWKSNoMatchingKey) return 'unknown_key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad_signature';
  return 'not_a_permit';
}
