import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Approval, Intervention } from '../../src/generated/prisma/client.ts';
import { DomainError } from '../../src/kernel/errors.ts';
import { cancelSession, completeSession, failSession } from '../../src/sessions/end.ts';
import { reportExecutionEvent } from '../../src/sessions/report.ts';
import { isLive } from '../../src/sessions/rules.ts';
import { createTask, finishTask } from '../../src/sessions/tasks.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { expectInvariants, type House, openHouse, seedTeam, type Team, verbs } from '../support/house.ts';
import { approval, stopper } from './scene.ts';

// Histories drawn at random, one thing after the other and all at once from two processes. Two things must hold whatever
// happens: a project is stopped as a whole or not at all, and what is granted is granted while it is not; and a stop
// takes nothing of anybody's time.

const database = withDatabase({ poolSize: 8 });
let houses: [House, House];

beforeAll(async () => {
  const { clock } = database();
  houses = [
    openHouse(database(), clock),
    openHouse(onPostgres ? await database().replica() : database(), clock),
  ];
});

const granting = [
  'start',
  'start inside',
  'ask',
  'approve',
  'escalate',
  'task',
  'finish',
  'fail task',
  'resume',
  'complete',
] as const;
const others = [
  'reject',
  'cancel',
  'report',
  'exhaust',
  'fail',
  'give up',
  'call',
  'granted call',
  'override',
  'sweep',
] as const;
const command = fc.record({
  kind: fc.constantFrom(...granting, ...others, 'stop', 'stop', 'lift', 'lift', 'abandon'),
  which: fc.nat(5),
  wait: fc.constantFrom(0, 0, 0, 1.001, 30, 400, 90_000),
});
type Drawn = typeof command extends fc.Arbitrary<infer T> ? T : never;

interface Scene {
  team: Team;
  projectId: string;
  sessions: string[];
  asked: string[];
  tasks: string[];
}

async function scene(): Promise<Scene> {
  const team = await seedTeam(houses[0]);
  const { start } = verbs(houses[0], team);
  return { team, projectId: team.projectId, sessions: [await start(), await start()], asked: [], tasks: [] };
}

const inForce = async ({ projectId }: Scene): Promise<string | null> =>
  (await database().prisma.project.findUniqueOrThrow({ where: { id: projectId } })).stopId;

/** Runs a command in one of the processes. A refusal is an answer like any other; any other error fails. */
async function run(
  at: number,
  stage: Scene,
  { kind, which }: Drawn,
): Promise<'granted' | 'refused' | 'halt'> {
  const { team, sessions, asked, tasks } = stage;
  const house = houses[at % 2]!;
  const { deps } = house;
  const act = verbs(house, team);
  const pick = (list: string[], none: string) => list[which % Math.max(list.length, 1)] ?? none;
  const [sessionId, id] = [pick(sessions, 'session_none'), pick(asked, 'intervention_none')];
  const { stop, lift } = stopper(house, team);
  const report = (metrics: Record<string, number>) =>
    reportExecutionEvent(deps, team.agent, { sessionId, agentName: 'ada', type: 'step', metrics });
  const finish = (status: 'FAILED' | 'COMPLETED') =>
    finishTask(deps, team.agent, { taskId: pick(tasks, 'task_none'), status, result: null });
  const steps: Record<Drawn['kind'], () => Promise<unknown>> = {
    start: async () => sessions.push(await act.start()),
    'start inside': async () => sessions.push(await act.start({ runner: 'inside' })),
    ask: async () => asked.push(await act.ask(sessionId, { timeout: 60 + which, autoContinue: which === 0 })),
    approve: () => act.resolve(id, {}, team.admin),
    escalate: () => act.escalate(id, {}, team.admin),
    task: async () => {
      const made = await createTask(deps, team.agent, { sessionId, agentName: 'ada', instructions: 'do' });
      tasks.push(made.reply.taskId);
    },
    finish: () => finish('COMPLETED'),
    'fail task': () => finish('FAILED'),
    resume: () => act.resume(sessionId, {}, team.admin),
    complete: () => completeSession(deps, team.agent, sessionId, null),
    reject: () => act.resolve(id, { resolutionType: 'REJECT' }, team.admin),
    cancel: () => act.cancel(id),
    report: () => report({}),
    exhaust: () => report({ resource_usage: 97 }),
    fail: () => failSession(deps, team.agent, sessionId, 'broken'),
    'give up': () => cancelSession(deps, team.agent, sessionId, null),
    call: () => asking(stage, house, { sessionId }),
    'granted call': () => asking(stage, house, { sessionId, status: 'APPROVED' }),
    override: () =>
      asking(stage, house, { kind: 'BUDGET_OVERRIDE', teamId: null, open: false, warned: which === 0 }),
    sweep: () => act.sweep(id),
    stop: () => stop({ severity: which === 0 ? 'LOW' : 'HIGH' }),
    lift: async () => lift((await inForce(stage)) ?? 'stop_none'),
    abandon: async () =>
      lift((await inForce(stage)) ?? 'stop_none', { sessionIds: [sessionId], taskIds: tasks.slice(which) }),
  };
  try {
    const result = await steps[kind]();
    return (result as { reply?: { directive?: string } } | undefined)?.reply?.directive === 'HALT'
      ? 'halt'
      : 'granted';
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return 'refused';
  }
}

/** What approvals/ refuses in a stopped project, and what an ended session asks for, is not drawn here. */
async function asking(stage: Scene, house: House, more: Partial<Approval>): Promise<void> {
  if ((await inForce(stage)) !== null) return;
  const found =
    more.sessionId && (await database().prisma.session.findUnique({ where: { id: more.sessionId } }));
  if (more.sessionId && (!found || !isLive(found.status))) return;
  await approval(house, stage.team, more);
}

