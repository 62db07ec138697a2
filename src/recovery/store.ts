import type { Tx } from '../database/transact.ts';
import type { NewEvent } from '../events/append.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import { asJson } from '../sessions/aggregate.ts';
import { moveEvents } from './events.ts';
import type { Recovery } from './rules.ts';

/**
 * The recovery under its lock, for as long as the transaction lasts: whoever moves it reads it so. Locked behind the
 * project and behind its approvals, before whatever a step locks. Null: there is none.
 */
export async function lockRecovery(tx: Tx, id: string): Promise<Recovery | null> {
  await tx.$queryRaw`SELECT id FROM recovery_sessions WHERE id = ${id} FOR NO KEY UPDATE`;
  return tx.recoverySession.findUnique({
    where: { id },
    include: { steps: { orderBy: { position: 'asc' } } },
  });
}

/**
 * The recovery with its project locked too, in the order that everybody keeps: for what begins, ends or lifts something.
 * `stopId` is the stop in force.
 */
export async function lockWithProject(
  tx: Tx,
  id: string,
): Promise<{ recovery: Recovery; stopId: string | null } | null> {
  const [project] = await tx.$queryRaw<{ stopId: string | null }[]>`
    SELECT p.stop_id AS "stopId" FROM projects p
    WHERE p.id = (SELECT r.project_id FROM recovery_sessions r WHERE r.id = ${id}) FOR NO KEY UPDATE`;
  const recovery = project && (await lockRecovery(tx, id));
  return recovery ? { recovery, stopId: project.stopId } : null;
}

/**
 * Writes what differs; answers with its events, which the caller writes with its own. The row's lock is held, so the version
 * still stands.
 */
export async function writeMove(
  tx: Tx,
  { before, after, actor, now }: { before: Recovery; after: Recovery; actor: Actor; now: Date },
): Promise<NewEvent[]> {
  const { count } = await tx.recoverySession.updateMany({
    where: { id: before.id, version: before.version },
    data: { status: after.status, completedAt: after.completedAt, version: before.version + 1 },
  });
  if (count !== 1) throw new Error('a recovery was moved without its lock');
  for (const step of after.steps) {
    if (before.steps.includes(step)) continue;
    const { id, status, error } = step;
    const result = step.result === null ? Prisma.DbNull : (asJson(step.result) as Prisma.InputJsonValue);
    await tx.recoveryStep.update({ where: { id }, data: { status, error, result } });
  }
  return moveEvents(before, after, actor, now);
}

/** Puts these steps in the place of all that the plan had. */
export async function replaceSteps(tx: Tx, recoveryId: string, steps: Recovery['steps']): Promise<void> {
  await tx.recoveryStep.deleteMany({ where: { recoveryId } });
  await createSteps(tx, steps);
}

export async function createSteps(tx: Tx, steps: Recovery['steps']): Promise<void> {
  await tx.recoveryStep.createMany({
    data: steps.map((step) => ({
      ...step,
      parameters: step.parameters as Prisma.InputJsonValue,
      result: Prisma.DbNull,
    })),
  });
}
