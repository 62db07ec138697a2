import { beforeEach, expect, it } from 'vitest';
import { onPostgres } from '../support/database.ts';
import { withRecovery } from './house.ts';

const { scene, fresh, clock, session, task } = withRecovery();
beforeEach(fresh);

const MANY = 5_000;

// A transaction has ten seconds. A lift whose time grew with the square of what it lifts could never come to its end.
it.runIf(onPostgres)(
  'brings thousands of sessions and tasks back in the one transaction that a lift is (7.7)',
  { timeout: 120_000 },
  async () => {
    const { prisma, ids } = scene.house.deps;
    const row = await prisma.session.findUniqueOrThrow({ where: { id: await scene.act.start() } });
    const { result: _, runnerState: __, haltedFrom: ___, ...plain } = row;
    const sessions = Array.from({ length: MANY }, () => ({ ...plain, id: ids.next('session'), context: {} }));
    const now = clock().now();
    const tasks = sessions.map(({ id }) => ({
      id: ids.next('task'),
      sessionId: id,
      projectId: row.projectId,
      agentName: 'ada',
      agentType: 'CUSTOM' as const,
      instructions: 'do',
      status: 'RUNNING' as const,
      createdAt: now,
      updatedAt: now,
    }));
    for (let at = 0; at < MANY; at += 1_000) {
      await prisma.session.createMany({ data: sessions.slice(at, at + 1_000) });
      await prisma.task.createMany({ data: tasks.slice(at, at + 1_000) });
    }
    await scene.recover.stop();
    const [given, kept] = [tasks[0]!, tasks.at(-1)!];
    const id = await scene.recover.begun('GUIDED', { tasks: { [given.id]: 'ABANDON' } });
    await scene.recover.finish(id);
    expect((await scene.recover.read(id)).status).toBe('COMPLETED');
    expect((await task(given.id)).status).toBe('CANCELLED');
    expect((await task(kept.id)).status).toBe('RUNNING');
    expect((await session(kept.sessionId)).status).toBe('ACTIVE');
    const { projectId } = row;
    expect(await prisma.task.count({ where: { projectId, status: 'RUNNING' } })).toBe(MANY - 1);
  },
);
