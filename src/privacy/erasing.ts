import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import { ANSWER_KEYS } from '../interventions/response.ts';
import { eventsOf } from './person-places.ts';

// The statements of an erasure: what is still open of a person's, what they said, and what takes it away.

const ENDED = Prisma.sql`('COMPLETED', 'FAILED', 'CANCELLED')`;

/** What must be over first, by what it is. */
export async function whatIsOpen(
  prisma: PrismaClient,
  id: string,
): Promise<Record<'asked' | 'answered' | 'requested' | 'started' | 'given', bigint>> {
  const [open] = await prisma.$queryRaw<[Awaited<ReturnType<typeof whatIsOpen>>]>`
    SELECT (SELECT count(*) FROM interventions WHERE status = 'PENDING' AND asked_by->>'id' = ${id}) AS asked,
      (SELECT count(*) FROM interventions WHERE delivery = 'PENDING' AND response->'respondedBy'->>'id' = ${id}) AS answered,
      (SELECT count(*) FROM approvals WHERE open AND requested_by->>'id' = ${id}) AS requested,
      (SELECT count(*) FROM sessions WHERE started_by_id = ${id} AND status NOT IN ${ENDED}) AS started,
      (SELECT count(*) FROM tasks t JOIN sessions s ON s.id = t.session_id WHERE t.given_by_id = ${id}
        AND t.status NOT IN ('COMPLETED', 'FAILED', 'REJECTED', 'CANCELLED') AND s.status NOT IN ${ENDED}) AS given`;
  return open;
}

/**
 * What they said in each session, as it is stored: for the masks in it. With those of every value that was taken out of
 * their words, by which an erasure that was broken off is gone on with once their words are gone.
 */
export const saidInSessions = (
  prisma: PrismaClient,
  id: string,
): Promise<{ sessionId: string; said: unknown }[]> => prisma.$queryRaw`
  SELECT session_id AS "sessionId", jsonb_build_array(response - 'selectedOption' - 'respondedBy', CASE WHEN
    asked_by->>'id' = ${id} THEN jsonb_build_array(message, context, options) END, escalations) AS said
  FROM interventions WHERE response->'respondedBy'->>'id' = ${id} OR asked_by->>'id' = ${id} OR ${escalatedBy(id)}
  UNION ALL
  SELECT a.session_id, jsonb_build_array(a.rejection_reason, a.modifications, a.approved_input, v.reason, CASE WHEN
    a.requested_by->>'id' = ${id} THEN jsonb_build_array(a.summary, a.proposal) END)
  FROM approvals a LEFT JOIN approval_votes v ON v.approval_id = a.id AND v.actor_id = ${id}
  WHERE a.session_id IS NOT NULL AND (v.actor_id IS NOT NULL OR a.requested_by->>'id' = ${id} OR a.settled_by_id = ${id})
  UNION ALL
  SELECT s.id, jsonb_build_array(CASE WHEN s.started_by_id = ${id} THEN jsonb_build_array(s.initial_message, s.context) END,
    CASE WHEN s.ended_by_id = ${id} THEN jsonb_build_array(s.result, s.failure_reason) END, s.runner_state)
  FROM sessions s WHERE s.started_by_id = ${id} OR s.ended_by_id = ${id}
  UNION ALL
  SELECT session_id, jsonb_build_array(input, response) FROM conversation_turns WHERE said_by_id = ${id}
  UNION ALL
  SELECT session_id, jsonb_build_array(CASE WHEN given_by_id = ${id} THEN instructions END,
    CASE WHEN finished_by_id = ${id} THEN result END)
  FROM tasks WHERE given_by_id = ${id} OR finished_by_id = ${id}
  UNION ALL SELECT session_id, data FROM events WHERE session_id IS NOT NULL AND ${eventsOf(id)}
  UNION ALL SELECT session_id, data FROM unsealed_events WHERE session_id IS NOT NULL AND ${eventsOf(id)}
  UNION ALL SELECT session_id, to_jsonb('[masked:' || split_part(id, '_', 2) || ']') FROM sealed_values
  WHERE session_id IS NOT NULL AND said_by_id = ${id}`;

const escalatedBy = (userId: string) =>
  Prisma.sql`escalations @> ${JSON.stringify([{ escalatedBy: { id: userId } }])}::jsonb`;

