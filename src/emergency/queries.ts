import type { EmergencyStop, PrismaClient, Session, Task } from '../generated/prisma/client.ts';
import { queryWithin } from '../database/query.ts';
import type { Listing, Page } from '../graphql/connection.ts';
import { equals, listNewestFirst } from '../graphql/list.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';

const columns = {
  id: 'text',
  projectId: 'text',
  triggeredConditions: 'stop_condition[]',
  stopReason: 'text',
  severity: 'severity',
  triggeredBy: 'jsonb',
  createdAt: 'timestamptz',
  haltedAt: 'timestamptz',
  resolvedAt: 'timestamptz',
} satisfies { [Field in keyof EmergencyStop]: string };

/** A project's stops, newest first. */
export const listStops = (
  prisma: PrismaClient,
  projectId: string,
  page: Page,
): Promise<Listing<EmergencyStop>> =>
  listNewestFirst(
    // Through Prisma, which reads a list of an enum; the drivers give its text.
    queryWithin(prisma),
    { name: 'emergency_stops', prefix: 'stop', columns },
    equals('project_id', projectId),
    page,
  );

export async function findStop(
  prisma: PrismaClient,
  viewer: Viewer,
  id: string,
): Promise<EmergencyStop | null> {
  const stop = await prisma.emergencyStop.findUnique({ where: { id } });
  return stop && inScope(viewer, stop.projectId) ? stop : null;
}

/** Null where the viewer sees no such project; `stop` null where none is in force. */
export async function readStatus(
  prisma: PrismaClient,
  viewer: Viewer,
  projectId: string,
): Promise<{ projectId: string; stop: EmergencyStop | null } | null> {
  if (!inScope(viewer, projectId)) return null;
  const project = await prisma.project.findUnique({ where: { id: projectId }, select: { stopId: true } });
  if (project === null) return null;
  const { stopId } = project;
  return {
    projectId,
    stop: (stopId && (await prisma.emergencyStop.findUniqueOrThrow({ where: { id: stopId } }))) || null,
  };
}

/** What is shown of what a stop halted, at most. */
export const MOST_SHOWN = 1_000;

export async function sessionsOfStop(prisma: PrismaClient, stopId: string): Promise<Session[]> {
  const stopped = await prisma.stoppedSession.findMany({
    where: { stopId },
    orderBy: { sessionId: 'asc' },
    take: MOST_SHOWN,
    select: { sessionId: true },
  });
  const ids = stopped.map(({ sessionId }) => sessionId);
  return prisma.session.findMany({ where: { id: { in: ids } }, orderBy: { id: 'asc' } });
}

export async function tasksOfStop(prisma: PrismaClient, stopId: string): Promise<Task[]> {
  const stopped = await prisma.stoppedTask.findMany({
    where: { stopId },
    orderBy: { taskId: 'asc' },
    take: MOST_SHOWN,
    select: { taskId: true },
  });
  const ids = stopped.map(({ taskId }) => taskId);
  return prisma.task.findMany({ where: { id: { in: ids } }, orderBy: { id: 'asc' } });
}
