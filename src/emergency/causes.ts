import type { Tx } from '../database/transact.ts';
import type { StopSignal } from '../generated/prisma/client.ts';
import type { TaskStatus } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import { COUNTED_TASKS, errorRateIsHigh } from './conditions.ts';
import type { Cause } from './rules.ts';

type Client = Pick<Tx, '$queryRaw' | 'stopSignal'>;
type Since = { projectId: string; liftedAt: Date | null };

/** Takes a project's signals away, and answers with what they come to. */
export async function causesOf(tx: Client, since: Since): Promise<Cause[]> {
  const { projectId } = since;
  const signals = await tx.stopSignal.findMany({ where: { projectId }, orderBy: { sequence: 'asc' } });
  if (signals.length === 0) return [];
  await tx.stopSignal.deleteMany({ where: { sequence: { in: signals.map(({ sequence }) => sequence) } } });
  const counted = signals.some(isReasonToCount) ? await errorRate(tx, since) : false;
  return signals.filter((signal) => counted || !isReasonToCount(signal)).map(toCause);
}

/** A signal that is only a reason to count; every other says that its condition was met. */
export const isReasonToCount = ({ condition }: StopSignal): boolean => condition === 'ERROR_RATE_HIGH';

const toCause = ({ condition, severity, reason, actor }: StopSignal): Cause => ({
  conditions: [condition],
  severity,
  reason,
  actor: actor as Actor,
});

/** Whether too many tasks have failed since the last lift (behaviour 7.1). Reads the ten rows that it counts. */
export async function errorRate(client: Client, { projectId, liftedAt }: Since): Promise<boolean> {
  const rows = await client.$queryRaw<{ status: TaskStatus }[]>`
    SELECT status::text AS status FROM tasks
    WHERE project_id = ${projectId} AND finished_at IS NOT NULL
      AND finished_at > coalesce(${liftedAt}::timestamptz, '-infinity')
    ORDER BY finished_at DESC, id DESC LIMIT ${COUNTED_TASKS}`;
  return errorRateIsHigh(rows.map(({ status }) => status));
}