/** An Actor's column without the name, where it is the person. */
const unnamed = (column: string, userId: string) =>
  Prisma.sql`CASE WHEN ${Prisma.raw(column)}->>'id' = ${userId} THEN ${Prisma.raw(column)} || '{"name": "erased"}' ELSE ${Prisma.raw(column)} END`;

/**
 * In the order in which they are run: each finds by ids what is theirs, and may be run again. A session's version goes up with
 * what changes in it: a change that was decided on the old words is decided anew.
 */
export const statements = (id: string): Prisma.Sql[] => [
  answers(id),
  // Before what they are copied from.
  copiesInRecoveries(id),
  approvals(id),
  sessions(id),
  runnerStates(id),
  Prisma.sql`
    UPDATE standing_approvals SET granted_by = ${unnamed('granted_by', id)}, ended_by = ${unnamed('ended_by', id)},
      reason = CASE WHEN granted_by_id = ${id} THEN NULL ELSE reason END,
      end_reason = CASE WHEN ended_by->>'id' = ${id} THEN NULL ELSE end_reason END
    WHERE granted_by_id = ${id} OR ended_by->>'id' = ${id}`,
  Prisma.sql`
    UPDATE emergency_stops SET triggered_by = ${unnamed('triggered_by', id)}, stop_reason = '[erased]'
    WHERE triggered_by->>'id' = ${id}`,
  Prisma.sql`
    UPDATE recovery_sessions SET initiated_by = ${unnamed('initiated_by', id)}, version = version + 1
    WHERE initiated_by->>'id' = ${id}`,
  Prisma.sql`
    UPDATE recovery_steps SET result = result || jsonb_build_object('note', '[erased]', 'notedBy',
      result->'notedBy' || '{"name": "erased"}')
    WHERE result->'notedBy'->>'id' = ${id}`,
  Prisma.sql`
    UPDATE supervision_configurations SET set_by = ${unnamed('set_by', id)} WHERE set_by->>'id' = ${id}`,
  Prisma.sql`UPDATE stop_signals SET actor = ${unnamed('actor', id)} WHERE actor->>'id' = ${id}`,
  Prisma.sql`
    DELETE FROM idempotency_keys WHERE credential_id = ${id}
      OR credential_id IN (SELECT k.id FROM api_keys k WHERE k.user_id = ${id})`,
  Prisma.sql`
    DELETE FROM slack_users WHERE api_key_id IN (SELECT k.id FROM api_keys k WHERE k.user_id = ${id})`,
  Prisma.sql`UPDATE slack_users SET linked_by = ${unnamed('linked_by', id)} WHERE linked_by->>'id' = ${id}`,
  Prisma.sql`UPDATE api_keys SET name = 'erased' WHERE user_id = ${id}`,
];

const answers = (id: string): Prisma.Sql => Prisma.sql`
  WITH mine AS (
    SELECT id, session_id, response FROM interventions
    WHERE response->'respondedBy'->>'id' = ${id} OR asked_by->>'id' = ${id} OR claimed_by->>'id' = ${id} OR ${escalatedBy(id)}
  ), held AS (
    UPDATE sessions s SET version = version + 1, context = CASE WHEN EXISTS (
        SELECT FROM mine m WHERE m.session_id = s.id AND m.response->'respondedBy'->>'id' = ${id}
          AND m.response->>'content' = s.context->>'human_response')
      THEN s.context - '{human_response,human_reasoning,custom_input}'::text[] ELSE s.context END
    WHERE s.id IN (SELECT session_id FROM mine)
  ), unsearched AS (
    UPDATE intervention_search w SET words = ''::tsvector
    FROM interventions i WHERE i.id = w.intervention_id AND i.asked_by->>'id' = ${id}
  )
  UPDATE interventions i SET
    message = CASE WHEN asked_by->>'id' = ${id} THEN '[erased]' ELSE message END,
    context = CASE WHEN asked_by->>'id' = ${id} THEN '{}' ELSE context END,
    options = CASE WHEN asked_by->>'id' = ${id} THEN '[]' ELSE options END,
    asked_by = ${unnamed('asked_by', id)}, claimed_by = ${unnamed('claimed_by', id)},
    receipt = CASE WHEN receipt->>'actorId' = ${id} THEN NULL ELSE receipt END,
    escalations = coalesce((SELECT jsonb_agg(CASE WHEN e.step->'escalatedBy'->>'id' = ${id}
        THEN e.step || jsonb_build_object('reason', '[erased]', 'escalatedBy', e.step->'escalatedBy' || '{"name": "erased"}')
        ELSE e.step END ORDER BY e.at)
      FROM jsonb_array_elements(i.escalations) WITH ORDINALITY AS e(step, at)), '[]'),
    response = CASE WHEN i.response->'respondedBy'->>'id' = ${id} THEN i.response || '{"content": "[erased]", "customInput": null, "reasoning": null,
        "modifications": null, "answer": null, "metadata": {}}'
      || jsonb_build_object('respondedBy', i.response->'respondedBy' || '{"name": "erased"}') ELSE i.response END
  FROM mine WHERE i.id = mine.id`;

