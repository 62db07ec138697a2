import type { RawClient } from '../sessions/change.ts';
import type { MoneyMove } from './moves.ts';
import { toDecimal } from './state.ts';

/**
 * Does all of these moves in one statement, in the caller's transaction. False: a hold does not fit, a stop is in force,
 * or a period is over; the caller must take everything back. The limit stands in the statement that takes the money
 * (behaviour 6.2): whatever was read before decides nothing.
 *
 * Locks reservations by id, then budgets by project, behind everything else that a change locks.
 */
export async function moveMoney(client: RawClient, moves: readonly MoneyMove[], now: Date): Promise<boolean> {
  const projects = [...new Set(moves.map(({ projectId }) => projectId))];
  const rows = await client.$queryRawUnsafe<{ projectId: string }[]>(
    MOVE,
    JSON.stringify(moves.map((move) => ('cost' in move ? { ...move, cost: toDecimal(move.cost) } : move))),
    moves.map(({ reservationId }) => reservationId),
    projects,
    now.toISOString(),
  );
  return rows.length === projects.length;
}

const fits = (line: 'daily_token' | 'monthly_token' | 'daily_cost' | 'monthly_cost'): string => {
  const [, unit] = line.split('_');
  const names = { token: ['tokens', 'tokens_reserved'], cost: ['cost', 'cost_reserved'] } as const;
  const [what, reserved] = names[unit as 'token' | 'cost'];
  const prefix = line.startsWith('daily') ? 'daily' : 'monthly';
  return `b.${prefix}_${what}_used + b.${reserved} + d.held_${what} - d.freed_${what}
    <= b.${line}_limit + b.${prefix}_${what}_overridden`;
};

const used = (period: 'daily' | 'monthly'): string =>
  `${period}_tokens_used = b.${period}_tokens_used + d.used_tokens, ${period}_cost_used = b.${period}_cost_used + d.used_cost`;

const MOVE = `
  WITH input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS t("kind" text, "projectId" text, "reservationId" text, "tokens" int,
      "cost" numeric, "approvalId" text, "createdAt" timestamptz, "expiresAt" timestamptz)),
  standing AS MATERIALIZED (
    SELECT r.id, r.status, r.tokens, r.cost FROM budget_reservations r
    WHERE r.id = ANY($2::text[]) ORDER BY r.id FOR NO KEY UPDATE),
  ending AS (
    SELECT i."kind" AS kind, i."projectId" AS project_id, r.id, i."tokens" AS tokens, i."cost" AS cost,
      CASE WHEN r.status = 'HELD' THEN r.tokens ELSE 0 END AS freed_tokens,
      CASE WHEN r.status = 'HELD' THEN r.cost ELSE 0 END AS freed_cost
    FROM input i JOIN standing r ON r.id = i."reservationId"
    WHERE (i."kind" = 'settle' AND r.status <> 'COMMITTED') OR (i."kind" = 'release' AND r.status = 'HELD')),
  delta AS (
    SELECT project_id, sum(held_tokens)::bigint AS held_tokens, sum(held_cost) AS held_cost, bool_or(holds) AS holds,
      sum(freed_tokens)::bigint AS freed_tokens, sum(freed_cost) AS freed_cost,
      sum(used_tokens)::bigint AS used_tokens, sum(used_cost) AS used_cost
    FROM (
      SELECT "projectId" AS project_id, "kind" = 'hold' AS holds,
        CASE WHEN "kind" = 'hold' THEN "tokens" ELSE 0 END AS held_tokens,
        CASE WHEN "kind" = 'hold' THEN "cost" ELSE 0 END AS held_cost,
        0 AS freed_tokens, 0::numeric AS freed_cost, CASE WHEN "kind" = 'spend' THEN "tokens" ELSE 0 END AS used_tokens,
        CASE WHEN "kind" = 'spend' THEN "cost" ELSE 0 END AS used_cost FROM input
      UNION ALL
      SELECT project_id, false, 0, 0, freed_tokens, freed_cost, CASE WHEN kind = 'settle' THEN tokens ELSE 0 END,
        CASE WHEN kind = 'settle' THEN cost ELSE 0 END FROM ending
    ) moves GROUP BY project_id),
  locked AS MATERIALIZED (
    SELECT project_id FROM budgets WHERE project_id = ANY($3::text[]) ORDER BY project_id FOR NO KEY UPDATE),
  moved AS (
    UPDATE budgets b SET tokens_reserved = b.tokens_reserved + d.held_tokens - d.freed_tokens,
      cost_reserved = b.cost_reserved + d.held_cost - d.freed_cost, ${used('daily')}, ${used('monthly')},
      updated_at = $4::timestamptz
    FROM delta d JOIN locked ON locked.project_id = d.project_id
    WHERE b.project_id = d.project_id AND b.day_end > $4::timestamptz AND b.month_end > $4::timestamptz
      AND (NOT d.holds OR (NOT b.emergency_stop_triggered AND ${fits('daily_token')} AND ${fits('monthly_token')}
        AND ${fits('daily_cost')} AND ${fits('monthly_cost')}))
    RETURNING b.project_id),
  held AS (
    INSERT INTO budget_reservations (id, project_id, approval_id, tokens, cost, status, created_at, expires_at)
    SELECT "reservationId", "projectId", "approvalId", "tokens", "cost", 'HELD', "createdAt", "expiresAt"
    FROM input JOIN moved ON moved.project_id = input."projectId" WHERE "kind" = 'hold'),
  spent AS (
    INSERT INTO budget_reservations (id, project_id, approval_id, tokens, cost, status, committed_tokens, committed_cost,
      created_at, expires_at)
    SELECT "reservationId", "projectId", "approvalId", "tokens", "cost", 'COMMITTED', "tokens", "cost", "createdAt", "createdAt"
    FROM input JOIN moved ON moved.project_id = input."projectId" WHERE "kind" = 'spend'),
  ended AS (
    UPDATE budget_reservations r SET
      status = (CASE WHEN e.kind = 'settle' THEN 'COMMITTED' ELSE 'RELEASED' END)::reservation_status,
      committed_tokens = CASE WHEN e.kind = 'settle' THEN e.tokens END,
      committed_cost = CASE WHEN e.kind = 'settle' THEN e.cost END
    FROM ending e JOIN moved ON moved.project_id = e.project_id WHERE r.id = e.id AND r.id = ANY($2::text[]))
  SELECT project_id AS "projectId" FROM moved`;
