import type { PrismaClient } from '../generated/prisma/client.ts';
import { type Aggregate, type LoadedSession, toAggregate } from './aggregate.ts';
import type { Command } from './change.ts';
import { loadStatement } from './statement.ts';

/** What a batch of commands is about, by whichever id a command names. */
export interface Loaded {
  bySession: Map<string, Aggregate>;
  byIntervention: Map<string, Aggregate>;
  byTask: Map<string, Aggregate>;
}

export function find(loaded: Loaded, { sessionId, interventionId, taskId }: Command): Aggregate | null {
  if (interventionId !== undefined) return loaded.byIntervention.get(interventionId) ?? null;
  if (taskId !== undefined) return loaded.byTask.get(taskId) ?? null;
  return sessionId === undefined ? null : (loaded.bySession.get(sessionId) ?? null);
}

export async function load(prisma: PrismaClient, commands: readonly Command[]): Promise<Loaded> {
  const loaded: Loaded = { bySession: new Map(), byIntervention: new Map(), byTask: new Map() };
  const wanted = commands
    .map(({ sessionId, interventionId, taskId, undeliveredTo }) => ({ sessionId, interventionId, taskId, undeliveredTo }))
    .filter(({ sessionId, interventionId, taskId }) => (sessionId ?? interventionId ?? taskId) !== undefined);
  if (wanted.length === 0) return loaded;
  const statement = loadStatement({
    byId: wanted.some(({ interventionId, taskId }) => (interventionId ?? taskId) !== undefined),
    undelivered: wanted.some(({ undeliveredTo }) => undeliveredTo !== undefined),
  });
  for (const row of await prisma.$queryRawUnsafe<LoadedSession[]>(statement, JSON.stringify(wanted))) {
    const aggregate = toAggregate(row);
    loaded.bySession.set(aggregate.session.id, aggregate);
    for (const { id } of aggregate.interventions) loaded.byIntervention.set(id, aggregate);
    for (const { id } of aggregate.tasks) loaded.byTask.set(id, aggregate);
  }
  return loaded;
}
