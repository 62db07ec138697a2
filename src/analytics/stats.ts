import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import { firstIdAt } from '../kernel/ids.ts';
import { QUICK } from './rules.ts';

export interface Count {
  key: string;
  count: number;
}

export interface Group {
  key: string;
  asked: number;
  decided: number;
  rejected: number;
  medianSeconds: number | null;
  p95Seconds: number | null;
}

export interface Bucket {
  /** Which one, from 0. */
  bucket: number;
  asked: number;
  decided: number;
}

export interface PersonRow {
  id: string;
  name: string;
  decisions: number;
  approved: number;
  rejected: number;
  quickApprovals: number;
  medianSeconds: number | null;
  p95Seconds: number | null;
}

export interface DecisionRows {
  asked: number;
  decided: number;
  pending: number;
  medianSeconds: number | null;
  p95Seconds: number | null;
  byOutcome: Count[];
  buckets: Bucket[];
  byType: Group[];
  byAgent: Group[];
  byPerson: PersonRow[];
}

interface Scope {
  projectId: string;
  teamId: string | null;
  from: Date;
  to: Date;
  bucketSeconds: number;
}

/** Groups and people that are listed; those with the most come first. */
const MOST = 100;
/** Milliseconds by which an id may be ahead of the instant beside it, or behind: clocks are corrected. */
const MARGIN = 3_600_000;

/**
 * What was asked of people within the range, in numbers: interventions, and approvals of every kind. One statement, so that
 * the numbers agree. Ids sort by time, so that the index on (project, id) bounds what is read.
 */
export async function readDecisions(prisma: PrismaClient, scope: Scope): Promise<DecisionRows> {
  const groups = (column: 'type' | 'agent'): Prisma.Sql => Prisma.sql`
    (SELECT coalesce(json_agg(grouped ORDER BY asked DESC, key), '[]') FROM (
       SELECT ${Prisma.raw(column)} AS key, count(*)::int AS asked, count(seconds)::int AS decided,
         count(*) FILTER (WHERE outcome = 'REJECTED')::int AS rejected,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS "medianSeconds",
         percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS "p95Seconds"
       FROM items WHERE ${Prisma.raw(column)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST}) grouped)`;
  const [rows] = await prisma.$queryRaw<[DecisionRows]>`
    WITH items AS MATERIALIZED (
      SELECT id, type::text AS type, agent_name AS agent, created_at, resolved_at AS decided_at,
        CASE WHEN status = 'RESOLVED' THEN resolution::text ELSE status::text END AS outcome,
        CASE WHEN status = 'RESOLVED' AND resolution <> 'AUTO_CONTINUE' THEN
          greatest(0, extract(epoch FROM resolved_at - created_at)::float8 - frozen_ms / 1000) END AS seconds,
        resolved_by_id AS person
      FROM interventions WHERE ${within('intervention', scope)}
      UNION ALL
      SELECT id, kind::text,
        -- What a person asks for is no agent's: budget, mostly, and whatever a recovery asks.
        coalesce(proposal->>'agentName', CASE WHEN requested_by->>'kind' = 'AGENT' THEN requested_by->>'name' END),
        created_at, coalesce(voted.at, responded_at),
        CASE WHEN standing_id IS NOT NULL THEN 'STANDING_APPROVAL'
          WHEN status = 'TIMED_OUT' THEN 'TIMEOUT' WHEN status = 'REQUIRES_MODIFICATION' THEN 'MODIFIED'
          ELSE status::text END,
        CASE WHEN standing_id IS NULL
            AND (status IN ('APPROVED', 'REJECTED', 'REQUIRES_MODIFICATION') OR voted.at IS NOT NULL) THEN
          greatest(0, extract(epoch FROM coalesce(voted.at, responded_at) - created_at)::float8 - frozen_ms / 1000) END,
        NULL
      FROM approvals LEFT JOIN LATERAL (
        -- People had decided, whatever became of it since: a stop cancels a call that has not begun, others never begin.
        SELECT max(v.decided_at) AS at FROM approval_votes v
        WHERE v.approval_id = approvals.id AND v.round = approvals.round AND v.verdict = 'APPROVE'
        HAVING count(*) >= approvals.required_approvals
      ) voted ON approvals.status IN ('CANCELLED', 'TIMED_OUT')
      WHERE ${within('approval', scope)}
    ), decisions AS MATERIALIZED (
      SELECT person, NULL AS name, decided_at, created_at, seconds, outcome = 'APPROVED' AS approved,
        outcome = 'REJECTED' AS rejected
      FROM items WHERE person IS NOT NULL AND seconds IS NOT NULL
      UNION ALL
      SELECT v.actor_id, v.actor->>'name', v.decided_at, items.created_at,
        greatest(0, extract(epoch FROM v.decided_at - items.created_at)::float8),
        v.verdict = 'APPROVE', v.verdict = 'REJECT'
      FROM items JOIN approval_votes v ON v.approval_id = items.id WHERE v.actor->>'kind' = 'USER'
    ), looks AS (
      -- How long somebody can have looked at most: since it was asked, and since they decided what they decided before.
      SELECT *, extract(epoch FROM decided_at - greatest(created_at,
        lag(decided_at) OVER (PARTITION BY person ORDER BY decided_at)))::float8 AS look
      FROM decisions
    )
    SELECT (SELECT count(*)::int FROM items) AS asked, (SELECT count(seconds)::int FROM items) AS decided,
      (SELECT count(*)::int FROM items WHERE outcome = 'PENDING') AS pending,
      (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM items) AS "medianSeconds",
      (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) FROM items) AS "p95Seconds",
      (SELECT coalesce(json_agg(counted ORDER BY count DESC, key), '[]') FROM (
         SELECT outcome AS key, count(*)::int AS count FROM items GROUP BY 1) counted) AS "byOutcome",
      (SELECT coalesce(json_agg(bucketed ORDER BY bucket), '[]') FROM (
         SELECT floor(extract(epoch FROM created_at - ${scope.from}::timestamptz) / ${scope.bucketSeconds}::int)::int AS bucket,
           count(*)::int AS asked, count(seconds)::int AS decided
         FROM items GROUP BY 1) bucketed) AS buckets,
      ${groups('type')} AS "byType", ${groups('agent')} AS "byAgent",
      (SELECT coalesce(json_agg(counted ORDER BY decisions DESC, id), '[]') FROM (
         SELECT person AS id, coalesce(max(u.name), max(looks.name), person) AS name, count(*)::int AS decisions,
           count(*) FILTER (WHERE approved)::int AS approved, count(*) FILTER (WHERE rejected)::int AS rejected,
           count(*) FILTER (WHERE approved AND look <= ${QUICK})::int AS "quickApprovals",
           percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS "medianSeconds",
           percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS "p95Seconds"
         FROM looks LEFT JOIN users u ON u.id = person GROUP BY person ORDER BY 3 DESC, 1 LIMIT ${MOST}) counted) AS "byPerson"`;
  return rows;
}

function within(prefix: 'intervention' | 'approval', { projectId, teamId, from, to }: Scope): Prisma.Sql {
  const conditions = [
    Prisma.sql`project_id = ${projectId}`,
    Prisma.sql`id >= ${firstIdAt(prefix, new Date(from.getTime() - MARGIN))}`,
    Prisma.sql`id < ${firstIdAt(prefix, new Date(to.getTime() + MARGIN))}`,
    Prisma.sql`created_at >= ${from}::timestamptz AND created_at < ${to}::timestamptz`,
    ...(teamId === null ? [] : [Prisma.sql`team_id = ${teamId}`]),
  ];
  return Prisma.join(conditions, ' AND ');
}
