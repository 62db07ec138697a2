import {
  allowInsecureRequests,
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  clockSkew,
  Configuration,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  type ServerMetadata,
} from 'openid-client';
import { z } from 'zod';
import type { OidcConfig } from '../config.ts';
import { type Discovery, fetchDiscovery, PATIENCE } from '../identity/discovery.ts';
import type { Viewer } from '../identity/viewer.ts';
import { isPerson, NO_PERSON } from './rules.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { RequestError } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';

/** Seconds from leaving for the issuer to coming back. */
export const FLOW = 600;
/** Characters of the path that is gone on to: with the rest it has to go into one cookie. */
const LONGEST_PATH = 1_000;

/** What a browser keeps while it is at the issuer's, in a cookie of its own that no page reads. */
const flowSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  to: z.string(),
  begun: z.number(),
  /** The hash of the session that this browser had when it left; null: none. */
  before: z.string().nullable(),
});

export interface IssuerSignIn {
  /** Where to send the browser, and what its cookie has to keep until it is back. Throws RequestError SERVICE_UNAVAILABLE. */
  begin(publicUrl: string, to: string, before: string | null): Promise<{ location: string; flow: string }>;
  /**
   * Whom the issuer has signed in, the path to go on to, and what `begin` was told. `query`: what the browser came back with. Throws RequestError
   * UNAUTHENTICATED, FORBIDDEN (the person has no role or project) or SERVICE_UNAVAILABLE.
   */
  finish(
    publicUrl: string,
    query: string,
    flow: string | null,
  ): Promise<{ userId: string; to: string; before: string | null }>;
}

interface Deps {
  config: OidcConfig;
  client: NonNullable<OidcConfig['client']>;
  clock: Clock;
  log: Log;
  /** Checks the ID token once more, by the issuer's keys, and keeps the person. */
  authenticateIdToken: (token: string, audience: string) => Promise<Viewer>;
}

/** Sign-in by the issuer (behaviour 2.13): the code flow with PKCE, state and nonce. The protocol is openid-client's. */
export function createIssuerSignIn(deps: Deps): IssuerSignIn {
  const { config, client, clock, log } = deps;
  let discovered: Promise<Discovery> | null = null;

  async function configuration(): Promise<Configuration> {
    discovered ??= fetchDiscovery(config.issuer).catch((error: unknown) => {
      discovered = null;
      throw error;
    });
    const document = await discovered;
    // The library reads the machine's clock: it is told how far ours is from that.
    const skew = Math.round((clock.now().getTime() - systemClock.now().getTime()) / 1_000);
    const configured = new Configuration(
      document as ServerMetadata,
      client.id,
      { [clockSkew]: skew },
      clientAuth(client.secret, document),
    );
    configured.timeout = PATIENCE / 1_000;
    // Only an issuer on this machine is configured with http (see OIDC_ISSUER).
    if (config.issuer.startsWith('http:')) allowInsecureRequests(configured);
    return configured;
  }

  const unavailable = (err: unknown): RequestError => {
    log.warn({ err, issuer: config.issuer }, 'the OIDC issuer could not be asked to sign somebody in');
    return new RequestError('SERVICE_UNAVAILABLE', 'The sign-in issuer does not answer now; try again.');
  };

  return {
    async begin(publicUrl, to, before) {
      const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
      const configured = await configuration().catch((error: unknown) => {
        throw unavailable(error);
      });
      const location = buildAuthorizationUrl(configured, {
        redirect_uri: redirectUri(publicUrl),
        scope: 'openid profile email',
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const flow = { state, nonce, verifier, to, before, begun: clock.now().getTime() };
      return {
        location: location.href,
        flow: Buffer.from(JSON.stringify(flow)).toString('base64url'),
      };
    },
    async finish(publicUrl, query, kept) {
      const flow = readFlow(kept, clock.now());
      const idToken = await configuration()
        .then((configured) =>
          authorizationCodeGrant(configured, new URL(`${redirectUri(publicUrl)}${query}`), {
            pkceCodeVerifier: flow.verifier,
            expectedState: flow.state,
            expectedNonce: flow.nonce,
            idTokenExpected: true,
          }),
        )
        .then(({ id_token }) => id_token!)
        .catch((error: unknown) => {
          throw refusalOf(error, log) ?? unavailable(error);
        });
      const viewer = await deps.authenticateIdToken(idToken, client.id);
      if (!isPerson(viewer)) throw new RequestError('FORBIDDEN', NO_PERSON.issuer);
      return { userId: viewer.credentialId, to: flow.to, before: flow.before };
    },
  };
}

const redirectUri = (publicUrl: string): string => `${publicUrl}/sign-in/callback`;

/** As the issuer likes it; where it does not say, as OpenID Connect has it. */
function clientAuth(secret: string | null, { token_endpoint_auth_methods_supported: methods }: Discovery) {
  if (secret === null) return None();
  const post = methods?.includes('client_secret_post') === true && !methods.includes('client_secret_basic');
  return post ? ClientSecretPost(secret) : ClientSecretBasic(secret);
}

/**
 * The cookie needs no signature: whoever could plant one in this browser could plant one that we had signed for them. That
 * nobody does is the cookie's own affair (see cookies.ts).
 */
function readFlow(kept: string | null, now: Date): z.output<typeof flowSchema> {
  const parsed = flowSchema.safeParse(parsedOrNull(Buffer.from(kept ?? '', 'base64url').toString()));
  const age = parsed.success ? now.getTime() - parsed.data.begun : Number.NaN;
  if (parsed.success && age >= 0 && age < FLOW * 1_000 && isOwnPath(parsed.data.to)) return parsed.data;
  throw new RequestError(
    'UNAUTHENTICATED',
    'This sign-in was not begun in this browser, or more than ten minutes ago; begin it again.',
  );
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** What the issuer or the browser brought is not good; null where it is the way to the issuer that failed. */
function refusalOf(error: unknown, log: Log): RequestError | null {
  if (error instanceof AuthorizationResponseError) {
    // Whatever stands in the address is somebody's text: only what looks like one of the protocol's codes is repeated.
    const code = /^[a-z_]{1,40}$/.test(error.error) ? error.error : 'an error';
    return new RequestError('UNAUTHENTICATED', `The issuer did not sign you in: ${code}.`);
  }
  const reached = !(error instanceof ClientError && UNREACHED.has(error.code ?? ''));
  const refused =
    error instanceof ResponseBodyError ? error.status < 500 : error instanceof ClientError && reached;
  if (!refused) return null;
  log.warn({ err: error }, 'a sign-in by the OIDC issuer is refused');
  return new RequestError(
    'UNAUTHENTICATED',
    'What came back from the issuer is not acceptable; begin again.',
  );
}

/** Of the library's codes: nobody answered, or something that does not speak the protocol. */
const UNREACHED = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM']);

/** A path of this server and nothing that a browser would take for another one's address. */
export const isOwnPath = (to: string): boolean =>
  to.length <= LONGEST_PATH &&
  /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(to) &&
  new URL(to, 'http://own.invalid').origin === 'http://own.invalid';
