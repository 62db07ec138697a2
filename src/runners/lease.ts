import type { PrismaClient } from '../generated/prisma/client.ts';
import type { SessionStatus } from '../generated/prisma/enums.ts';
import { retrying } from '../database/transact.ts';
import { addSeconds } from '../kernel/clock.ts';

// Which worker has a session, and the epoch that fences it. A lease is one row:
//
//   free ──take──▶ held until t ──renew──▶ held until t' ──finish | rest | fail | put back──▶ free
//                     │  ╲─ somebody else has something for it: wanted ──▶ its holder goes round again
//                     └─ t passes (its worker died) ──take──▶ held, the next epoch, one failure more
//
// Taking raises the epoch here and on the session, in one statement. The session's own version goes up with it, so a
// write that was decided under the earlier epoch finds another version, is decided again, and is refused (fence.ts).

/** How long a silent worker is believed alive, in seconds. Clocks of replicas may differ by a good half of it. */
export const LEASE_SECONDS = 5;

export interface Lease {
  readonly sessionId: string;
  readonly projectId: string;
  readonly epoch: number;
  /** Turns that failed in a row. */
  readonly failures: number;
  /** The last turn was cut off. */
  readonly interrupted: boolean;
  /** Turns done. */
  readonly turn: number;
  readonly dueAt: Date | null;
}

type Client = Pick<PrismaClient, '$queryRaw' | '$executeRaw'>;

const until = (now: Date): Date => addSeconds(now, LEASE_SECONDS);

/** Takes a session that nobody has, or whose worker went silent. Null: it is held, or rests after a failure. */
export async function take(prisma: Client, sessionId: string, now: Date): Promise<Lease | null> {
  const rows = await retrying(
    'take a session',
    () => prisma.$queryRaw<Lease[]>`
    WITH taken AS (
      INSERT INTO session_drives AS d (session_id, epoch, held_until)
      SELECT id, 1, ${until(now)}::timestamptz FROM sessions WHERE id = ${sessionId}
      ON CONFLICT (session_id) DO UPDATE SET
        epoch = d.epoch + 1,
        held_until = excluded.held_until,
        wanted = false,
        failures = d.failures + (d.held_until IS NOT NULL)::int,
        interrupted = d.interrupted OR d.held_until IS NOT NULL
      WHERE (d.held_until IS NULL OR d.held_until <= ${now}::timestamptz)
        AND (d.failures = 0 OR d.due_at IS NULL OR d.due_at <= ${now}::timestamptz)
      RETURNING session_id, epoch, failures, interrupted, turn, due_at
    ), fenced AS (
      UPDATE sessions s SET drive_epoch = taken.epoch, version = s.version + 1 FROM taken WHERE s.id = taken.session_id
      RETURNING s.project_id
    )
    SELECT session_id AS "sessionId", project_id AS "projectId", epoch, failures, interrupted, turn, due_at AS "dueAt"
    FROM taken, fenced`,
  );
  return rows[0] ?? null;
}

/** Tells whoever has the session that something came for it. False: nobody has it. */
export async function want(prisma: Client, sessionId: string, now: Date): Promise<boolean> {
  const count = await prisma.$executeRaw`
    UPDATE session_drives SET wanted = true WHERE session_id = ${sessionId} AND held_until > ${now}::timestamptz`;
  return count > 0;
}

/** Keeps leases. Answers with those that stand, and their sessions' states; one that is missing is lost. */
export function renew(
  prisma: Client,
  leases: readonly Lease[],
  now: Date,
): Promise<{ sessionId: string; status: SessionStatus }[]> {
  return prisma.$queryRaw`
    UPDATE session_drives d SET held_until = ${until(now)}::timestamptz
    FROM unnest(${leases.map(({ sessionId }) => sessionId)}::text[], ${leases.map(({ epoch }) => epoch)}::int[]) AS h(session_id, epoch),
      sessions s
    WHERE d.session_id = h.session_id AND d.epoch = h.epoch AND d.held_until IS NOT NULL AND s.id = d.session_id
    RETURNING d.session_id AS "sessionId", s.status::text AS status`;
}

/** Another worker has taken the session: nothing of this one's counts any more. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
}

/**
 * A turn is done. Lets go, unless something came meanwhile: then the lease is answered, for another round. One
 * statement decides it, so that nothing comes between "nothing new" and "free".
 */
export async function finish(
  prisma: Client,
  { sessionId, projectId, epoch }: Lease,
  wakeAt: Date | null,
): Promise<Lease | null> {
  const rows = await prisma.$queryRaw<(Omit<Lease, 'projectId'> & { held: boolean })[]>`
    UPDATE session_drives SET turn = turn + 1, failures = 0, interrupted = false, due_at = ${wakeAt}::timestamptz,
      held_until = CASE WHEN wanted THEN held_until END, wanted = false
    WHERE session_id = ${sessionId} AND epoch = ${epoch} AND held_until IS NOT NULL
    RETURNING session_id AS "sessionId", epoch, failures, interrupted, turn, due_at AS "dueAt", held_until IS NOT NULL AS held`;
  return standing(rows, projectId);
}

/** There was nothing to do. Otherwise as `finish`. */
export async function rest(prisma: Client, { sessionId, projectId, epoch }: Lease): Promise<Lease | null> {
  const rows = await prisma.$queryRaw<(Omit<Lease, 'projectId'> & { held: boolean })[]>`
    UPDATE session_drives SET held_until = CASE WHEN wanted THEN held_until END, wanted = false
    WHERE session_id = ${sessionId} AND epoch = ${epoch} AND held_until IS NOT NULL
    RETURNING session_id AS "sessionId", epoch, failures, interrupted, turn, due_at AS "dueAt", held_until IS NOT NULL AS held`;
  return standing(rows, projectId);
}

function standing([row]: (Omit<Lease, 'projectId'> & { held: boolean })[], projectId: string): Lease | null {
  if (row === undefined) throw new LeaseLost('another worker has taken the session');
  const { held, ...lease } = row;
  return held ? { ...lease, projectId } : null;
}

/** The turn is to be run again at `at`. `failed`: it counts among the failures; `interrupted`: it was cut off. */
export async function letGo(
  prisma: Client,
  { sessionId, epoch }: Lease,
  { at, failed, interrupted }: { at: Date; failed: boolean; interrupted: boolean },
): Promise<void> {
  await prisma.$executeRaw`
    UPDATE session_drives SET held_until = NULL, wanted = false, due_at = ${at}::timestamptz,
      failures = failures + ${failed ? 1 : 0}::int, interrupted = ${interrupted}
    WHERE session_id = ${sessionId} AND epoch = ${epoch} AND held_until IS NOT NULL`;
}
