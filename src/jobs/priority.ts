import type { RawTx } from '../database/transact.ts';

/** Of a team that says nothing: in the middle. */
const DEFAULT = 5;
/** The last one, as teams count: the queue itself counts the other way round. */
const LAST = 10;

/**
 * The queue's own priorities of these sessions' jobs (higher goes first), by what their teams say in force:
 * `async_execution.queue_priority`, 1 to 10, 1 first. Read in the transaction that writes the jobs.
 */
export async function prioritiesOf(tx: RawTx, sessionIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.$queryRawUnsafe<{ id: string; said: number | null }[]>(
    `SELECT s.id, (
      SELECT CASE WHEN c.configuration #>> '{human_supervision,enabled}' IS DISTINCT FROM 'false'
          AND c.configuration #>> '{human_supervision,async_execution,enabled}' IS DISTINCT FROM 'false'
        THEN (c.configuration #>> '{human_supervision,async_execution,queue_priority}')::int END
      FROM supervision_configurations c WHERE c.team_id = s.team_id ORDER BY c.version DESC LIMIT 1) AS said
    FROM sessions s WHERE s.id = ANY($1::text[])`,
    sessionIds,
  );
  return new Map(rows.map(({ id, said }) => [id, LAST - (said ?? DEFAULT)]));
}
