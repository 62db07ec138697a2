import type { BrowserSession, PrismaClient, User } from '../generated/prisma/client.ts';
import { type KeyWithOwner, type Outcome, outcomeOf, refusal, withOwner } from '../identity/find-keys.ts';
import type { Viewer } from '../identity/viewer.ts';
import type { Clock } from '../kernel/clock.ts';
import { Lane } from '../kernel/lane.ts';
import { isPerson, NO_PERSON } from './rules.ts';

type Found = BrowserSession & { apiKey: KeyWithOwner | null; user: User | null };

/**
 * Finds browser sessions by the hash of their cookie's secret, as keys are found: all that are waiting in one query.
 * `issuer` null: there is none, and nobody is signed in by it any more.
 */
export function createSessionFinder(deps: {
  prisma: PrismaClient;
  clock: Clock;
  issuer: string | null;
}): (hash: string) => Promise<Outcome> {
  const lane = new Lane<string, Outcome>(async (hashes) => {
    const rows = await deps.prisma.browserSession.findMany({
      where: { hash: { in: [...new Set(hashes)] } },
      include: { apiKey: { include: withOwner }, user: true },
    });
    const byHash = new Map(rows.map((row) => [row.hash, row]));
    const now = deps.clock.now();
    return hashes.map((hash) => ({
      status: 'fulfilled',
      value: whoseIs(byHash.get(hash), now, deps.issuer),
    }));
  });
  return (hash) => lane.submit(hash);
}

function whoseIs(session: Found | undefined, now: Date, issuer: string | null): Outcome {
  if (session === undefined) return refusal('The session is not known; sign in.');
  if (session.endedAt !== null || session.expiresAt <= now)
    return refusal('The session has ended; sign in again.');
  const outcome = session.apiKey !== null ? outcomeOf(session.apiKey) : byIssuer(session.user, issuer);
  if (outcome.viewer === null) return outcome;
  if (!isPerson(outcome.viewer)) return refusal(NO_PERSON.key);
  return { viewer: within(outcome.viewer, session), refusal: null };
}

/** Who was erased, or signed in by an issuer that is no longer ours, is nobody. */
function byIssuer(user: User | null, issuer: string | null): Outcome {
  if (user === null || issuer === null || user.oidcIssuer !== issuer)
    return refusal('The session has ended; sign in again.');
  const { id, name, role, projectId } = user;
  return {
    viewer: { actor: { kind: 'USER', id, name, role }, role, projectId, credentialId: id, expiresAt: null },
    refusal: null,
  };
}

function within(viewer: Viewer, { hash, endsAt }: BrowserSession): Viewer {
  const { expiresAt } = viewer;
  const first = expiresAt !== null && expiresAt < endsAt ? expiresAt : endsAt;
  return { ...viewer, browserSession: hash, expiresAt: first };
}
