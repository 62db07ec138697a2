import { transact } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { systemActor } from '../identity/viewer.ts';
import { announceStop } from './announce.ts';
import type { StopDeps } from './deps.ts';
import { eventOf, ofStop } from './stop-events.ts';

type Client = Pick<PrismaClient, '$queryRaw'>;

/** Stops whose last running agent has confirmed, and nobody has written it down yet. */
export async function findConfirmed(client: Client, now: Date): Promise<string[]> {
  const rows = await client.$queryRaw<{ projectId: string }[]>`
    SELECT e.project_id AS "projectId" FROM emergency_stops e
    WHERE e.halted_at IS NULL AND e.resolved_at IS NULL AND NOT EXISTS (
      SELECT FROM stopped_sessions x JOIN session_drives d ON d.session_id = x.session_id
      WHERE x.stop_id = e.id AND d.held_until > ${now}::timestamptz)`;
  return rows.map(({ projectId }) => projectId);
}

/** How many of a stop's sessions a worker still holds. */
export async function countRunning(client: Client, stopId: string, now: Date): Promise<number> {
  const [row] = await client.$queryRaw<[{ count: number }]>`
    SELECT count(*)::int AS count FROM stopped_sessions x JOIN session_drives d ON d.session_id = x.session_id
    WHERE x.stop_id = ${stopId} AND d.held_until > ${now}::timestamptz`;
  return row.count;
}

/**
 * Writes down that the last running agent of a stop has halted, where that is so (behaviour 7.3): its worker has let the
 * session go, or has been silent for as long as a lease lasts. Whoever lets go last finds no other, so one does; of two
 * at once, one writes.
 */
export async function confirmHalt(deps: StopDeps, projectId: string): Promise<void> {
  if (!(await findConfirmed(deps.database.prisma, deps.clock.now())).includes(projectId)) return;
  const told = await transact(deps.database, 'confirm a halt', async (tx) => {
    const now = deps.clock.now();
    const [stop] = await tx.$queryRaw<{ id: string }[]>`
      UPDATE emergency_stops SET halted_at = ${now}::timestamptz
      WHERE project_id = ${projectId} AND halted_at IS NULL AND resolved_at IS NULL RETURNING id`;
    if (stop === undefined) return null;
    const about = { projectId, actor: systemActor, now };
    const event = eventOf(about, 'emergency_stop_halted', ofStop(stop.id), { at: now.toISOString() });
    return { stopId: stop.id, eventIds: await appendEvents(tx, deps.ids, [event]) };
  });
  if (told === null) return;
  const nothing = { sessions: [], interventions: [], approvals: [], budget: false, halts: false };
  announceStop(deps, { ...nothing, projectId, ...told });
}
