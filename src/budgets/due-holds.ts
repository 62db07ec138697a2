import type { Query } from '../database/query.ts';

interface Wanted {
  now: Date;
  /** Of these projects alone; every one when left out. */
  projects?: readonly string[];
  /** Not these. */
  but?: readonly string[];
  limit: number;
}

/**
 * Of a row `r` of `budget_reservations`: its time runs. That of a call's hold stands still with the call while an emergency
 * stop holds it (behaviour 7.2): else it would be approved, once the stop has lifted, with nothing held for it.
 */
export const timeRuns = `NOT EXISTS (SELECT FROM approvals a WHERE a.id = r.approval_id AND a.frozen_at IS NOT NULL)`;

/** The holds whose time is over, longest first; served by the partial index on `expires_at`. */
export async function dueHolds(query: Query, { now, projects, but = [], limit }: Wanted): Promise<string[]> {
  const rows = await query<{ id: string }>({
    text: `SELECT r.id FROM budget_reservations r
      WHERE r.status = 'HELD' AND r.expires_at <= $1::timestamptz AND r.id <> ALL($2::text[])
        AND ${timeRuns}
        ${projects === undefined ? '' : 'AND r.project_id = ANY($4::text[])'}
      ORDER BY r.expires_at LIMIT $3::int`,
    values: [now, but, limit, ...(projects === undefined ? [] : [projects])],
  });
  return rows.map(({ id }) => id);
}
