import type { OidcConfig } from '../config.ts';
import type { Signals } from '../database/signals.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Authenticator } from '../identity/authenticate.ts';
import { rolesOf } from '../identity/permissions.ts';
import { hashSecret } from '../identity/secret.ts';
import type { Viewer } from '../identity/viewer.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { csrfTokenOf, isCsrfToken } from './csrf.ts';
import { endSession, endSessionOf } from './end-sessions.ts';
import { createIssuerSignIn } from './issuer.ts';
import { endsUnused, LONGEST } from './rules.ts';
import { signInWithIssuer, signInWithKey, signInWithLink } from './sign-in.ts';

/** This room's verbs, as the doors of browsers take them. */
export function createBrowserSignIn(house: {
  database: { prisma: PrismaClient; signals: Signals };
  clock: Clock;
  log: Log;
  authenticator: Authenticator;
  oidc: OidcConfig | null;
}) {
  const { database, clock, log, authenticator, oidc } = house;
  const deps = { database, clock, log, authenticate: authenticator.authenticate };
  const { authenticateIdToken, forget } = authenticator;
  return {
    authenticate: authenticator.authenticateSession,
    csrfTokenOf,
    isCsrfToken,
    withKey: (apiKey: string) => signInWithKey(deps, apiKey),
    withLink: (token: string) => signInWithLink(deps, token),
    withIssuer: (userId: string) => signInWithIssuer(deps, userId),
    end: (secret: string) => endSession({ database, clock, forget }, secret),
    hashOf: hashSecret,
    endOf: (hash: string) => endSessionOf({ database, clock, forget }, hash),
    describe: ({ actor: { id, name, kind }, role, projectId }: Viewer) => ({
      id,
      name,
      kind,
      roles: rolesOf(role),
      projectId,
    }),
    endsAt: ({ expiresAt }: Viewer) => endsUnused(clock.now(), expiresAt),
    cookieAge: LONGEST,
    issuer:
      oidc === null || oidc.client === null
        ? null
        : createIssuerSignIn({ config: oidc, client: oidc.client, clock, log, authenticateIdToken }),
  };
}
