import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type RemoteJWKSet,
} from 'jose';
import type { OidcConfig } from '../config.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import { RequestError, type RequestErrorCode } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { claimOf, projectOf, roleOf } from './claims.ts';
import { fetchDiscovery, PATIENCE } from './discovery.ts';
import type { Role } from './permissions.ts';

/** Signatures only: with HMAC, anyone who has the public key could sign; `none` needs no key at all. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** Seconds that the issuer's clock and ours may differ by. */
const TOLERANCE = 30;
/** Milliseconds after fetching keys, or failing to reach the issuer, in which tokens cannot make us ask again. */
const COOLDOWN = 2_000;

/** Whom a good token speaks of. */
export interface OidcIdentity {
  subject: string;
  name: string;
  email: string | null;
  role: Role;
  projectId: string | null;
  expiresAt: Date;
}

export type Verified =
  | { identity: OidcIdentity; refusal: null }
  | { identity: null; refusal: { code: RequestErrorCode; message: string } };

/** Verifies an issuer's tokens (behaviour 2.1), by keys found through its discovery document when first needed. */
export function createOidc(deps: { config: OidcConfig; clock: Clock; log: Log; cooldown?: number }): {
  /**
   * A token for the configured audience, or another one. Throws RequestError SERVICE_UNAVAILABLE where the issuer can't be
   * asked for its keys.
   */
  verify(token: string, audience?: string): Promise<Verified>;
} {
  const { config, clock, log, cooldown = COOLDOWN } = deps;
  const keysOf = createDiscovery(config.issuer, clock, cooldown);

  async function verify(token: string, audience = config.audience): Promise<Verified> {
    try {
      const keys = await keysOf();
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer: [config.issuer, `${config.issuer}/`],
        audience,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: TOLERANCE,
        currentDate: clock.now(),
      });
      return identityOf(payload, config);
    } catch (error) {
      const reason = refusalOf(error);
      if (reason !== null) return refuse('UNAUTHENTICATED', `The token is refused: ${reason}.`);
      log.warn({ err: error, issuer: config.issuer }, 'the OIDC issuer could not be asked for its keys');
      throw new RequestError(
        'SERVICE_UNAVAILABLE',
        "The sign-in issuer's keys can't be fetched now; try again.",
      );
    }
  }
  return { verify };
}

const refuse = (code: RequestErrorCode, message: string): Verified => ({
  identity: null,
  refusal: { code, message },
});

const unacceptable = (claim: string): Verified =>
  refuse('UNAUTHENTICATED', `The token is refused: its claim ${claim} is not acceptable.`);

function identityOf(claims: JWTPayload, config: OidcConfig): Verified {
  const subject = claims.sub;
  if (typeof subject !== 'string' || subject === '' || subject.length > 255) {
    return refuse('UNAUTHENTICATED', 'The token is refused: it names no subject.');
  }
  // Kept as text: the database takes no NUL, and would make one and the same of different lone surrogates.
  if (subject.includes('\0') || !subject.isWellFormed()) return unacceptable('sub');
  // What is accepted within the tolerance must not count as expired a moment later.
  const expiresAt = addSeconds(new Date(claims.exp! * 1000), TOLERANCE);
  if (Number.isNaN(expiresAt.getTime())) return unacceptable('exp');
  const role = roleOf(claimOf(claims, config.roleClaim));
  if (role === null) return refuse('FORBIDDEN', `The token names no role (claim ${config.roleClaim}).`);
  const project = projectOf(claimOf(claims, config.projectClaim));
  if (project === null)
    return refuse('FORBIDDEN', `The token names no project (claim ${config.projectClaim}).`);
  const name = [claims.name, claims.preferred_username, claims.email, subject].find(isText)!;
  const email = isText(claims.email) ? claims.email : null;
  return { identity: { subject, name, email, role, ...project, expiresAt }, refusal: null };
}

/** Kept as text of the database's: without NUL, and no longer than a name or an address is. */
const isText = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.trim() !== '' &&
  value.length <= 320 &&
  !value.includes('\0') &&
  value.isWellFormed();

/** Why jose refused the token itself; null where it is the issuer or the way to it that failed. */
function refusalOf(error: unknown): string | null {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim ${error.claim} is not acceptable`;
  if (error instanceof errors.JWKSNoMatchingKey) return 'it is signed by no key of the issuer';
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return 'it does not say which key of the issuer signed it';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not accepted';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  const malformed = [errors.JWTInvalid, errors.JWSInvalid, errors.JOSENotSupported];
  return malformed.some((kind) => error instanceof kind) ? 'it is not well-formed' : null;
}

/** Reads the discovery document once it is needed, and again only after a failure has cooled down. */
function createDiscovery(issuer: string, clock: Clock, cooldown: number): () => Promise<JWTVerifyGetKey> {
  let keys: Promise<JWTVerifyGetKey> | null = null;
  let failed: { at: number; error: unknown } | null = null;

  async function discover(): Promise<JWTVerifyGetKey> {
    const address = new URL((await fetchDiscovery(issuer)).jwks_uri);
    const remote = createRemoteJWKSet(address, { timeoutDuration: PATIENCE, cooldownDuration: cooldown });
    return unhurried(remote, clock, cooldown);
  }

  return () => {
    if (failed !== null && Math.abs(clock.now().getTime() - failed.at) < cooldown)
      return Promise.reject(failed.error);
    keys ??= discover().catch((error: unknown) => {
      keys = null;
      failed = { at: clock.now().getTime(), error };
      throw error;
    });
    return keys;
  };
}

/**
 * The issuer's keys, fetched as tokens need them. Where that fails, nothing asks again until it has cooled down; keys that
 * are known are good meanwhile, a token by any other fails as the fetch did.
 */
function unhurried(remote: RemoteJWKSet, clock: Clock, cooldown: number): JWTVerifyGetKey {
  let failed: { at: number; error: unknown } | null = null;

  async function known(error: unknown, ...asked: Parameters<JWTVerifyGetKey>) {
    const keys = remote.fresh ? remote.jwks() : undefined;
    if (keys === undefined) throw error;
    return createLocalJWKSet(keys)(...asked).catch((reason: unknown) => {
      throw reason instanceof errors.JWKSNoMatchingKey ? error : reason;
    });
  }

  return async (...asked) => {
    if (failed !== null && Math.abs(clock.now().getTime() - failed.at) < cooldown)
      return known(failed.error, ...asked);
    return remote(...asked).catch((error: unknown) => {
      if (refusalOf(error) === null) failed = { at: clock.now().getTime(), error };
      throw error;
    });
  };
}
