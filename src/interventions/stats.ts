import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import { within } from '../graphql/list.ts';

export interface CountBy {
  key: string;
  count: number;
}

export interface InterventionStats {
  total: number;
  pending: number;
  resolved: number;
  timedOut: number;
  cancelled: number;
  escalated: number;
  autoContinued: number;
  byType: CountBy[];
  byUrgency: CountBy[];
  byResolution: CountBy[];
  averageResolutionTime: number | null;
  medianResolutionTime: number | null;
  p95ResolutionTime: number | null;
}

/** A team's interventions asked within the range, in numbers. One statement, so that the numbers agree. */
export async function readStats(
  prisma: PrismaClient,
  teamId: string,
  range: { from?: Date | null; to?: Date | null } | null,
): Promise<InterventionStats> {
  const conditions = Prisma.join([Prisma.sql`team_id = ${teamId}`, ...within('created_at', range)], ' AND ');
  const by = (column: string): Prisma.Sql => Prisma.sql`
    (SELECT coalesce(json_agg(json_build_object('key', key, 'count', count) ORDER BY count DESC, key), '[]')
     FROM (SELECT ${Prisma.raw(column)}::text AS key, count(*)::int AS count FROM items
           WHERE ${Prisma.raw(column)} IS NOT NULL GROUP BY 1) counted)`;
  const [stats] = await prisma.$queryRaw<[InterventionStats]>`
    WITH items AS MATERIALIZED (
      SELECT status, type, urgency, resolution, escalation_level,
        CASE WHEN status = 'RESOLVED' THEN extract(epoch FROM resolved_at - created_at)::float8 END AS seconds
      FROM interventions WHERE ${conditions}
    )
    SELECT count(*)::int AS total,
      count(*) FILTER (WHERE status = 'PENDING')::int AS pending,
      count(*) FILTER (WHERE status = 'RESOLVED')::int AS resolved,
      count(*) FILTER (WHERE status = 'TIMEOUT')::int AS "timedOut",
      count(*) FILTER (WHERE status = 'CANCELLED')::int AS cancelled,
      count(*) FILTER (WHERE escalation_level > 0)::int AS escalated,
      count(*) FILTER (WHERE resolution = 'AUTO_CONTINUE')::int AS "autoContinued",
      ${by('type')} AS "byType", ${by('urgency')} AS "byUrgency", ${by('resolution')} AS "byResolution",
      avg(seconds) AS "averageResolutionTime",
      percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS "medianResolutionTime",
      percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS "p95ResolutionTime"
    FROM items`;
  return stats;
}