/** Whoever settled one from before that was kept is taken for whoever voted. */
const settledBy = (id: string): Prisma.Sql => Prisma.sql`
  (a.settled_by_id = ${id} OR (a.settled_by_id IS NULL AND EXISTS (
    SELECT FROM approval_votes v WHERE v.approval_id = a.id AND v.actor_id = ${id})))`;

/**
 * What recoveries repeat: why the project was stopped and by whom, why a step was not allowed, and of calls, answers and
 * failed tasks what they were about. The names of a list's items stand beside what becomes of them, so that it is one rule.
 */
const copiesInRecoveries = (id: string): Prisma.Sql => {
  const items = (list: string, key: string, field: string, theirs: Prisma.Sql): Prisma.Sql => Prisma.sql`
    (SELECT jsonb_agg(CASE WHEN i.item->>${key} IN (${theirs}) THEN i.item || jsonb_build_object(${field}::text, '[erased]')
      ELSE i.item END ORDER BY i.at) FROM jsonb_array_elements(r.assessment #> ${list}::text[]) WITH ORDINALITY AS i(item, at))`;
  const requested = Prisma.sql`SELECT a.id FROM approvals a WHERE a.requested_by->>'id' = ${id}`;
  const finished = Prisma.sql`SELECT t.id FROM tasks t WHERE t.finished_by_id = ${id}`;
  const put = (assessment: Prisma.Sql, list: string, value: Prisma.Sql): Prisma.Sql =>
    Prisma.sql`jsonb_set(${assessment}, ${list}::text[], coalesce(${value}, '[]'), false)`;
  const [calls, flagged, errors] = [
    '{halted,cancelledCalls,items}',
    '{flaggedAnswers,items}',
    '{errors,items}',
  ];
  const stopped = Prisma.sql`CASE WHEN r.assessment #>> '{stop,triggeredBy,id}' = ${id}
    THEN jsonb_set(r.assessment, '{stop}', r.assessment->'stop' || jsonb_build_object('reason', '[erased]', 'triggeredBy',
      r.assessment #> '{stop,triggeredBy}' || '{"name": "erased"}')) ELSE r.assessment END`;
  return Prisma.sql`
    WITH steps AS (
      UPDATE recovery_steps s SET error = t.said || ': [erased]'
      FROM approvals a, (VALUES ('rejected'), ('not decided: its approval was cancelled')) AS t(said)
      WHERE a.step_id = s.id AND ${settledBy(id)} AND s.error = t.said || ': ' || a.rejection_reason
    )
    UPDATE recovery_sessions r SET assessment = ${put(
      put(
        put(stopped, calls!, items(calls!, 'id', 'summary', requested)),
        flagged!,
        items(flagged!, 'approvalId', 'summary', requested),
      ),
      errors!,
      items(errors!, 'id', 'error', finished),
    )}
    WHERE r.project_id IN (
      SELECT project_id FROM emergency_stops WHERE triggered_by->>'id' = ${id}
      UNION SELECT project_id FROM approvals WHERE requested_by->>'id' = ${id}
      UNION SELECT project_id FROM tasks WHERE finished_by_id = ${id})`;
};

/** What analysis found stands, without the words that it was found in. */
const withoutEvidence = Prisma.sql`assessment || coalesce((
  SELECT jsonb_object_agg(k.key, (SELECT coalesce(jsonb_agg(f.flag || '{"evidence": null}' ORDER BY f.at), '[]')
    FROM jsonb_array_elements(k.value) WITH ORDINALITY AS f(flag, at)))
  FROM jsonb_each(assessment) k WHERE k.key IN ('factors', 'flags')), '{}')`;

