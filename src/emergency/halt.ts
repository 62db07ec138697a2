import type { Tx } from '../database/transact.ts';
import type { SessionStatus, TaskStatus } from '../generated/prisma/enums.ts';
import { type Actor, personOf } from '../identity/viewer.ts';
import { isLive } from '../sessions/rules.ts';

// What a stop writes, set-based: a handful of statements however much it halts (behaviour 7.2).

/** Something of a session, or of the project alone (both null). */
export interface Item {
  id: string;
  sessionId: string | null;
  teamId: string | null;
}

export interface Halted {
  /** Whose turns, if any, were running; empty: nobody has anything to confirm. */
  running: number;
  tasks: { id: string; sessionId: string; teamId: string; from: TaskStatus; to: TaskStatus }[];
  interventions: Item[];
  approvals: Item[];
  /** Calls that were approved and had not begun. */
  cancelled: (Item & { reservationId: string | null })[];
}

/** What a session is when its lock is had, and so what the stop finds it as. */
export interface Locked {
  id: string;
  teamId: string;
  status: SessionStatus;
}

/** Those of them that the stop halts; the others only have an approval open. */
export const liveOf = (locked: readonly Locked[]): Locked[] => locked.filter(({ status }) => isLive(status));

/**
 * Locks, in the order of their ids, the sessions that may have something to halt: those that live, and those that have an
 * approval open. A statement of its own, so that the next one sees what they were when the lock was had.
 */
export function lockSessions(tx: Tx, projectId: string): Promise<Locked[]> {
  return tx.$queryRaw<Locked[]>`
    SELECT s.id, s.team_id AS "teamId", s.status::text AS status FROM sessions s WHERE s.id IN (
      SELECT l.id FROM teams t JOIN sessions l ON l.team_id = t.id AND l.stale_at IS NOT NULL WHERE t.project_id = ${projectId}
      UNION SELECT a.session_id FROM approvals a WHERE a.project_id = ${projectId} AND a.open)
    ORDER BY s.id FOR NO KEY UPDATE`;
}

export interface Halting {
  stopId: string;
  projectId: string;
  locked: readonly Locked[];
  /** What calls that can no longer begin are told. */
  reason: string;
  actor: Actor;
  now: Date;
}

/** Halts, freezes and cancels, and records what was halted. `emergency_stops` must hold the stop already. */
export async function haltAll(
  tx: Tx,
  { stopId, projectId, locked, reason, actor, now }: Halting,
): Promise<Halted> {
  const [row] = await tx.$queryRawUnsafe<[{ halted: Halted }]>(
    HALT,
    stopId,
    projectId,
    locked.map(({ id }) => id),
    now.toISOString(),
    reason,
    personOf(actor),
  );
  return row.halted;
}

const list = (from: string, fields: string): string =>
  `(SELECT coalesce(json_agg(json_build_object(${fields}) ORDER BY x.id), '[]') FROM ${from} x)`;

const item = `'id', x.id, 'sessionId', x.session_id, 'teamId', x.team_id`;

/**
 * $1 stop, $2 project, $3 the sessions locked, $4 now, $5 the reason, $6 the person whose it is, or null. A session that is not live but has an approval open
 * changes in its version alone, by which a decision that is under way is decided anew. A runner is told of calls that were
 * cancelled once its session goes on; the task that was made for such a call ends with it.
 */
const HALT = `
  WITH halted AS (
    UPDATE sessions s SET status = 'HALTED', halted_from = s.status, stale_at = NULL, version = s.version + 1
    WHERE s.id = ANY($3::text[])
      AND s.status IN ('ACTIVE', 'WAITING_FOR_HUMAN', 'PROCESSING_INTERVENTION', 'CONTINUING_ASYNC')
    RETURNING s.id, s.halted_from),
  raised AS (
    UPDATE sessions s SET version = s.version + 1 WHERE s.id = ANY($3::text[])
      AND s.status NOT IN ('ACTIVE', 'WAITING_FOR_HUMAN', 'PROCESSING_INTERVENTION', 'CONTINUING_ASYNC')),
  cancelled AS (
    UPDATE approvals a SET status = 'CANCELLED', rejection_reason = $5, settled_by_id = $6, permit = NULL, due_at = NULL, open = false,
      version = a.version + 1,
      delivery = CASE WHEN s.runner = 'external' THEN a.delivery ELSE 'PENDING'::delivery_status END
    FROM sessions s
    WHERE s.id = a.session_id AND a.session_id = ANY($3::text[]) AND a.open AND a.kind = 'AGENT_CALL'
      AND a.status = 'APPROVED' AND a.started_at IS NULL
    RETURNING a.id, a.session_id, a.team_id, a.task_id, a.reservation_id),
  interventions_frozen AS (
    UPDATE interventions i SET frozen_at = $4::timestamptz, due_at = NULL
    WHERE i.session_id = ANY($3::text[]) AND i.open AND i.status = 'PENDING'
    RETURNING i.id, i.session_id, i.team_id),
  approvals_frozen AS (
    UPDATE approvals a SET frozen_at = $4::timestamptz, due_at = NULL, version = a.version + 1
    WHERE a.project_id = $2 AND a.status = 'PENDING' AND a.kind NOT IN ('RECOVERY_PLAN', 'RECOVERY_STEP')
    RETURNING a.id, a.session_id, a.team_id),
  tasks_halted AS (
    UPDATE tasks t SET updated_at = $4::timestamptz,
      status = CASE WHEN called.id IS NULL THEN 'HALTED' ELSE 'CANCELLED' END::task_status,
      halted_from = CASE WHEN called.id IS NULL THEN before.status END
    FROM tasks before
      LEFT JOIN cancelled called ON called.task_id = before.id AND before.made_for_call
      LEFT JOIN halted ON halted.id = before.session_id
    WHERE t.id = before.id AND before.session_id = ANY($3::text[])
      AND before.status IN ('PENDING', 'AWAITING_APPROVAL', 'RUNNING', 'AWAITING_RESPONSE_APPROVAL')
      AND (halted.id IS NOT NULL OR called.id IS NOT NULL)
    RETURNING t.id, t.session_id, before.status AS from_status, t.status),
  stopped AS (
    INSERT INTO stopped_sessions (stop_id, session_id, status) SELECT $1, id, halted_from FROM halted),
  stopped_too AS (
    INSERT INTO stopped_tasks (stop_id, task_id, status)
    SELECT $1, id, from_status FROM tasks_halted WHERE status = 'HALTED')
  SELECT json_build_object(
    'running', (SELECT count(*) FROM halted JOIN session_drives d ON d.session_id = halted.id AND d.held_until > $4::timestamptz),
    'tasks', ${list(
      '(SELECT t.*, s.team_id FROM tasks_halted t JOIN sessions s ON s.id = t.session_id)',
      `${item}, 'from', x.from_status, 'to', x.status`,
    )},
    'interventions', ${list('interventions_frozen', item)},
    'approvals', ${list('approvals_frozen', item)},
    'cancelled', ${list('cancelled', `${item}, 'reservationId', x.reservation_id`)}) AS halted`;
