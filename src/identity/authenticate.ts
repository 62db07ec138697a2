import type { OidcConfig } from '../config.ts';
import type { Signals } from '../database/signals.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import { RequestError } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import { ENDED, tellOfEnd } from '../sign-in/end-sessions.ts';
import { createSessionFinder } from '../sign-in/find-sessions.ts';
import { createKeyFinder, type Outcome } from './find-keys.ts';
import { createOidc } from './oidc.ts';
import { createOidcUsers } from './oidc-users.ts';
import { Recent } from './recent.ts';
import { endedSince, watchRevocations } from './revocations.ts';
import { hashSecret } from './secret.ts';
import { createUses } from './uses.ts';
import type { Viewer } from './viewer.ts';

/** Milliseconds that what a credential is may be remembered: the longest a lost revocation signal is obeyed late. */
const REMEMBERED = 2_000;
const MOST_FOUND = 10_000;
/** Apart, so that a flood of unknown keys drives out none that are good. */
const MOST_REFUSED = 1_000;
/** Characters; tokens of an issuer can be long, but no longer than a request's headers may be. */
const LONGEST_TOKEN = 16_384;
/** Three base64url parts, the first a JSON object's; the last is empty in a token that nobody signed. */
const JWT = /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/;

export interface Authenticator {
  /**
   * Whoever this `Authorization` value stands for (behaviour 2.1). Throws RequestError UNAUTHENTICATED, FORBIDDEN (a
   * good token that names no role or project) or SERVICE_UNAVAILABLE (the issuer can't be asked); a database that
   * can't be asked throws its own error. Never answers for a key whose revocation this process has heard of.
   */
  authenticate: (authorization: string | null) => Promise<Viewer>;
  /** Whoever this secret of a browser session's cookie stands for (behaviour 2.10). Throws likewise. */
  authenticateSession: (secret: string) => Promise<Viewer>;
  /** Whoever an issuer's ID token for `audience` speaks of, kept as a person. Throws likewise. */
  authenticateIdToken: (token: string, audience: string) => Promise<Viewer>;
  /**
   * Calls back when a credential was revoked or a browser session (named by its hash) ended, by whichever replica. Returns
   * what ends the listening.
   */
  onRevoked: (listener: (id: string, reason: string) => void) => () => void;
  /** The key was revoked, the session has ended: drops what is remembered of it and tells the listeners, at once. */
  forget: (id: string) => void;
  close(): Promise<void>;
}

export interface AuthenticatorDeps {
  database: { prisma: PrismaClient; signals: Signals };
  clock: Clock;
  ids: Ids;
  log: Log;
  /** Null: API keys alone. */
  oidc: OidcConfig | null;
  /** Called after a commit that wrote events. */
  committed: () => void;
}

