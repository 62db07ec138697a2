import { retrying, transact } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import { readUnsealed, seal } from '../events/seal.ts';
import type { Query } from '../database/query.ts';
import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import type { Viewer } from '../identity/viewer.ts';
import type { Clock } from '../kernel/clock.ts';
import { refuse } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Vault } from '../secrets/vault.ts';
import { endSessionsOf } from '../sign-in/end-sessions.ts';
import { findPerson } from './export-person.ts';
import { eventsOf } from './person-places.ts';
import { idsIn } from './tokens.ts';

export interface EraseDeps {
  database: { prisma: PrismaClient; query: Query };
  prisma: PrismaClient;
  vault: Pick<Vault, 'drop'>;
  clock: Clock;
  ids: Ids;
  committed: () => void;
}

export type Erased = { userId: string; events: number; rows: number };

/**
 * Takes away who a person is and what they said (behaviour 8.8): names, reasons, answers, and the contents of the events
 * that tell of them, whose digests stay, so that the log still verifies. What was decided stays decided. Each step is a
 * statement of its own and does nothing twice: broken off anywhere, it is called again. Refusals: NOT_FOUND; INVALID_STATE while the
 * person can still sign in by a key, or something of theirs is pending or has not reached its agent.
 */
export async function erasePerson(deps: EraseDeps, viewer: Viewer, userId: string): Promise<Erased> {
  const user = await findPerson(deps, viewer, userId);
  await refuseWhatIsOpen(deps, userId);
  const spoken = await sealedWords(deps.prisma, userId);
  let rows = 0;
  for (const statement of statements(userId))
    rows += await retrying('erase a person', () => deps.prisma.$executeRaw(statement));
  const events = await eraseEvents(deps, userId);
  await dropUnreferenced(deps, spoken);
  await transact(deps.database, 'erase a person', async (tx) => {
    const erased = { name: 'erased', email: null, oidcIssuer: null, oidcSubject: null };
    await tx.user.update({ where: { id: userId }, data: erased });
    // Nobody is told: every process finds it in seconds, as it finds what it heard nothing of.
    await endSessionsOf(tx, userId, deps.clock.now());
    const { actor } = viewer;
    const about = { projectId: user.projectId, teamId: null, sessionId: null, subjectId: userId, actor };
    const event = { type: 'person_erased', data: { events, rows }, occurredAt: deps.clock.now() } as const;
    await appendEvents(tx, deps.ids, [{ ...event, ...about }]);
  });
  deps.committed();
  return { userId, events, rows };
}

