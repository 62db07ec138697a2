import type { Query } from '../database/query.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { EventType } from './catalog.ts';
import { chainOf, linkHash } from './chain.ts';

/** An event that waits for its place, with where the log and its chain end: all of one instant. */
export interface Unsealed {
  sequence: bigint;
  id: string;
  projectId: string | null;
  digest: string;
  /** The last position given out. */
  head: bigint;
  /** The end of the event's chain; null where it is the first. */
  chainHash: string | null;
  chainLength: bigint | null;
}

/** What is committed and has no place yet, oldest first, without the rows left aside. */
export const readUnsealed = (query: Query, limit: number, aside: ReadonlySet<bigint>): Promise<Unsealed[]> =>
  query<Unsealed>(Prisma.sql`
    SELECT u.sequence, u.id, u.project_id AS "projectId", u.digest, l.position AS head,
      c.hash AS "chainHash", c.length AS "chainLength"
    FROM (
      SELECT sequence, id, project_id, digest FROM unsealed_events
      WHERE sequence <> ALL(${[...aside].map(String)}::text[]::bigint[]) ORDER BY sequence LIMIT ${limit}
    ) u
    JOIN event_log l ON l.id = 1
    LEFT JOIN event_chains c ON c.chain = coalesce(u.project_id, ${chainOf(null)})
    ORDER BY u.sequence`);

interface ChainEnd {
  hash: string;
  length: bigint;
  position: bigint;
}

/** An event that was sealed just now, as those who count are told of it. */
export interface Fact {
  type: string;
  subjectId: string;
  data: JsonObject;
}

/** What belongs to no session and is counted: what does is counted when it is committed, by whoever did. */
export const counted = [
  'approval_resolved',
  'budget_alert',
  'budget_overridden',
  'budget_override_requested',
  'emergency_stop_triggered',
  'emergency_stop_widened',
  'emergency_stop_halted',
  'recovery_initiated',
  'recovery_completed',
  'recovery_ended',
  'recovery_plan_requested',
  'recovery_step_requested',
] as const satisfies readonly EventType[];

/**
 * Moves these events into the log, one statement: their positions, hashes and the ends of their chains, or nothing
 * where the log has moved on since they were read. The last position given out, and what is counted of them; null: another
 * sealer was faster.
 */
export async function seal(
  query: Query,
  rows: readonly Unsealed[],
): Promise<{ position: bigint; facts: Fact[] } | null> {
  const { head } = rows[0]!;
  const ends = new Map<string, ChainEnd>();
  let position = head;
  const links = rows.map((row) => {
    position += 1n;
    const chain = chainOf(row.projectId);
    const previous = ends.get(chain) ?? { hash: row.chainHash, length: row.chainLength ?? 0n };
    const hash = linkHash(previous.hash, position, row.digest);
    ends.set(chain, { hash, length: previous.length + 1n, position });
    return { sequence: String(row.sequence), position: String(position), previous_hash: previous.hash, hash };
  });
  const written = await query<{ won: bigint; count: bigint; facts: Fact[] | null }>(Prisma.sql`
    WITH won AS (
      UPDATE event_log SET position = ${position} WHERE id = 1 AND position = ${head} RETURNING id
    ), link AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(links)}::jsonb)
        AS l(sequence bigint, position bigint, previous_hash text, hash text) WHERE EXISTS (SELECT FROM won)
    ), taken AS (
      DELETE FROM unsealed_events u USING link WHERE u.sequence = link.sequence
      RETURNING u.*, link.position, link.previous_hash, link.hash
    ), ends AS (
      INSERT INTO event_chains (chain, position, hash, length)
      SELECT chain, position, hash, length FROM jsonb_to_recordset(${JSON.stringify(endsOf(ends))}::jsonb)
        AS e(chain text, position bigint, hash text, length bigint) WHERE EXISTS (SELECT FROM won)
      ON CONFLICT (chain) DO UPDATE SET position = excluded.position, hash = excluded.hash, length = excluded.length
    ), sealed AS (
      INSERT INTO events (position, id, type, project_id, team_id, session_id, subject_id, actor, data, salt,
        content_digest, digest, occurred_at, previous_hash, hash)
      SELECT position, id, type, project_id, team_id, session_id, subject_id, actor, data, salt,
        content_digest, digest, occurred_at, previous_hash, hash FROM taken
      RETURNING position
    )
    SELECT (SELECT count(*) FROM won) AS won, (SELECT count(*) FROM sealed) AS count,
      (SELECT json_agg(json_build_object('type', type, 'subjectId', subject_id, 'data', data) ORDER BY position) FROM taken
        WHERE session_id IS NULL AND type = ANY(${[...counted]}::text[])) AS facts`);
  const { won, facts } = written[0]!;
  return won === 0n ? null : { position, facts: facts ?? [] };
}

const endsOf = (ends: ReadonlyMap<string, ChainEnd>) =>
  [...ends].map(([chain, end]) => ({
    chain,
    hash: end.hash,
    length: String(end.length),
    position: String(end.position),
  }));
