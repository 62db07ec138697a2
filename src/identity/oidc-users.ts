import { transact, type Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { PrismaClient, User } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { OidcIdentity } from './oidc.ts';
import { Recent } from './recent.ts';
import type { Actor, Viewer } from './viewer.ts';

interface Deps {
  database: { prisma: PrismaClient };
  clock: Clock;
  ids: Ids;
  issuer: string;
  committed: () => void;
}

/**
 * The viewer behind a verified token. Its `user_…` is made at a subject's first request and follows what later tokens
 * say of the person; a token that says nothing new costs no query.
 */
export function createOidcUsers(deps: Deps): (identity: OidcIdentity) => Promise<Viewer> {
  const { database, committed } = deps;
  const known = new Recent<User>(10_000);

  return async (identity) => {
    let user = known.get(identity.subject);
    if (user === undefined || differs(user, identity)) {
      const kept = await transact(database, 'keep an OIDC user', (tx) => keep(tx, deps, identity));
      if (kept.changed) committed();
      user = kept.user;
      known.set(identity.subject, user);
    }
    return viewerOf(user, identity);
  };
}

const differs = (user: User, { name, email, role, projectId }: OidcIdentity): boolean =>
  user.name !== name || user.email !== email || user.role !== role || user.projectId !== projectId;

async function keep(tx: Tx, deps: Deps, identity: OidcIdentity): Promise<{ user: User; changed: boolean }> {
  const { clock, ids, issuer } = deps;
  const { subject, name, email, role, projectId } = identity;
  const key = { oidcIssuer_oidcSubject: { oidcIssuer: issuer, oidcSubject: subject } };
  const now = clock.now();
  // Two replicas may meet the person at once: one inserts, the other finds the row.
  const { count } = await tx.user.createMany({
    data: [
      {
        id: ids.next('user'),
        name,
        email,
        role,
        projectId,
        oidcIssuer: issuer,
        oidcSubject: subject,
        createdAt: now,
      },
    ],
    skipDuplicates: true,
  });
  const before = await tx.user.findUniqueOrThrow({ where: key });
  if (count === 0 && !differs(before, identity)) return { user: before, changed: false };
  const user =
    count === 1 ? before : await tx.user.update({ where: key, data: { name, email, role, projectId } });
  await appendEvents(tx, ids, [
    {
      type: count === 1 ? 'user_created' : 'user_changed',
      projectId,
      teamId: null,
      sessionId: null,
      subjectId: user.id,
      actor: actorOf(user, identity),
      data: count === 1 ? { role } : { role, previousRole: before.role },
      occurredAt: now,
    },
  ]);
  return { user, changed: true };
}

const actorOf = (user: User, { name, role }: OidcIdentity): Actor => ({
  kind: role === 'AGENT' ? 'AGENT' : 'USER',
  id: user.id,
  name,
  role,
});

const viewerOf = (user: User, identity: OidcIdentity): Viewer => ({
  actor: actorOf(user, identity),
  role: identity.role,
  projectId: identity.projectId,
  credentialId: user.id,
  expiresAt: identity.expiresAt,
});
