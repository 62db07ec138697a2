import { retrying, transact } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import { readUnsealed, seal } from '../events/seal.ts';
import type { Query } from '../database/query.ts';
import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import type { Viewer } from '../identity/viewer.ts';
import type { Clock } from '../kernel/clock.ts';
import { refuse } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Vault } from '../secrets/vault.ts';
import { endSessionsOf } from '../sign-in/end-sessions.ts';
import { findPerson } from './export-person.ts';
import { saidInSessions, statements, whatIsOpen } from './erasing.ts';
import { eventsOf } from './person-places.ts';
import { idsIn } from './tokens.ts';

export interface EraseDeps {
  database: { prisma: PrismaClient; query: Query };
  prisma: PrismaClient;
  vault: Pick<Vault, 'drop'>;
  clock: Clock;
  ids: Ids;
  committed: () => void;
}

export type Erased = { userId: string; events: number; rows: number };

/**
 * Takes away who a person is and what they said (behaviour 8.8): names, reasons, answers, and the contents of the events
 * that tell of them, whose digests stay, so that the log still verifies. What was decided stays decided. Each step is a
 * statement of its own and does nothing twice: broken off anywhere, it is called again. Refusals: NOT_FOUND; INVALID_STATE while the
 * person can still sign in by a key, or something of theirs is pending or has not reached its agent.
 */
export async function erasePerson(deps: EraseDeps, viewer: Viewer, userId: string): Promise<Erased> {
  const user = await findPerson(deps, viewer, userId);
  await refuseWhatIsOpen(deps, userId);
  const spoken = await sealedWords(deps.prisma, userId);
  let rows = 0;
  for (const statement of statements(userId))
    rows += await retrying('erase a person', () => deps.prisma.$executeRaw(statement));
  const events = await eraseEvents(deps, userId);
  await dropUnreferenced(deps, spoken);
  await dropOutsideSessions(deps, userId);
  await transact(deps.database, 'erase a person', async (tx) => {
    const erased = { name: 'erased', email: null, oidcIssuer: null, oidcSubject: null };
    await tx.user.update({ where: { id: userId }, data: erased });
    // Nobody is told: every process finds it in seconds, as it finds what it heard nothing of.
    await endSessionsOf(tx, userId, deps.clock.now());
    const { actor } = viewer;
    const about = { projectId: user.projectId, teamId: null, sessionId: null, subjectId: userId, actor };
    const event = { type: 'person_erased', data: { events, rows }, occurredAt: deps.clock.now() } as const;
    await appendEvents(tx, deps.ids, [{ ...event, ...about }]);
  });
  deps.committed();
  return { userId, events, rows };
}

async function refuseWhatIsOpen({ prisma, clock }: EraseDeps, userId: string): Promise<void> {
  const refusal = (message: string) => refuse('INVALID_STATE', message, ['userId']);
  const now = clock.now();
  const keys = await prisma.apiKey.count({
    where: { userId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
  });
  if (keys > 0) throw refusal(`revoke their ${keys} API keys first`);
  const open = await whatIsOpen(prisma, userId);
  if (open.asked > 0n) throw refusal('a request of theirs is pending: have it answered or cancelled first');
  if (open.answered > 0n) throw refusal('an answer of theirs has not reached its agent yet');
  if (open.requested > 0n) throw refusal('an approval that they asked for is open: have it settled first');
  if (open.started > 0n)
    throw refusal(
      `${open.started} sessions that they began are not over: have them completed or cancelled first`,
    );
  if (open.given > 0n)
    throw refusal(`agents are still at ${open.given} tasks that they gave: have those finished first`);
}

/** What of their words is kept encrypted, by session. */
async function sealedWords(prisma: PrismaClient, userId: string): Promise<Map<string, Set<string>>> {
  const words = new Map<string, Set<string>>();
  for (const { sessionId, said } of await saidInSessions(prisma, userId)) {
    const ids = words.get(sessionId) ?? new Set();
    words.set(sessionId, idsIn(said, ids));
  }
  return words;
}

/** Milliseconds after which a change that kept a value has been written, or never will be. */
const WRITTEN_WITHIN = 600_000;

/**
 * What nothing in its session says any more: an option's words that they chose are still the option's. Of all that was kept
 * there, not only of what was found this time: an erasure that was broken off has taken away what told which it was.
 */
async function dropUnreferenced(
  { prisma, vault, clock }: EraseDeps,
  spoken: ReadonlyMap<string, Set<string>>,
) {
  for (const [sessionId, ids] of spoken) {
    const where = { where: { sessionId } };
    // Kept first, referred to then: what has just been kept is not looked for yet.
    const kept = await prisma.sealedValue.findMany({
      where: { sessionId, createdAt: { lt: new Date(clock.now().getTime() - WRITTEN_WITHIN) } },
      select: { id: true },
    });
    const sought = new Set([...ids, ...kept.map(({ id }) => id)]);
    if (sought.size === 0) continue;
    const rows = [
      await prisma.session.findUnique({ where: { id: sessionId } }),
      await prisma.intervention.findMany(where),
      await prisma.approval.findMany({ ...where, include: { votes: true } }),
      await prisma.task.findMany(where),
      await prisma.conversationTurn.findMany(where),
    ];
    const told = await prisma.$queryRaw<{ data: unknown }[]>`
      SELECT data FROM events WHERE session_id = ${sessionId} AND position('[masked:' IN data::text) > 0
      UNION ALL SELECT data FROM unsealed_events WHERE session_id = ${sessionId}`;
    const alive = idsIn([rows, told]);
    await vault.drop(
      prisma,
      [...sought].filter((id) => !alive.has(id)),
    );
  }
}

/** What they said of stops, recoveries and budgets is gone by now, and whoever repeats its mask shows a mask for good. */
async function dropOutsideSessions({ prisma, vault }: EraseDeps, userId: string): Promise<void> {
  const where = { saidById: userId, sessionId: null };
  const kept = await prisma.sealedValue.findMany({ where, select: { id: true } });
  await vault.drop(
    prisma,
    kept.map(({ id }) => id),
  );
}

/** Events in one statement. */
const BATCH = 1_000;

/** What waits to be sealed first gets its place: an event is erased in the log alone. */
async function eraseEvents({ database, prisma }: EraseDeps, userId: string): Promise<number> {
  // Nothing of theirs comes any more: their keys are revoked, and nothing of theirs is pending.
  for (;;) {
    const [waiting] = await prisma.$queryRaw<{ found: boolean }[]>(
      Prisma.sql`SELECT EXISTS (SELECT FROM unsealed_events WHERE ${eventsOf(userId)}) AS found`,
    );
    if (!waiting!.found) break;
    const rows = await readUnsealed(database.query, BATCH, new Set());
    // Null: another sealer was faster, and what it left is read anew.
    if (rows.length > 0) await seal(database.query, rows);
  }
  let count = 0;
  for (let erased = BATCH; erased === BATCH; count += erased)
    erased = await retrying(
      'erase events',
      () =>
        prisma.$executeRaw`
        UPDATE events SET actor = NULL, data = NULL, salt = NULL
        WHERE position IN (SELECT e.position FROM events e WHERE ${eventsOf(userId)} ORDER BY e.position LIMIT ${BATCH})`,
    );
  return count;
}
