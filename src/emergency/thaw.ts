import type { Tx } from '../database/transact.ts';
import type { SessionStatus, TaskStatus } from '../generated/prisma/enums.ts';
import { addSeconds } from '../kernel/clock.ts';
import { STALE_AFTER_SECONDS } from '../sessions/rules.ts';
import type { Item } from './halt.ts';

// What a lift writes, set-based: the other way round from halt.ts (behaviour 7.7).

export interface Thawed {
  sessions: { id: string; teamId: string; to: SessionStatus }[];
  tasks: { id: string; sessionId: string; teamId: string; to: TaskStatus }[];
  /** With how long each had been held, in milliseconds, and what is due next. */
  interventions: (Item & { heldMs: number; dueAt: string })[];
  approvals: (Item & { heldMs: number; dueAt: string | null; reservationId: string | null })[];
  cancelledInterventions: Item[];
  /** Answers of abandoned sessions that never reached their runner. */
  undelivered: (Item & { agentName: string })[];
  cancelledApprovals: (Item & { reservationId: string | null })[];
  /** Sessions that a worker drives, and that are owed a turn. */
  owed: string[];
}

export interface Thawing {
  stopId: string;
  projectId: string;
  /** Not to go on: CANCELLED, with all that is open in them. */
  abandon: { sessionIds: readonly string[]; taskIds: readonly string[] };
  now: Date;
}

/** What is told to whoever asked in a session that is not taken up again. */
export const ABANDONED = 'abandoned when the emergency stop was lifted';

export async function thawAll(tx: Tx, { stopId, projectId, abandon, now }: Thawing): Promise<Thawed> {
  // First the locks, in the order of the ids; a decision under way in a session that is not halted is decided anew.
  const locked = await tx.$queryRaw<{ id: string }[]>`
    SELECT s.id FROM sessions s WHERE s.id IN (
      SELECT session_id FROM stopped_sessions WHERE stop_id = ${stopId}
      UNION SELECT a.session_id FROM approvals a
        WHERE a.project_id = ${projectId} AND a.status = 'PENDING' AND a.frozen_at IS NOT NULL)
    ORDER BY s.id FOR NO KEY UPDATE`;
  const [row] = await tx.$queryRawUnsafe<[{ thawed: Omit<Thawed, 'owed'> }]>(
    THAW,
    stopId,
    projectId,
    locked.map(({ id }) => id),
    abandon.sessionIds,
    abandon.taskIds,
    now.toISOString(),
    addSeconds(now, STALE_AFTER_SECONDS).toISOString(),
    ABANDONED,
  );
  const restored = row.thawed.sessions.filter(({ to }) => to !== 'CANCELLED').map(({ id }) => id);
  const owed = await tx.$queryRaw<{ id: string }[]>`
    SELECT s.id FROM sessions s LEFT JOIN session_drives d ON d.session_id = s.id
    WHERE s.id = ANY(${restored}::text[]) AND s.runner <> 'external'
      AND (d.session_id IS NULL OR d.turn = 0 OR d.interrupted OR d.due_at <= ${now}::timestamptz
        OR EXISTS (SELECT FROM interventions i WHERE i.session_id = s.id AND i.delivery = 'PENDING')
        OR EXISTS (SELECT FROM approvals a WHERE a.session_id = s.id AND a.delivery = 'PENDING'))
    ORDER BY s.id`;
  return { ...row.thawed, owed: owed.map(({ id }) => id) };
}

const list = (from: string, fields: string): string =>
  `(SELECT coalesce(json_agg(json_build_object(${fields}) ORDER BY x.id), '[]') FROM ${from} x)`;

const item = `'id', x.id, 'sessionId', x.session_id, 'teamId', x.team_id`;

/** Never less than nothing: another replica's clock may have frozen it. */
const held = (row: string): string =>
  `greatest(extract(epoch FROM ($6::timestamptz - ${row}.frozen_at)) * 1000, 0)::float8`;