export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const { database, clock, log } = deps;
  const { prisma, signals } = database;
  const findKey = createKeyFinder(prisma);
  const oidc = deps.oidc === null ? null : createOidc({ config: deps.oidc, clock, log });
  const issuer = deps.oidc?.issuer ?? null;
  const findSession = createSessionFinder({ prisma, clock, issuer });
  const ended = (sessions: readonly string[]) =>
    sessions.forEach((hash) => tellOfEnd({ database, forget }, hash));
  const userOf = issuer === null ? null : createOidcUsers({ ...deps, issuer, ended });
  const uses = createUses({ prisma, clock, log });
  const listeners = new Set<(id: string, reason: string) => void>();
  const found = new Recent<{ outcome: Outcome; at: number }>(MOST_FOUND);
  const refused = new Recent<{ outcome: Outcome; at: number }>(MOST_REFUSED);
  const underWay = new Map<string, Promise<Outcome>>();
  /** For each look-up under way, what was revoked since it began: its answer may be older than that. */
  const revokedMeanwhile = new Set<Set<string>>();
  const watch = watchRevocations({ ended: (since) => endedSince(prisma, since), clock, log, announce: drop });

  async function ask(token: string, hash: string): Promise<Outcome> {
    if (oidc === null || userOf === null || !JWT.test(token)) return findKey(hash);
    const claims = await oidc.verify(token);
    return claims.refusal === null
      ? { viewer: await userOf(claims.identity), refusal: null }
      : { ...claims, viewer: null };
  }

  async function look(hash: string, ask: () => Promise<Outcome>): Promise<Outcome> {
    for (;;) {
      const revoked = new Set<string>();
      revokedMeanwhile.add(revoked);
      try {
        const outcome = await ask();
        if (outcome.viewer !== null && idsOf(outcome.viewer).some((id) => revoked.has(id))) continue;
        (outcome.viewer === null ? refused : found).set(hash, { outcome, at: clock.now().getTime() });
        return outcome;
      } finally {
        revokedMeanwhile.delete(revoked);
      }
    }
  }

  /** The answer, remembered or looked up; equal questions at one time are asked once. */
  function outcomeOf(hash: string, ask: () => Promise<Outcome>): Outcome | Promise<Outcome> {
    const known = found.get(hash) ?? refused.get(hash);
    if (known !== undefined) {
      const age = clock.now().getTime() - known.at;
      if (age >= 0 && age < REMEMBERED) return known.outcome;
      found.delete(hash);
      refused.delete(hash);
    }
    let asked = underWay.get(hash);
    if (asked === undefined) {
      asked = look(hash, ask).finally(() => underWay.delete(hash));
      underWay.set(hash, asked);
    }
    return asked;
  }

  /** Of what was remembered or looked up. It may have expired since. */
  function viewerOf({ viewer, refusal }: Outcome): Viewer {
    if (viewer === null) throw new RequestError(refusal.code, refusal.message);
    if (viewer.expiresAt !== null && viewer.expiresAt <= clock.now()) {
      throw new RequestError(
        'UNAUTHENTICATED',
        `The credential expired at ${viewer.expiresAt.toISOString()}.`,
      );
    }
    return viewer;
  }

  function drop(id: string): void {
    found.deleteWhere(({ outcome }) => outcome.viewer !== null && idsOf(outcome.viewer).includes(id));
    for (const revoked of revokedMeanwhile) revoked.add(id);
    const reason = isKey(id) ? 'The API key was revoked.' : 'The session has ended.';
    for (const listener of listeners) listener(id, reason);
  }

  function forget(id: string): void {
    watch.known(id);
    drop(id);
  }

  const undo = [
    signals.on('keys', forget),
    signals.on(ENDED, forget),
    signals.onReconnect(() => {
      found.clear();
      void watch.look();
    }),
  ];

  return {
    async authenticate(authorization) {
      const token = bearerOf(authorization);
      const hash = hashSecret(token);
      const viewer = viewerOf(await outcomeOf(hash, () => ask(token, hash)));
      uses.note(viewer);
      return viewer;
    },
    async authenticateSession(secret) {
      const hash = hashSecret(secret);
      // Remembered apart from keys: a cookie's secret is no good as a key, nor a key as a cookie.
      const viewer = viewerOf(await outcomeOf(`session ${hash}`, () => findSession(hash)));
      uses.note(viewer);
      return viewer;
    },
    async authenticateIdToken(token, audience) {
      if (oidc === null || userOf === null) throw new Error('there is no issuer');
      const { identity, refusal } = await oidc.verify(token, audience);
      if (identity === null) throw new RequestError(refusal.code, refusal.message);
      return userOf(identity, { anew: true });
    },
    onRevoked(listener) {
      const added: typeof listener = (credentialId, reason) => listener(credentialId, reason);
      listeners.add(added);
      return () => void listeners.delete(added);
    },
    forget,
    async close() {
      for (const release of undo) release();
      await Promise.all([watch.close(), uses.close()]);
    },
  };
}

const isKey = (id: string): boolean => id.startsWith('key_');

/** What a viewer ends with. */
const idsOf = ({ credentialId, browserSession }: Viewer): string[] =>
  browserSession === undefined ? [credentialId] : [credentialId, browserSession];

/** The token of `Bearer <token>`, the scheme in any case. Throws UNAUTHENTICATED. */
function bearerOf(authorization: string | null): string {
  if (authorization === null || authorization.trim() === '') {
    throw new RequestError('UNAUTHENTICATED', 'A credential is needed: Authorization: Bearer <API key>.');
  }
  const token =
    authorization.length <= LONGEST_TOKEN ? /^\s*Bearer +([\w.~+/=-]+)\s*$/i.exec(authorization)?.[1] : null;
  if (token == null)
    throw new RequestError('UNAUTHENTICATED', 'The credential is not of the form: Bearer <API key>.');
  return token;
}
