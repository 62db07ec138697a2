-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "ended_by_id" TEXT,
ADD COLUMN     "started_by_id" TEXT;

-- AlterTable
ALTER TABLE "conversation_turns" ADD COLUMN     "said_by_id" TEXT;

-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "finished_by_id" TEXT,
ADD COLUMN     "given_by_id" TEXT;

-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "settled_by_id" TEXT;

-- AlterTable
ALTER TABLE "sealed_values" ADD COLUMN     "said_by_id" TEXT;

-- What the schema language has no words for, by hand from here on.

-- What one person said: most values are agents', and stand in no such index.
CREATE INDEX "sealed_values_said_by_idx" ON "sealed_values" ("said_by_id") WHERE "said_by_id" IS NOT NULL;

-- Who said what was there before, as far as the log still tells it: one pass over the log, and of the other tables only the
-- rows that are a person's are written. Of what was pruned or erased nobody knows any more.
WITH told AS MATERIALIZED (
    SELECT type, subject_id, data, actor->>'id' AS by_id, occurred_at FROM (
        SELECT type, subject_id, data, actor, occurred_at FROM events
        UNION ALL SELECT type, subject_id, data, actor, occurred_at FROM unsealed_events) e
    WHERE actor->>'kind' = 'USER' AND type IN ('session_created', 'session_status_changed', 'conversation_turn_appended',
        'task_created', 'task_finished', 'approval_resolved')
), started AS (
    UPDATE sessions s SET started_by_id = t.by_id, ended_by_id = e.by_id
    FROM (SELECT DISTINCT subject_id AS id FROM told WHERE type IN ('session_created', 'session_status_changed')) i
        LEFT JOIN told t ON t.subject_id = i.id AND t.type = 'session_created'
        LEFT JOIN (SELECT DISTINCT ON (subject_id) subject_id, by_id FROM told
            WHERE type = 'session_status_changed' AND data->>'to' IN ('COMPLETED', 'FAILED', 'CANCELLED') AND NOT data ? 'stopId'
            ORDER BY subject_id, occurred_at DESC) e ON e.subject_id = i.id
    WHERE s.id = i.id AND (t.by_id IS NOT NULL OR e.by_id IS NOT NULL)
), appended AS (
    UPDATE conversation_turns c SET said_by_id = t.by_id FROM told t
    WHERE t.type = 'conversation_turn_appended' AND c.id = t.data->>'turnId'
), answered AS MATERIALIZED (
    SELECT DISTINCT ON (task_id) task_id, CASE WHEN requested_by->>'kind' = 'USER' THEN requested_by->>'id' END AS by_id
    FROM approvals WHERE kind = 'RESPONSE' AND status = 'APPROVED' ORDER BY task_id, id DESC
), given AS (
    -- What came of a task is its agent's answer, where one was approved, and not that of whoever approved it.
    UPDATE tasks k SET given_by_id = g.by_id, finished_by_id = CASE WHEN a.task_id IS NULL THEN f.by_id ELSE a.by_id END
    FROM (SELECT subject_id AS id FROM told WHERE type IN ('task_created', 'task_finished')
          UNION SELECT task_id FROM answered WHERE by_id IS NOT NULL) i
        LEFT JOIN told g ON g.subject_id = i.id AND g.type = 'task_created'
        LEFT JOIN (SELECT DISTINCT ON (subject_id) subject_id, by_id FROM told WHERE type = 'task_finished'
            ORDER BY subject_id, occurred_at DESC) f ON f.subject_id = i.id
        LEFT JOIN answered a ON a.task_id = i.id
    WHERE k.id = i.id
)
UPDATE approvals a SET settled_by_id = t.by_id
FROM (SELECT DISTINCT ON (subject_id) subject_id, by_id FROM told WHERE type = 'approval_resolved'
    ORDER BY subject_id, occurred_at DESC) t
WHERE a.id = t.subject_id AND a.rejection_reason IS NOT NULL;
