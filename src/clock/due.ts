import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Change } from '../sessions/aggregate.ts';

/** A row that the clock must act on. Approvals that belong to no session have a sweep of their own: approvals/sweep.ts. */
export interface Due {
  kind: 'intervention' | 'session' | 'approval';
  id: string;
  sessionId: string;
  dueAt: Date;
}

/**
 * What is due by `now`, `limit` rows of each kind, and the one of each kind that is due next. Rows in `aside` do not
 * count. Written so that the partial indexes on due_at and stale_at serve it: however many rows there are, it reads
 * those that it returns.
 */
export async function readDue(
  prisma: PrismaClient,
  now: Date,
  limit: number,
  aside: readonly string[],
): Promise<{ due: Due[]; next: Date | null }> {
  const rows = await prisma.$queryRaw<Due[]>`
    (SELECT 'intervention' AS kind, id, session_id AS "sessionId", due_at AS "dueAt" FROM interventions
      WHERE due_at IS NOT NULL AND due_at <= ${now}::timestamptz AND id <> ALL(${aside}::text[]) ORDER BY due_at LIMIT ${limit})
    UNION ALL
    (SELECT 'intervention', id, session_id, due_at FROM interventions
      WHERE due_at IS NOT NULL AND due_at > ${now}::timestamptz ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT 'approval', id, session_id, due_at FROM approvals
      WHERE due_at IS NOT NULL AND due_at <= ${now}::timestamptz AND session_id IS NOT NULL
        AND id <> ALL(${aside}::text[]) ORDER BY due_at LIMIT ${limit})
    UNION ALL
    (SELECT 'approval', id, session_id, due_at FROM approvals
      WHERE due_at IS NOT NULL AND session_id IS NOT NULL AND due_at > ${now}::timestamptz ORDER BY due_at LIMIT 1)
    UNION ALL
    (SELECT 'session', id, id, stale_at FROM sessions
      WHERE stale_at IS NOT NULL AND stale_at <= ${now}::timestamptz AND id <> ALL(${aside}::text[]) ORDER BY stale_at LIMIT ${limit})
    UNION ALL
    (SELECT 'session', id, id, stale_at FROM sessions
      WHERE stale_at IS NOT NULL AND stale_at > ${now}::timestamptz ORDER BY stale_at LIMIT 1)`;
  const later = rows.filter(({ dueAt }) => dueAt > now).map(({ dueAt }) => dueAt.getTime());
  return {
    due: rows.filter(({ dueAt }) => dueAt <= now),
    next: later.length === 0 ? null : new Date(Math.min(...later)),
  };
}

/** The earliest deadline that these changes set: what the sweep must be woken for. */
export function earliestDue(changes: readonly Change[]): Date | null {
  let earliest: Date | null = null;
  for (const { asked = [], updated = [], approvalsAsked = [], approvalsUpdated = [] } of changes) {
    for (const { dueAt } of [...asked, ...updated, ...approvalsAsked, ...approvalsUpdated]) {
      if (dueAt !== null && (earliest === null || dueAt < earliest)) earliest = dueAt;
    }
  }
  return earliest;
}

/** Idempotency keys forgotten in one statement. */
const FORGOTTEN_AT_ONCE = 5000;

/** Removes idempotency keys past their 24 hours (behaviour 2.8). True: there may be more. */
export async function forgetKeys(prisma: PrismaClient, now: Date): Promise<boolean> {
  const forgotten = await prisma.$executeRaw`
    DELETE FROM idempotency_keys k USING (
      SELECT credential_id, mutation, key FROM idempotency_keys
      WHERE expires_at <= ${now}::timestamptz ORDER BY expires_at LIMIT ${FORGOTTEN_AT_ONCE}
    ) old
    WHERE k.credential_id = old.credential_id AND k.mutation = old.mutation AND k.key = old.key
      AND k.expires_at <= ${now}::timestamptz`;
  return forgotten === FORGOTTEN_AT_ONCE;
}
