import { Prisma } from '../generated/prisma/client.ts';
import { ANSWER_KEYS } from '../interventions/response.ts';

// Where a person stands in the database, and their words with them: what is exported, place by place. Each place answers
// with `key`, unique within it and in order, `project`, whose key opens what is masked, and `value`.

export interface Place {
  kind: string;
  rows: (userId: string) => Prisma.Sql;
}

const place = (kind: string, rows: (userId: string) => Prisma.Sql): Place => ({ kind, rows });

export const places: readonly Place[] = [
  place(
    'person',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'name', name, 'email', email, 'role', role,
      'oidcIssuer', oidc_issuer, 'oidcSubject', oidc_subject, 'createdAt', created_at) AS value
    FROM users WHERE id = ${id}`,
  ),
  place(
    'api_key',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'name', name, 'role', role, 'createdAt', created_at,
      'revokedAt', revoked_at, 'lastUsedAt', last_used_at) AS value
    FROM api_keys WHERE user_id = ${id}`,
  ),
  place(
    'browser_session',
    (id) => Prisma.sql`
    SELECT s.hash AS key, k.project_id AS project, jsonb_build_object('createdAt', s.created_at, 'lastUsedAt', s.last_used_at,
      'endedAt', s.ended_at) AS value
    FROM browser_sessions s LEFT JOIN api_keys k ON k.id = s.api_key_id WHERE k.user_id = ${id} OR s.user_id = ${id}`,
  ),
  place(
    'slack_user',
    (id) => Prisma.sql`
    SELECT s.id AS key, k.project_id AS project, jsonb_build_object('id', s.id, 'slackTeamId', s.slack_team_id, 'slackUserId',
      s.slack_user_id, 'createdAt', s.created_at) AS value
    FROM slack_users s JOIN api_keys k ON k.id = s.api_key_id WHERE k.user_id = ${id}`,
  ),
  place(
    'session_started',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'initialMessage', initial_message, 'context',
      context - ${[...ANSWER_KEYS]}::text[], 'createdAt', created_at) AS value
    FROM sessions WHERE started_by_id = ${id}`,
  ),
  place(
    'session_ended',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'status', status, 'result', result,
      'failureReason', failure_reason) AS value
    FROM sessions WHERE ended_by_id = ${id}`,
  ),
  place(
    'turn',
    (id) => Prisma.sql`
    SELECT c.id AS key, s.project_id AS project, jsonb_build_object('id', c.id, 'sessionId', c.session_id, 'agentName',
      c.agent_name, 'input', c.input, 'response', c.response, 'timestamp', c.timestamp) AS value
    FROM conversation_turns c JOIN sessions s ON s.id = c.session_id WHERE c.said_by_id = ${id}`,
  ),
  place(
    'task_given',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'sessionId', session_id, 'agentName', agent_name,
      'instructions', instructions, 'createdAt', created_at) AS value
    FROM tasks WHERE given_by_id = ${id}`,
  ),
  place(
    'task_finished',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'status', status, 'result', result) AS value
    FROM tasks WHERE finished_by_id = ${id}`,
  ),
  place(
    'intervention_asked',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'message', message, 'context', context,
      'options', options, 'createdAt', created_at) AS value
    FROM interventions WHERE asked_by->>'id' = ${id}`,
  ),
  place(
    'intervention_claimed',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id) AS value
    FROM interventions WHERE claimed_by->>'id' = ${id}`,
  ),
  place(
    'intervention_answered',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'resolution', resolution, 'response', response) AS value
    FROM interventions WHERE response->'respondedBy'->>'id' = ${id}`,
  ),
  place(
    'intervention_escalated',
    (id) => Prisma.sql`
    SELECT i.id || '/' || e.at AS key, i.project_id AS project, jsonb_build_object('id', i.id) || e.step AS value
    FROM interventions i, jsonb_array_elements(i.escalations) WITH ORDINALITY AS e(step, at)
    WHERE e.step->'escalatedBy'->>'id' = ${id}`,
  ),
  place(
    'approval_requested',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'kind', kind, 'summary', summary,
      'proposal', proposal, 'createdAt', created_at) AS value
    FROM approvals WHERE requested_by->>'id' = ${id}`,
  ),
  place(
    'vote',
    (id) => Prisma.sql`
    SELECT v.approval_id || '/' || v.round AS key, a.project_id AS project, jsonb_build_object('approvalId', v.approval_id,
      'verdict', v.verdict, 'reason', v.reason, 'decidedAt', v.decided_at, 'digest', v.digest, 'approvedInput',
      a.approved_input, 'modifications', a.modifications) AS value
    FROM approval_votes v JOIN approvals a ON a.id = v.approval_id WHERE v.actor_id = ${id}`,
  ),
  place(
    'approval_settled',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'status', status, 'reason', rejection_reason,
      'modifications', modifications) AS value
    FROM approvals WHERE settled_by_id = ${id}`,
  ),
  place(
    'standing_approval',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, to_jsonb(s) AS value FROM standing_approvals s
    WHERE granted_by_id = ${id} OR ended_by->>'id' = ${id}`,
  ),
  place(
    'emergency_stop',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'reason', stop_reason, 'createdAt', created_at) AS value
    FROM emergency_stops WHERE triggered_by->>'id' = ${id}`,
  ),
  place(
    'recovery',
    (id) => Prisma.sql`
    SELECT id AS key, project_id AS project, jsonb_build_object('id', id, 'createdAt', created_at) AS value
    FROM recovery_sessions WHERE initiated_by->>'id' = ${id}`,
  ),
  place(
    'recovery_note',
    (id) => Prisma.sql`
    SELECT s.id AS key, r.project_id AS project, jsonb_build_object('stepId', s.id, 'note', s.result->'note') AS value
    FROM recovery_steps s JOIN recovery_sessions r ON r.id = s.recovery_id WHERE s.result->'notedBy'->>'id' = ${id}`,
  ),
  place(
    'configuration',
    (id) => Prisma.sql`
    SELECT c.team_id || '/' || lpad(c.version::text, 10, '0') AS key, t.project_id AS project, jsonb_build_object('teamId',
      c.team_id, 'version', c.version, 'yaml', c.yaml, 'createdAt', c.created_at) AS value
    FROM supervision_configurations c JOIN teams t ON t.id = c.team_id WHERE c.set_by->>'id' = ${id} AND c.withheld`,
  ),
  place(
    'event',
    (id) => Prisma.sql`
    SELECT lpad(position::text, 20, '0') AS key, project_id AS project, jsonb_build_object('id', id, 'type', type,
      'subjectId', subject_id, 'data', data, 'occurredAt', occurred_at) AS value
    FROM events WHERE ${eventsOf(id)}`,
  ),
];

/** Told by the person, of the person, of a key of theirs, or naming them. */
export const eventsOf = (userId: string): Prisma.Sql => Prisma.sql`
  data IS NOT NULL AND type <> 'person_erased' AND (actor->>'id' = ${userId} OR subject_id = ${userId}
    OR subject_id IN (SELECT k.id FROM api_keys k WHERE k.user_id = ${userId})
    OR position(${userId} IN data::text) > 0)`;
