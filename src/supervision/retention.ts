import type { Tx } from '../database/transact.ts';

/** Days that events are kept where a team says nothing of it (`human_supervision.audit.retention_days`, behaviour 9.2). */
export const RETENTION_DAYS = 90;

/** Days that a project's events are kept, and those of no project. */
export interface Retention {
  of(projectId: string | null): number;
}

/**
 * The longest that a project's teams ask for; of no project, the longest of all. What a team has set counts also where its
 * supervision is switched off: what is pruned does not come back.
 */
export async function readRetention(tx: Pick<Tx, '$queryRaw'>): Promise<Retention> {
  const rows = await tx.$queryRaw<{ projectId: string; days: number }[]>`
    SELECT t.project_id AS "projectId", max(coalesce(c.days, ${RETENTION_DAYS}::int)) AS days
    FROM teams t LEFT JOIN LATERAL (
      SELECT (s.configuration #>> '{human_supervision,audit,retention_days}')::int AS days
      FROM supervision_configurations s WHERE s.team_id = t.id ORDER BY s.version DESC LIMIT 1
    ) c ON true
    GROUP BY t.project_id`;
  const days = new Map(rows.map((row) => [row.projectId, row.days]));
  const longest = rows.length === 0 ? RETENTION_DAYS : Math.max(...days.values());
  return { of: (projectId) => (projectId === null ? longest : (days.get(projectId) ?? RETENTION_DAYS)) };
}
