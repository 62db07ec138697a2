import type { PrismaClient } from '../generated/prisma/client.ts';
import { systemActor } from '../identity/viewer.ts';
import type { RecoveryDeps } from './deps.ts';
import { awaitsWorker, currentStep } from './rules.ts';
import { runStep } from './run-step.ts';

/**
 * What a worker does for a recovery: runs the step that was approved, or that was begun by somebody who is gone. Re-reads,
 * and returns quietly where the world has moved on; of two workers at once, one runs it.
 */
export async function proceed(
  deps: RecoveryDeps & { database: { prisma: PrismaClient } },
  recoveryId: string,
): Promise<void> {
  const recovery = await deps.database.prisma.recoverySession.findUnique({
    where: { id: recoveryId },
    include: { steps: { orderBy: { position: 'asc' } } },
  });
  if (recovery === null || !awaitsWorker(recovery)) return;
  await runStep(deps, recoveryId, currentStep(recovery)!.id, { actor: systemActor, note: null });
}

/** The same question as `awaitsWorker`, of all recoveries: the few that are open are looked through. */
export async function findUnfinished(prisma: PrismaClient): Promise<string[]> {
  const rows = await prisma.$queryRaw<{ id: string }[]>`
    SELECT DISTINCT r.id FROM recovery_sessions r JOIN recovery_steps s ON s.recovery_id = r.id
    WHERE r.status = 'IN_PROGRESS'
      AND (s.status = 'RUNNING' OR (s.status = 'APPROVED' AND r.recovery_type = 'AUTOMATED'))`;
  return rows.map(({ id }) => id);
}
