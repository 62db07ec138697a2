import { fork } from 'node:child_process';
import { triggerStop } from '../src/emergency/trigger.ts';
import { systemActor } from '../src/identity/viewer.ts';
import { addSeconds } from '../src/kernel/clock.ts';
import { STALE_AFTER_SECONDS } from '../src/sessions/rules.ts';
import { percentiles, type Row } from './figures.ts';
import { type DatabaseKind, makeDatabase } from './server.ts';
import { type BenchWorker, instant, type Order, startWorker } from './stop-worker.ts';

const RUNNING = 1_000;
const ROUNDS = 10;

/**
 * From the call that stops a project to the abort of the last of its 1,000 running turns; beside it the transaction
 * alone, and the confirmation that all had halted. With two processes, half of the turns run in the other one.
 */
export async function measureStop(kind: DatabaseKind, processes: 1 | 2): Promise<Row[]> {
  const made = kind === 'postgres' ? await makeDatabase() : null;
  if (kind === 'postgres' && made === null) throw new Error('no PostgreSQL answers');
  const here = await startWorker(made?.url ?? null);
  const there = processes === 2 ? await startReplica(made!.url) : null;
  const figures = { last: [] as number[], committed: [] as number[], halted: [] as number[] };
  for (let round = 0; round < ROUNDS + 1; round++) {
    const { projectId, sessionIds } = await seed(here);
    const half = there === null ? RUNNING : RUNNING / 2;
    await Promise.all([here.drive(sessionIds.slice(0, half)), there?.drive(sessionIds.slice(half))]);
    const turns = async () => [await here.turns(), ...(there === null ? [] : [await there.turns()])];
    // Each process also looks for sessions that nobody has, and may be the first at one that is meant for the other.
    while (total((await turns()).map(({ begun }) => begun)) < RUNNING) await pause();
    const began = instant();
    await triggerStop(here.deps, {
      projectId,
      conditions: ['MANUAL_STOP'],
      severity: 'CRITICAL',
      reason: 'bench',
      actor: systemActor,
    });
    const committed = instant() - began;
    const { prisma } = here.deps.database;
    while ((await prisma.emergencyStop.findFirstOrThrow({ where: { projectId } })).haltedAt === null)
      await pause();
    const halted = instant() - began;
    const times = (await turns()).flatMap(({ aborted }) => aborted);
    if (times.length !== RUNNING) throw new Error(`${times.length} of ${RUNNING} turns were aborted`);
    // The first one warms up.
    if (round === 0) continue;
    figures.last.push(Math.max(...times) - began);
    figures.committed.push(committed);
    figures.halted.push(halted);
  }
  await there?.close();
  await here.close();
  await made?.drop();
  const where = processes === 2 ? ', half of them at another replica' : '';
  const row = (line: string, values: number[], target: number): Row => {
    const at = percentiles(values);
    return {
      line: `emergency stop → ${line}${where}`,
      database: kind,
      figure: `${at(50).toFixed(1)} ms`,
      target: `p99 < ${target} ms`,
      ratio: target / at(99),
      p50: at(50),
      p99: at(99),
    };
  };
  return [
    row(`last of ${RUNNING} running sessions aborted`, figures.last, 100),
    row(`answered, with ${RUNNING} sessions running`, figures.committed, 100),
    row(`all ${RUNNING} confirmed (haltedAt)`, figures.halted, 5_000),
  ];
}

async function seed({ deps }: BenchWorker): Promise<{ projectId: string; sessionIds: string[] }> {
  const { ids, clock } = deps;
  const { prisma } = deps.database;
  const createdAt = clock.now();
  const [projectId, teamId] = [ids.next('project'), ids.next('team')];
  await prisma.project.create({ data: { id: projectId, name: 'bench', createdAt } });
  await prisma.team.create({
    data: { id: teamId, projectId, name: 'bench', createdAt, queue: { create: {} } },
  });
  const sessionIds = Array.from({ length: RUNNING }, () => ids.next('session'));
  await prisma.session.createMany({
    data: sessionIds.map((id) => ({
      id,
      projectId,
      teamId,
      runner: 'waiting',
      status: 'ACTIVE' as const,
      initialMessage: 'go',
      context: {},
      staleAt: addSeconds(createdAt, STALE_AFTER_SECONDS),
      createdAt,
      lastActivity: createdAt,
    })),
  });
  return { projectId, sessionIds };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
const total = (numbers: number[]): number => numbers.reduce((sum, each) => sum + each, 0);

/** The same worker in a process of its own. */
async function startReplica(url: string): Promise<Pick<BenchWorker, 'drive' | 'turns' | 'close'>> {
  const child = fork(new URL('./stop-worker.ts', import.meta.url), [url]);
  const message = <T>() => new Promise<T>((resolve) => child.once('message', (value) => resolve(value as T)));
  await message();
  const ask = <T>(order: Order): Promise<T> => {
    const answer = message<T>();
    child.send(order);
    return answer;
  };
  return {
    drive: (sessionIds) => ask({ drive: sessionIds }),
    turns: () => ask('turns'),
    close: () =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
        child.send('close');
      }),
  };
}
