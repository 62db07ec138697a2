import type { Prisma, UnsealedEvent } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import type { Ids } from '../kernel/ids.ts';
import { canonicalJson, type JsonObject, sha256 } from '../kernel/json.ts';
import { randomBytes } from '../kernel/random.ts';
import type { EventType } from './catalog.ts';

/** A fact as a verb tells it. `data` says what happened in few words; the subject itself is read when it is shown. */
export interface NewEvent {
  type: EventType;
  projectId: string | null;
  teamId: string | null;
  sessionId: string | null;
  subjectId: string;
  actor: Actor;
  data: JsonObject;
  occurredAt: Date;
}

export type UnsealedRow = Omit<UnsealedEvent, 'sequence' | 'actor' | 'data'> & {
  actor: Actor;
  data: JsonObject;
};

/**
 * The row of an event, with the digests that its chain will cover (behaviour 9.2). Who and what stand under a salted
 * digest of their own, so that they can be erased and the chain still verifies.
 */
export function unsealed(ids: Ids, event: NewEvent): UnsealedRow {
  const salt = randomBytes(16).toString('hex');
  const id = ids.next('event');
  const contentDigest = digestContent(salt, event.actor, event.data);
  return { ...event, id, salt, contentDigest, digest: digestEvent({ ...event, id, contentDigest }) };
}

export const sealable = (ids: Ids, events: readonly NewEvent[]): UnsealedRow[] =>
  events.map((event) => unsealed(ids, event));

/** Writes events in the caller's transaction, and answers with the ids that they were given. */
export const appendEvents = (
  tx: Prisma.TransactionClient,
  ids: Ids,
  events: readonly NewEvent[],
): Promise<string[]> => writeEvents(tx, sealable(ids, events));

/**
 * Writes rows in the caller's transaction, in the order given: the audit trail and the feed begin here. As one JSON text,
 * not through the model: Prisma's own serialisation fails on data with keys such as "constructor".
 */
export async function writeEvents(
  tx: Prisma.TransactionClient,
  rows: readonly UnsealedRow[],
): Promise<string[]> {
  await tx.$executeRaw`
    INSERT INTO unsealed_events (id, type, project_id, team_id, session_id, subject_id, actor, data, salt,
      content_digest, digest, occurred_at)
    SELECT r."id", r."type", r."projectId", r."teamId", r."sessionId", r."subjectId", r."actor", r."data", r."salt",
      r."contentDigest", r."digest", r."occurredAt"
    FROM jsonb_to_recordset(${JSON.stringify(rows.map((row, ordinal) => ({ ...row, ordinal })))}::jsonb) AS r(
      "ordinal" int, "id" text, "type" text, "projectId" text, "teamId" text, "sessionId" text, "subjectId" text,
      "actor" jsonb, "data" jsonb, "salt" text, "contentDigest" text, "digest" text, "occurredAt" timestamptz)
    ORDER BY r."ordinal"`;
  return rows.map(({ id }) => id);
}

export const digestContent = (salt: string, actor: unknown, data: unknown): string =>
  sha256(salt + canonicalJson({ actor, data }));

export function digestEvent(
  event: Omit<NewEvent, 'actor' | 'data' | 'type'> & { id: string; type: string; contentDigest: string },
): string {
  const { id, type, projectId, teamId, sessionId, subjectId, occurredAt, contentDigest } = event;
  return sha256(
    canonicalJson({
      v: 1,
      id,
      type,
      projectId,
      teamId,
      sessionId,
      subjectId,
      occurredAt: occurredAt.toISOString(),
      contentDigest,
    }),
  );
}