async function rowsOf({ projectId }: Scene) {
  const { prisma } = database();
  const where = { where: { projectId } };
  return {
    project: await prisma.project.findUniqueOrThrow({ where: { id: projectId } }),
    sessions: await prisma.session.findMany(where),
    tasks: await prisma.task.findMany(where),
    interventions: await prisma.intervention.findMany({ where: { projectId, status: 'PENDING' } }),
    approved: await prisma.intervention.findMany({ where: { projectId, resolution: 'APPROVED' } }),
    approvals: await prisma.approval.findMany(where),
    stops: await prisma.emergencyStop.findMany(where),
    budget: await prisma.budget.findUniqueOrThrow(where),
  };
}
type Rows = Awaited<ReturnType<typeof rowsOf>>;

const pendingOf = ({ approvals }: Rows) => approvals.filter(({ status }) => status === 'PENDING');

/** Stopped as a whole, or not at all. */
function expectWhole(rows: Rows): void {
  const { project, sessions, tasks, interventions, approvals, stops } = rows;
  const stopped = project.stopId !== null;
  expect(stops.filter(({ resolvedAt }) => resolvedAt === null).map(({ id }) => id)).toEqual(
    stopped ? [project.stopId] : [],
  );
  expect(rows.budget.emergencyStopTriggered).toBe(stopped);
  const status = new Map(sessions.map((session) => [session.id, session.status]));
  for (const each of status.values()) expect(stopped ? isLive(each) : each === 'HALTED').toBe(false);
  for (const item of [...interventions, ...pendingOf(rows)])
    expect([item.frozenAt !== null, item.dueAt === null]).toEqual([stopped, stopped]);
  for (const task of tasks) {
    if (!stopped) expect([task.status === 'HALTED', task.haltedFrom]).toEqual([false, null]);
    else if (status.get(task.sessionId) === 'HALTED') expect(task.status).not.toBe('RUNNING');
  }
  const unstarted = approvals.filter(
    (each) => each.status === 'APPROVED' && each.startedAt === null && each.open,
  );
  if (stopped) expect(unstarted).toEqual([]);
}

/** Each that was held and goes on has exactly as much time left as when it was frozen. */
function expectTimeKept(before: Rows, after: Rows): void {
  const now = database().clock.now().getTime();
  const later = (was: Intervention | Approval) => {
    const held = now - was.frozenAt!.getTime();
    const is = [...after.interventions, ...pendingOf(after)].find(({ id }) => id === was.id);
    if (is === undefined) return;
    expect(is.expiresAt!.getTime() - was.expiresAt!.getTime()).toBe(held);
    expect(is.frozenMs - was.frozenMs).toBe(held);
    const warning = 'warned' in is && !is.warned ? 360_000 : 0;
    expect(is.expiresAt!.getTime() - is.dueAt!.getTime()).toBe(warning);
  };
  for (const was of [...before.interventions, ...pendingOf(before)]) later(was);
}

const bounds: fc.Parameters<unknown> = {
  interruptAfterTimeLimit: 10_000,
  markInterruptAsFailure: false,
  numRuns: 40,
  endOnFailure: true,
};

describe('behaviour 7.2, 7.7: whatever happens', () => {
  it('one thing after the other: nothing is granted while it is stopped, and no time is lost by it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 40 }), async (commands) => {
        const stage = await scene();
        for (const [at, drawn] of commands.entries()) {
          database().clock.advance(drawn.wait);
          const before = await rowsOf(stage);
          const result = await run(at, stage, drawn);
          const after = await rowsOf(stage);
          expectWhole(after);
          const stopped = before.project.stopId !== null;
          if (stopped && (granting as readonly string[]).includes(drawn.kind)) {
            expect([drawn.kind, result]).toEqual([
              drawn.kind,
              saidBefore(before, drawn, stage) ? result : 'refused',
            ]);
          }
          if (stopped && after.project.stopId === null) expectTimeKept(before, after);
          if (drawn.kind === 'stop') expect(after.project.stopId).not.toBeNull();
          if (result === 'halt') expect(after.project.stopId).not.toBeNull();
        }
        await expectInvariants(houses[0]);
      }),
      bounds,
    );
  });

  it('all at once, from two processes: it is stopped as a whole or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 12, maxLength: 40 }), async (commands) => {
        const stage = await scene();
        for (let at = 0; at < commands.length; at += 8) {
          const together = commands
            .slice(at, at + 8)
            .filter(({ kind }) => !['call', 'granted call', 'override'].includes(kind));
          database().clock.advance(Math.max(0, ...together.map(({ wait }) => wait)));
          await Promise.all(together.map((drawn, offset) => run(at + offset, stage, drawn)));
          expectWhole(await rowsOf(stage));
        }
        await expectInvariants(houses[0]);
      }),
      bounds,
    );
  });
});

/** The one thing that a stopped project grants: to say once more what has been said. */
function saidBefore({ tasks, approved }: Rows, { kind, which }: Drawn, stage: Scene): boolean {
  const picked = (list: string[]) => list[which % Math.max(list.length, 1)];
  if (kind === 'approve') return approved.some(({ id }) => id === picked(stage.asked));
  if (kind !== 'finish' && kind !== 'fail task') return false;
  const id = picked(stage.tasks);
  return ['COMPLETED', 'FAILED'].includes(tasks.find((task) => task.id === id)?.status ?? '');
}