async function refuseWhatIsOpen({ prisma, clock }: EraseDeps, userId: string): Promise<void> {
  const refusal = (message: string) => refuse('INVALID_STATE', message, ['userId']);
  const now = clock.now();
  const keys = await prisma.apiKey.count({
    where: { userId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
  });
  if (keys > 0) throw refusal(`revoke their ${keys} API keys first`);
  const [open] = await prisma.$queryRaw<{ asked: bigint; answered: bigint; requested: bigint }[]>`
    SELECT (SELECT count(*) FROM interventions WHERE status = 'PENDING' AND asked_by->>'id' = ${userId}) AS asked,
      (SELECT count(*) FROM interventions WHERE delivery = 'PENDING' AND response->'respondedBy'->>'id' = ${userId}) AS answered,
      (SELECT count(*) FROM approvals WHERE open AND requested_by->>'id' = ${userId}) AS requested`;
  if (open!.asked > 0n) throw refusal('a request of theirs is pending: have it answered or cancelled first');
  if (open!.answered > 0n) throw refusal('an answer of theirs has not reached its agent yet');
  if (open!.requested > 0n) throw refusal('an approval that they asked for is open: have it settled first');
}

/** What of their words is kept encrypted, by session. */
async function sealedWords(prisma: PrismaClient, userId: string): Promise<Map<string, Set<string>>> {
  const words = new Map<string, Set<string>>();
  const rows = await prisma.$queryRaw<{ sessionId: string; said: unknown }[]>`
    SELECT session_id AS "sessionId", jsonb_build_array(response - 'selectedOption' - 'respondedBy', CASE WHEN
      asked_by->>'id' = ${userId} THEN jsonb_build_array(message, context, options) END, escalations) AS said
    FROM interventions
    WHERE response->'respondedBy'->>'id' = ${userId} OR asked_by->>'id' = ${userId} OR ${escalatedBy(userId)}
    UNION ALL
    SELECT a.session_id, jsonb_build_array(a.rejection_reason, a.modifications, a.approved_input, v.reason, CASE WHEN
      a.requested_by->>'id' = ${userId} THEN jsonb_build_array(a.summary, a.proposal) END)
    FROM approvals a LEFT JOIN approval_votes v ON v.approval_id = a.id AND v.actor_id = ${userId}
    WHERE a.session_id IS NOT NULL AND (v.actor_id IS NOT NULL OR a.requested_by->>'id' = ${userId})`;
  for (const { sessionId, said } of rows) {
    const ids = words.get(sessionId) ?? new Set();
    words.set(sessionId, idsIn(said, ids));
  }
  return words;
}

/** Milliseconds after which a change that kept a value has been written, or never will be. */
const WRITTEN_WITHIN = 600_000;

/**
 * What nothing in its session says any more: an option's words that they chose are still the option's. Of all that was kept
 * there, not only of what was found this time: an erasure that was broken off has taken away what told which it was.
 */
async function dropUnreferenced(
  { prisma, vault, clock }: EraseDeps,
  spoken: ReadonlyMap<string, Set<string>>,
) {
  for (const [sessionId, ids] of spoken) {
    const where = { where: { sessionId } };
    // Kept first, referred to then: what has just been kept is not looked for yet.
    const kept = await prisma.sealedValue.findMany({
      where: { sessionId, createdAt: { lt: new Date(clock.now().getTime() - WRITTEN_WITHIN) } },
      select: { id: true },
    });
    const sought = new Set([...ids, ...kept.map(({ id }) => id)]);
    if (sought.size === 0) continue;
    const rows = [
      await prisma.session.findUnique({ where: { id: sessionId } }),
      await prisma.intervention.findMany(where),
      await prisma.approval.findMany({ ...where, include: { votes: true } }),
      await prisma.task.findMany(where),
      await prisma.conversationTurn.findMany(where),
    ];
    const told = await prisma.$queryRaw<{ data: unknown }[]>`
      SELECT data FROM events WHERE session_id = ${sessionId} AND position('[masked:' IN data::text) > 0
      UNION ALL SELECT data FROM unsealed_events WHERE session_id = ${sessionId}`;
    const alive = idsIn([rows, told]);
    await vault.drop(
      prisma,
      [...sought].filter((id) => !alive.has(id)),
    );
  }
}

const escalatedBy = (userId: string) =>
  Prisma.sql`escalations @> ${JSON.stringify([{ escalatedBy: { id: userId } }])}::jsonb`;

/** An Actor's column without the name, where it is the person. */
const unnamed = (column: string, userId: string) =>
  Prisma.sql`CASE WHEN ${Prisma.raw(column)}->>'id' = ${userId} THEN ${Prisma.raw(column)} || '{"name": "erased"}' ELSE ${Prisma.raw(column)} END`;

/** A session's version goes up with what changes in it: a change that was decided on the old words is decided anew. */
function statements(id: string): Prisma.Sql[] {
  const answered = Prisma.sql`response->'respondedBy'->>'id' = ${id}`;
  return [
    Prisma.sql`
      WITH mine AS (
        SELECT id, session_id, response FROM interventions
        WHERE ${answered} OR asked_by->>'id' = ${id} OR claimed_by->>'id' = ${id} OR ${escalatedBy(id)}
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
      FROM mine WHERE i.id = mine.id`,
    Prisma.sql`
      WITH mine AS (
        SELECT a.id, a.session_id, EXISTS (SELECT FROM approval_votes v WHERE v.approval_id = a.id AND v.actor_id = ${id}) AS voted,
          (SELECT v.actor_id FROM approval_votes v WHERE v.approval_id = a.id AND v.round = a.round
            ORDER BY v.decided_at LIMIT 1) = ${id} AS edited
        FROM approvals a WHERE a.requested_by->>'id' = ${id}
          OR a.id IN (SELECT v.approval_id FROM approval_votes v WHERE v.actor_id = ${id})
      ), held AS (
        UPDATE sessions SET version = version + 1 WHERE id IN (SELECT session_id FROM mine)
      ), votes AS (
        UPDATE approval_votes SET reason = NULL, fingerprint = '', actor = ${unnamed('actor', id)} WHERE actor_id = ${id}
      )
      UPDATE approvals a SET version = version + 1, requested_by = ${unnamed('a.requested_by', id)},
        rejection_reason = CASE WHEN mine.voted THEN NULL ELSE rejection_reason END,
        modifications = CASE WHEN mine.voted THEN NULL ELSE modifications END,
        approved_input = CASE WHEN mine.edited AND NOT open THEN NULL ELSE approved_input END,
        summary = CASE WHEN requested_by->>'id' = ${id} THEN '[erased]' ELSE summary END,
        proposal = CASE WHEN requested_by->>'id' <> ${id} THEN proposal
          WHEN kind = 'AGENT_CALL' THEN proposal || '{"proposedAction": "[erased]", "inputData": null, "contextSummary": null}'
          WHEN kind = 'RESPONSE' THEN proposal || '{"response": null, "nextSteps": []}'
          WHEN kind = 'BUDGET_OVERRIDE' THEN proposal || '{"justification": "[erased]"}' ELSE proposal END
      FROM mine WHERE a.id = mine.id`,
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
}

/** Events in one statement. */
const BATCH = 1_000;

/** What waits to be sealed first gets its place: an event is erased in the log alone. */
async function eraseEvents({ database, prisma }: EraseDeps, userId: string): Promise<number> {
  // Nothing of theirs comes any more: their keys are revoked, and nothing of theirs is pending.
  for (;;) {
    const [waiting] = await prisma.$queryRaw<{ found: boolean }[]>(
      Prisma.sql`SELECT EXISTS (SELECT FROM unsealed_events WHERE ${eventsOf(userId)}) AS found`,
    );
    if (!waiting!.found) break;
    const rows = await readUnsealed(database.query, BATCH, new Set());
    // Null: another sealer was faster, and what it left is read anew.
    if (rows.length > 0) await seal(database.query, rows);
  }
  let count = 0;
  for (let erased = BATCH; erased === BATCH; count += erased)
    erased = await retrying(
      'erase events',
      () =>
        prisma.$executeRaw`
        UPDATE events SET actor = NULL, data = NULL, salt = NULL
        WHERE position IN (SELECT e.position FROM events e WHERE ${eventsOf(userId)} ORDER BY e.position LIMIT ${BATCH})`,
    );
  return count;
}