/** So many milliseconds later. Not by an interval of days, which a change to summer time would make shorter. */
const later = (instant: string): string => `${instant} + h.held * interval '1 millisecond'`;

/**
 * What was restored is looked up in hashed lists, never joined: the planner expects few rows of a part of a statement, and
 * compares all with all. $1 stop, $2 project, $3 the sessions locked, $4 and $5 the sessions and tasks abandoned, $6 now, $7 when a session that
 * goes on is stale, $8 why abandoned. A task whose session has ended meanwhile does not come back either. An approval's
 * warning comes at 80 % of its time, as ever: counted from its new end. An intervention with reminders left is due at once: when the
 * next of them is, the clock reckons.
 */
const THAW = `
  WITH restored AS (
    UPDATE sessions s SET status = s.halted_from, halted_from = NULL, stale_at = $7::timestamptz, version = s.version + 1
    WHERE s.id = ANY($3::text[]) AND s.status = 'HALTED' AND s.id <> ALL($4::text[])
    RETURNING s.id, s.team_id, s.runner, s.status),
  abandoned AS (
    UPDATE sessions s SET status = 'CANCELLED', halted_from = NULL, stale_at = NULL, current_intervention_id = NULL,
      unanswered = false, answered_async = false, failure_reason = $8, last_activity = $6::timestamptz, version = s.version + 1
    WHERE s.id = ANY($3::text[]) AND s.status = 'HALTED' AND s.id = ANY($4::text[])
    RETURNING s.id, s.team_id, s.runner, s.status),
  raised AS (
    UPDATE sessions s SET version = s.version + 1 WHERE s.id = ANY($3::text[]) AND s.status <> 'HALTED'),
  interventions_thawed AS (
    UPDATE interventions i SET frozen_at = NULL, frozen_ms = i.frozen_ms + h.held,
      expires_at = ${later('i.expires_at')},
      due_at = CASE WHEN i.window_ended OR i.reminded >= coalesce(jsonb_array_length(i.terms->'escalation'->'reminders'), 0)
        THEN ${later('i.expires_at')} ELSE $6::timestamptz END,
      escalations = CASE WHEN i.escalation_level = 0 THEN i.escalations ELSE
        jsonb_set(i.escalations, '{-1,respondBy}', to_jsonb(
          to_char((${later('i.expires_at')}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) END
    FROM (SELECT f.id, ${held('f')} AS held FROM interventions f
      WHERE f.session_id IN (SELECT id FROM restored) AND f.open AND f.status = 'PENDING' AND f.frozen_at IS NOT NULL) h
    WHERE i.id = h.id
    RETURNING i.id, i.session_id, i.team_id, h.held, i.due_at),
  interventions_cancelled AS (
    UPDATE interventions i SET status = 'CANCELLED', resolved_at = $6::timestamptz, due_at = NULL, expires_at = NULL,
      frozen_at = NULL, open = false, delivery = 'UNANSWERED'
    WHERE i.session_id IN (SELECT id FROM abandoned) AND i.open AND i.status = 'PENDING'
    RETURNING i.id, i.session_id, i.team_id),
  interventions_closed AS (
    UPDATE interventions i SET open = false, delivery = CASE
      WHEN i.delivery <> 'PENDING' OR s.runner = 'external' THEN i.delivery
      WHEN i.response IS NULL THEN 'UNANSWERED' ELSE 'FAILED' END::delivery_status
    FROM abandoned s
    WHERE i.session_id = s.id AND i.status <> 'PENDING' AND (i.open OR i.delivery = 'PENDING')
    RETURNING i.id, i.session_id, i.team_id, i.agent_name, i.delivery),
  line AS MATERIALIZED (
    SELECT q.team_id FROM intervention_queues q WHERE q.team_id IN (SELECT team_id FROM interventions_cancelled)
    ORDER BY q.team_id FOR NO KEY UPDATE),
  left_queue AS (
    UPDATE intervention_queues q SET pending = q.pending - gone.count
    FROM (SELECT team_id, count(*)::int AS count FROM interventions_cancelled GROUP BY team_id) gone JOIN line USING (team_id)
    WHERE q.team_id = gone.team_id),
  approvals_cancelled AS (
    UPDATE approvals a SET status = 'CANCELLED', rejection_reason = $8, responded_at = $6::timestamptz, due_at = NULL,
      frozen_at = NULL, open = false, version = a.version + 1,
      delivery = CASE WHEN a.session_id IN (SELECT id FROM restored WHERE runner <> 'external')
        THEN 'PENDING'::delivery_status ELSE a.delivery END
    WHERE a.project_id = $2 AND a.status = 'PENDING' AND a.kind IN ('AGENT_CALL', 'RESPONSE')
      AND (a.session_id IN (SELECT id FROM abandoned) OR a.task_id = ANY($5::text[]))
    RETURNING a.id, a.session_id, a.team_id, a.reservation_id),
  approvals_closed AS (
    UPDATE approvals a SET open = false, version = a.version + 1
    WHERE a.session_id IN (SELECT id FROM abandoned) AND a.open AND a.status <> 'PENDING'),
  approvals_thawed AS (
    UPDATE approvals a SET frozen_at = NULL, frozen_ms = a.frozen_ms + h.held, version = a.version + 1,
      expires_at = ${later('a.expires_at')},
      due_at = CASE WHEN a.warned THEN ${later('a.expires_at')}
        ELSE ${later('a.expires_at')} - 0.2 * (extract(epoch FROM (a.expires_at - a.created_at)) * 1000 - a.frozen_ms)::float8
          * interval '1 millisecond' END
    FROM (SELECT f.id, ${held('f')} AS held FROM approvals f
      WHERE f.project_id = $2 AND f.status = 'PENDING' AND f.frozen_at IS NOT NULL
        AND NOT (f.kind IN ('AGENT_CALL', 'RESPONSE')
          AND (f.session_id IN (SELECT id FROM abandoned) OR coalesce(f.task_id = ANY($5::text[]), false)))) h
    WHERE a.id = h.id
    RETURNING a.id, a.session_id, a.team_id, a.reservation_id, h.held, a.due_at),
  tasks_moved AS (
    UPDATE tasks t SET updated_at = $6::timestamptz, halted_from = NULL,
      status = CASE WHEN t.session_id NOT IN (SELECT id FROM restored) OR t.id = ANY($5::text[])
        THEN 'CANCELLED' ELSE t.halted_from END
    FROM stopped_tasks x
    WHERE x.stop_id = $1 AND t.id = x.task_id AND t.status = 'HALTED'
    RETURNING t.id, t.session_id, t.status)
  SELECT json_build_object(
    'sessions', ${list('(SELECT * FROM restored UNION ALL SELECT * FROM abandoned)', `'id', x.id, 'teamId', x.team_id, 'to', x.status`)},
    'tasks', ${list('(SELECT t.*, s.team_id FROM tasks_moved t JOIN sessions s ON s.id = t.session_id)', `${item}, 'to', x.status`)},
    'interventions', ${list('interventions_thawed', `${item}, 'heldMs', x.held, 'dueAt', x.due_at`)},
    'approvals', ${list('approvals_thawed', `${item}, 'heldMs', x.held, 'dueAt', x.due_at, 'reservationId', x.reservation_id`)},
    'cancelledInterventions', ${list('interventions_cancelled', item)},
    'undelivered', ${list("(SELECT * FROM interventions_closed WHERE delivery = 'FAILED')", `${item}, 'agentName', x.agent_name`)},
    'cancelledApprovals', ${list('approvals_cancelled', `${item}, 'reservationId', x.reservation_id`)}) AS thawed`;
