import type { PrismaClient } from '../generated/prisma/client.ts';
import { RequestError } from '../kernel/errors.ts';
import { decodeCursor } from './chain.ts';

/** The position behind a caller's cursor. BAD_USER_INPUT where it is none of ours. */
export function positionOf(cursor: string): bigint {
  const position = decodeCursor(cursor);
  if (position === null)
    throw new RequestError('BAD_USER_INPUT', `${JSON.stringify(cursor.slice(0, 40))} is no event cursor`);
  return position;
}

/** A cursor that nobody was given: its place in the log is still to be written. */
export const beyondEnd = (): RequestError =>
  new RequestError('BAD_USER_INPUT', 'the cursor is unknown: it lies beyond the end of the event log');

/** Events behind a cursor have been pruned: going on from there would leave out what nobody can tell any more. */
export const pruned = (): RequestError =>
  new RequestError(
    'BAD_USER_INPUT',
    'the cursor is older than the events that are kept; read on without one',
  );

interface Bounds {
  /** The last position given out. */
  head: bigint;
  /** The last position whose event was pruned, of these chains; 0: none was. */
  prunedTo: bigint;
}

/** From where to where the log can be read, for one project or (null) all of it. */
export async function logBounds(prisma: PrismaClient, projectId: string | null): Promise<Bounds> {
  const [bounds] = await prisma.$queryRaw<Bounds[]>`
    SELECT l.position AS head, coalesce((
      SELECT max(c.position) FROM event_checkpoints c WHERE ${projectId}::text IS NULL OR c.chain = ${projectId}
    ), 0) AS "prunedTo"
    FROM event_log l WHERE l.id = 1`;
  return bounds!;
}

/** The cursor's position, where reading can go on from it without a gap; else BAD_USER_INPUT saying why not. */
export async function resumable(
  prisma: PrismaClient,
  projectId: string | null,
  cursor: string,
): Promise<bigint> {
  const position = positionOf(cursor);
  const { head, prunedTo } = await logBounds(prisma, projectId);
  if (position > head) throw beyondEnd();
  if (position < prunedTo) throw pruned();
  return position;
}
