import { transact, type Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { PrismaClient, User } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { endSessionsOf } from '../sign-in/end-sessions.ts';
import type { OidcIdentity } from './oidc.ts';
import { Recent } from './recent.ts';
import type { Actor, Viewer } from './viewer.ts';

interface Deps {
  database: { prisma: PrismaClient };
  clock: Clock;
  ids: Ids;
  issuer: string;
  committed: () => void;
  /** The browser sessions of somebody of whom the issuer says another role or project than before (behaviour 2.10). */
  ended: (sessions: readonly string[]) => void;
}

/**
 * The viewer behind a verified token. Its `user_…` is made at a subject's first request and follows what later tokens
 * say of the person; a token that says nothing new costs no query, for ten seconds: another replica may have heard otherwise. `anew`: what is remembered is not trusted, as a session
 * that stands for the row follows what another replica has made of it.
 */
export function createOidcUsers(deps: Deps) {
  const { database, committed } = deps;
  const known = new Recent<{ user: User; at: number }>(10_000);

  return async (identity: OidcIdentity, { anew = false } = {}): Promise<Viewer> => {
    const remembered = known.get(identity.subject);
    const age = deps.clock.now().getTime() - (remembered?.at ?? 0);
    let user = age >= 0 && age < REMEMBERED ? remembered?.user : undefined;
    if (anew || user === undefined || differs(user, identity)) {
      const kept = await transact(database, 'keep an OIDC user', (tx) => keep(tx, deps, identity));
      if (kept.changed) committed();
      deps.ended(kept.ended);
      user = kept.user;
      known.set(identity.subject, { user, at: deps.clock.now().getTime() });
    }
    return viewerOf(user, identity);
  };
}

/** Milliseconds. */
const REMEMBERED = 10_000;

const differs = (user: User, { name, email, role, projectId }: OidcIdentity): boolean =>
  user.name !== name || user.email !== email || user.role !== role || user.projectId !== projectId;

async function keep(
  tx: Tx,
  deps: Deps,
  identity: OidcIdentity,
): Promise<{ user: User; changed: boolean; ended: string[] }> {
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
  if (count === 0 && !differs(before, identity)) return { user: before, changed: false, ended: [] };
  const user =
    count === 1 ? before : await tx.user.update({ where: key, data: { name, email, role, projectId } });
  const another = before.role !== role || before.projectId !== projectId;
  const ended = count === 0 && another ? await endSessionsOf(tx, user.id, now) : [];
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
  return { user, changed: true, ended };
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