const approvals = (id: string): Prisma.Sql => Prisma.sql`
  WITH mine AS (
    SELECT a.id, a.session_id, ${settledBy(id)} AS settled,
      (SELECT v.actor_id FROM approval_votes v WHERE v.approval_id = a.id AND v.round = a.round
        ORDER BY v.decided_at LIMIT 1) = ${id} AS edited
    FROM approvals a WHERE a.requested_by->>'id' = ${id} OR a.settled_by_id = ${id}
      OR a.id IN (SELECT v.approval_id FROM approval_votes v WHERE v.actor_id = ${id})
  ), held AS (
    UPDATE sessions SET version = version + 1 WHERE id IN (SELECT session_id FROM mine)
  ), votes AS (
    UPDATE approval_votes SET reason = NULL, fingerprint = '', actor = ${unnamed('actor', id)} WHERE actor_id = ${id}
  )
  UPDATE approvals a SET version = version + 1, requested_by = ${unnamed('a.requested_by', id)},
    rejection_reason = CASE WHEN NOT mine.settled THEN rejection_reason
      WHEN rejection_reason LIKE 'emergency stop: %' THEN 'emergency stop: [erased]' END,
    modifications = CASE WHEN mine.settled THEN NULL ELSE modifications END,
    approved_input = CASE WHEN mine.edited AND NOT open THEN NULL ELSE approved_input END,
    assessment = CASE WHEN (requested_by->>'id' = ${id} OR mine.edited AND NOT open) AND jsonb_typeof(assessment) = 'object'
      THEN ${withoutEvidence} ELSE assessment END,
    summary = CASE WHEN requested_by->>'id' = ${id} THEN '[erased]' ELSE summary END,
    proposal = CASE WHEN requested_by->>'id' <> ${id} THEN proposal
      WHEN kind = 'AGENT_CALL' THEN proposal || '{"proposedAction": "[erased]", "inputData": null, "contextSummary": null}'
      WHEN kind = 'RESPONSE' THEN proposal || '{"response": null, "nextSteps": []}'
      WHEN kind = 'BUDGET_OVERRIDE' THEN proposal || '{"justification": "[erased]"}'
      WHEN kind = 'RECOVERY_STEP' THEN proposal || '{"note": null}' ELSE proposal END
  FROM mine WHERE a.id = mine.id`;

/** What people answered stays in the context of a session that they began, but for their own answers. */
const sessions = (id: string): Prisma.Sql => Prisma.sql`
  WITH turns AS (
    UPDATE conversation_turns SET input = '[erased]', response = '[erased]' WHERE said_by_id = ${id} RETURNING session_id
  ), given AS (
    UPDATE tasks SET instructions = CASE WHEN given_by_id = ${id} THEN '[erased]' ELSE instructions END,
      result = CASE WHEN finished_by_id = ${id} THEN NULL ELSE result END
    WHERE given_by_id = ${id} OR finished_by_id = ${id} RETURNING session_id
  )
  UPDATE sessions s SET version = version + 1,
    initial_message = CASE WHEN started_by_id = ${id} THEN '[erased]' ELSE initial_message END,
    context = CASE WHEN started_by_id = ${id} THEN coalesce((SELECT jsonb_object_agg(k.key, k.value) FROM jsonb_each(s.context) k
      WHERE k.key = ANY(${[...ANSWER_KEYS]}::text[])), '{}') ELSE context END,
    result = CASE WHEN ended_by_id = ${id} THEN NULL ELSE result END,
    failure_reason = CASE WHEN ended_by_id = ${id} AND failure_reason IS NOT NULL THEN '[erased]' ELSE failure_reason END
  WHERE s.started_by_id = ${id} OR s.ended_by_id = ${id} OR s.id IN (SELECT session_id FROM turns)
    OR s.id IN (SELECT session_id FROM given)`;

/** What a runner inside keeps of what it was told: nothing goes on from it once its session is over. */
const runnerStates = (id: string): Prisma.Sql => Prisma.sql`
  UPDATE sessions s SET version = version + 1, runner_state = NULL
  WHERE s.runner_state IS NOT NULL AND s.status IN ${ENDED} AND (s.started_by_id = ${id} OR s.id IN (
    SELECT session_id FROM conversation_turns WHERE said_by_id = ${id}
    UNION SELECT session_id FROM tasks WHERE given_by_id = ${id}
    UNION SELECT session_id FROM interventions WHERE response->'respondedBy'->>'id' = ${id} OR asked_by->>'id' = ${id}
    UNION SELECT a.session_id FROM approvals a WHERE a.settled_by_id = ${id} OR a.requested_by->>'id' = ${id}
      OR a.id IN (SELECT v.approval_id FROM approval_votes v WHERE v.actor_id = ${id})))`;
