import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type RemoteJWKSet } from 'jose';
import { z } from 'zod';
import type { OidcConfig } from '../config.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import { RequestError, type RequestErrorCode } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { claimOf, projectOf, roleOf } from './claims.ts';
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
/** Milliseconds that an answer of the issuer is waited for. */
const PATIENCE = 5_000;
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
  /** Throws RequestError SERVICE_UNAVAILABLE where the issuer can't be asked for its keys. */
  verify(token: string): Promise<Verified>;
} {
  const { config, clock, log, cooldown = COOLDOWN } = deps;
  const keysOf = createDiscovery(config.issuer, clock, cooldown);

  async function verify(token: string): Promise<Verified> {
    try {
      const keys = await keysOf();
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer: [config.issuer, `${config.issuer}/`],
        audience: config.audience,
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

function identityOf(claims: JWTPayload, config: OidcConfig): Verified {
  const subject = claims.sub;
  if (typeof subject !== 'string' || subject === '' || subject.length > 255) {
    return refuse('UNAUTHENTICATED', 'The token is refused: it names no subject.');
  }
  const role = roleOf(claimOf(claims, config.roleClaim));
  if (role === null) return refuse('FORBIDDEN', `The token names no role (claim ${config.roleClaim}).`);
  const project = projectOf(claimOf(claims, config.projectClaim));
  if (project === null)
    return refuse('FORBIDDEN', `The token names no project (claim ${config.projectClaim}).`);
  const name = [claims.name, claims.preferred_username, claims.email, subject].find(isText)!;
  // What is accepted within the tolerance must not count as expired a moment later.
  const expiresAt = addSeconds(new Date(claims.exp! * 1000), TOLERANCE);
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

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** Reads the discovery document once it is needed, and again only after a failure has cooled down. */
function createDiscovery(issuer: string, clock: Clock, cooldown: number): () => Promise<RemoteJWKSet> {
  let keys: Promise<RemoteJWKSet> | null = null;
  let failed: { at: number; error: unknown } | null = null;

  async function discover(): Promise<RemoteJWKSet> {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE),
      headers: { accept: 'application/json' },
    });
    if (!response.ok) throw new Error(`the discovery document answered ${response.status}`);
    const document = discovery.parse(await response.json());
    if (document.issuer.replace(/\/$/, '') !== issuer)
      throw new Error('the discovery document names another issuer');
    const address = new URL(document.jwks_uri);
    if (issuer.startsWith('https:') && address.protocol !== 'https:')
      throw new Error('jwks_uri is not https');
    return createRemoteJWKSet(address, { timeoutDuration: PATIENCE, cooldownDuration: cooldown });
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
