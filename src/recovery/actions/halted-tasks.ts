import type { Tx } from '../../database/transact.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Doing } from './action.ts';

// What becomes of halted tasks is settled here and happens with the lift: beneath the stop nothing is begun or ended, and
// so whatever comes in between can't leave a task half way. What its owner has ended meanwhile is named, and left alone.

/** Which of the step's tasks are still halted. */
export async function stillHalted(tx: Tx, { recovery, step }: Doing): Promise<JsonObject> {
  const ids = (step.parameters as { tasks: { id: string }[] }).tasks.map(({ id }) => id);
  const rows = await tx.$queryRaw<{ id: string; status: string }[]>`
    SELECT t.id, t.status::text AS status FROM stopped_tasks h JOIN tasks t ON t.id = h.task_id
    WHERE h.stop_id = ${recovery.stopId} AND h.task_id = ANY(${ids}::text[]) ORDER BY t.id`;
  const halted = rows.filter(({ status }) => status === 'HALTED');
  const ended = rows.filter(({ status }) => status !== 'HALTED');
  return { tasks: halted.length, taskIds: halted.map(({ id }) => id), endedMeanwhile: ended };
}
