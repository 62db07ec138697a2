import type { PrismaClient } from '../generated/prisma/client.ts';

/** Sessions that one look takes up; the next one is half a second away. */
const MOST = 200;

type Client = Pick<PrismaClient, '$queryRaw'>;

/** Sessions whose worker has gone silent, and those that are to be driven at a time that has come. */
export async function findDue(prisma: Client, now: Date): Promise<string[]> {
  const rows = await prisma.$queryRaw<{ id: string }[]>`
    SELECT d.session_id AS id FROM session_drives d JOIN sessions s ON s.id = d.session_id
    WHERE (d.held_until <= ${now}::timestamptz OR (d.held_until IS NULL AND d.due_at <= ${now}::timestamptz))
      AND s.status NOT IN ('COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT', 'HALTED')
    ORDER BY d.session_id LIMIT ${MOST}`;
  return rows.map(({ id }) => id);
}

/**
 * Sessions that nobody has and that are owed something: never begun, or with news to hand over (behaviour 1.8, 4.13). A
 * job reminds of each; this finds those whose job was lost, or was done with by a worker that then died.
 */
export async function findForgotten(prisma: Client, now: Date): Promise<string[]> {
  const rows = await prisma.$queryRaw<{ id: string }[]>`
    SELECT s.id FROM sessions s LEFT JOIN session_drives d ON d.session_id = s.id
    WHERE s.runner <> 'external' AND s.stale_at IS NOT NULL
      AND s.status NOT IN ('COMPLETED', 'FAILED', 'CANCELLED', 'TIMEOUT', 'HALTED')
      AND (d.held_until IS NULL OR d.held_until <= ${now}::timestamptz)
      AND (d.due_at IS NULL OR d.due_at <= ${now}::timestamptz OR d.failures = 0)
      AND (d.session_id IS NULL OR d.turn = 0
        OR EXISTS (SELECT FROM interventions i WHERE i.session_id = s.id AND i.delivery = 'PENDING')
        OR EXISTS (SELECT FROM approvals a WHERE a.session_id = s.id AND a.delivery = 'PENDING'))
    ORDER BY s.id LIMIT ${MOST}`;
  return rows.map(({ id }) => id);
}
