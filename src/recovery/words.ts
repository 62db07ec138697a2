import { personOf, type Viewer } from '../identity/viewer.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { TakenOut } from '../privacy/privacy.ts';
import type { RecoveryDeps } from './deps.ts';

/**
 * What somebody says of a recovery, without what is sensitive of it (behaviour 8.8). As it is where there is no such recovery:
 * the transaction refuses that, and writes none of it.
 */
export async function takeOut<Words extends JsonObject>(
  { prisma, privacy }: Pick<RecoveryDeps, 'prisma' | 'privacy'>,
  { actor }: Viewer,
  recoveryId: string,
  words: Words,
): Promise<TakenOut<Words>> {
  if (Object.values(words).every((word) => word === null)) return { words, kept: [] };
  const recovery = await prisma.recoverySession.findUnique({
    where: { id: recoveryId },
    select: { projectId: true },
  });
  if (recovery === null) return { words, kept: [] };
  return privacy.takeOut({ projectId: recovery.projectId, saidById: personOf(actor) }, words);
}
