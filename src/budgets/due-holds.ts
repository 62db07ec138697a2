import type { Query } from '../database/query.ts';

interface Wanted {
  now: Date;
  /** Of these projects alone; every one when left out. */
  projects?: readonly string[];
  /** Not these. */
  but?: readonly string[];
  limit: number;
}

/** The holds whose time is over, longest first; served by the partial index on `expires_at`. */
export async function dueHolds(query: Query, { now, projects, but = [], limit }: Wanted): Promise<string[]> {
  const rows = await query<{ id: string }>({
    text: `SELECT r.id FROM budget_reservations r
      WHERE r.status = 'HELD' AND r.expires_at <= $1::timestamptz AND r.id <> ALL($2::text[])
        ${projects === undefined ? '' : 'AND r.project_id = ANY($4::text[])'}
      ORDER BY r.expires_at LIMIT $3::int`,
    values: [now, but, limit, ...(projects === undefined ? [] : [projects])],
  });
  return rows.map(({ id }) => id);
}
