import type { PrismaClient, RecoverySession, RecoveryStep } from '../generated/prisma/client.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';

/** Null where the viewer sees no such recovery. */
export async function findRecovery(
  prisma: PrismaClient,
  viewer: Viewer,
  id: string,
): Promise<RecoverySession | null> {
  const recovery = await prisma.recoverySession.findUnique({ where: { id } });
  return recovery && inScope(viewer, recovery.projectId) ? recovery : null;
}

/** The stop's last recovery, open or over. */
export const lastRecoveryOf = (prisma: PrismaClient, stopId: string): Promise<RecoverySession | null> =>
  prisma.recoverySession.findFirst({ where: { stopId }, orderBy: { id: 'desc' } });

export const readSteps = (prisma: PrismaClient, recoveryId: string): Promise<RecoveryStep[]> =>
  prisma.recoveryStep.findMany({ where: { recoveryId }, orderBy: { position: 'asc' } });
