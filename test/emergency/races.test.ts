import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { moveMoney } from '../../src/budgets/move-money.ts';
import type { Database } from '../../src/database/open.ts';
import type { AttributedMove } from '../../src/budgets/moves.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { DomainError } from '../../src/kernel/errors.ts';
import type { Aggregate } from '../../src/sessions/aggregate.ts';
import { appendConversationTurn } from '../../src/sessions/append-turn.ts';
import { completeSession } from '../../src/sessions/end.ts';
import { begin, putApproval, toChange } from '../../src/sessions/draft.ts';
import { reportExecutionEvent } from '../../src/sessions/report.ts';
import { projectStopped } from '../../src/sessions/rules.ts';
import { createTask, finishTask } from '../../src/sessions/tasks.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import {
  expectInvariants,
  heldBeforeWriting,
  type House,
  openHouse,
  seedTeam,
  type Team,
  verbs,
} from '../support/house.ts';
import { until } from '../support/until.ts';
import { approval, stopper } from './scene.ts';

const database = withDatabase({ poolSize: 8 });
/** Two processes where the database is a server. */
let databases: [Database, Database];
let houses: [House, House];
let team: Team;

beforeAll(async () => {
  databases = [database(), onPostgres ? await database().replica() : database()];
  houses = [openHouse(databases[0], database().clock), openHouse(databases[1], database().clock)];
});
beforeEach(async () => {
  team = await seedTeam(houses[0]);
});

const prisma = () => database().prisma;
const session = (id: string) => prisma().session.findUniqueOrThrow({ where: { id } });

interface Ground {
  live: string;
  question: string;
  taskId: string;
  /** A session that timed out, and can be revived. */
  over: string;
  call: string;
}

async function ground(): Promise<Ground> {
  const act = verbs(houses[0], team);
  const over = await act.start();
  const lost = await act.ask(over, { timeout: 1 });
  database().clock.advance(100_000);
  await act.sweep(lost);
  const live = await act.start();
  const question = await act.ask(live, { options: [{ id: 'a', label: 'A', description: '', value: 'a' }] });
  const task = async () =>
    (await createTask(houses[0].deps, team.agent, { sessionId: live, agentName: 'ada', instructions: 'do' }))
      .reply.taskId;
  const call = await approval(houses[0], team, { sessionId: live, taskId: await task() });
  return { live, question, taskId: await task(), over, call };
}

/** Grants an approval, or begins its call, as approvals/ does: through the session, on what was read. */
const grant =
  (started: boolean) =>
  (house: House, { call }: Ground): Promise<unknown> =>
    house.deps.changeSession({
      approvalId: call,
      decide(aggregate: Aggregate | null, now) {
        if (aggregate!.stopId !== null) return { refusal: [projectStopped] };
        const draft = begin(aggregate!);
        const asked = draft.approvals.find(({ id }) => id === call)!;
        putApproval(draft, { ...asked, status: 'APPROVED', startedAt: started ? now : null });
        return { change: toChange(aggregate!, draft, team.operator.actor, now), reply: null };
      },
    });

type Attempt = (house: House, ground: Ground) => Promise<unknown>;
const turn = { agentName: 'ada', input: '', response: '' };
const attempts: Record<string, Attempt> = {
  'an ask': (house, { live }) => verbs(house, team).ask(live),
  'an answer': (house, { question }) => verbs(house, team).resolve(question),
  'an option': (house, { question }) => verbs(house, team).select(question, { optionId: 'a' }),
  'an escalation': (house, { question }) => verbs(house, team).escalate(question),
  'a turn': (house, { live }) => appendConversationTurn(house.deps, team.agent, live, turn),
  'a new task': (house, { live }) =>
    createTask(house.deps, team.agent, { sessionId: live, agentName: 'ada', instructions: 'do' }),
  'a task that ends': (house, { taskId }) =>
    finishTask(house.deps, team.agent, { taskId, status: 'COMPLETED', result: null }),
  'a new session': (house) => verbs(house, team).start(),
  'a new session inside': (house) => verbs(house, team).start({ runner: 'inside' }),
  'a revival': (house, { over }) => verbs(house, team).resume(over, {}, team.admin),
  'a vote': grant(false),
  'the start of a call': grant(true),
};

const codeOf = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
    return 'granted';
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
};

/** A house whose transactions are held before they commit, and say when they have come so far. */
function heldBeforeCommit(on: Database): { house: House; reached: Promise<void>; release: () => void } {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const held = new Proxy(on.prisma, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== '$transaction')
        return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
      return (work: (tx: unknown) => Promise<unknown>, limits: object) =>
        target.$transaction(async (tx) => {
          const result = await work(tx);
          reached.resolve();
          await released.promise;
          return result;
        }, limits);
    },
  });
  return {
    house: openHouse({ ...on, prisma: held }, database().clock),
    reached: reached.promise,
    release: released.resolve,
  };
}

/** Somebody waits for somebody else's lock. */
const somebodyWaits = () =>
  until('a lock to be waited for', async () => {
    const [{ count }] = await prisma().$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    return count > 0;
  });

describe('behaviour 7.2: a stop against', () => {
  it.each(Object.keys(attempts))('%s that had read before it: refused, and nothing written', async (name) => {
    const stage = await ground();
    const stopped = Promise.withResolvers<string>();
    const late = openHouse(
      heldBeforeWriting(databases[1], async (writes) => {
        if (writes === 0) stopped.resolve((await stopper(houses[0], team).stop()).id);
      }),
      database().clock,
    );
    expect(await codeOf(attempts[name]!(late, stage))).toBe('EMERGENCY_STOPPED');
    const stopId = await stopped.promise;
    const sessions = await prisma().session.findMany({ where: { projectId: team.projectId } });
    expect(sessions.map(({ id, status }) => [id, status]).sort()).toEqual(
      [
        [stage.live, 'HALTED'],
        [stage.over, 'TIMEOUT'],
      ].sort(),
    );
    const call = await prisma().approval.findUniqueOrThrow({ where: { id: stage.call } });
    expect(call).toMatchObject({ status: 'PENDING', startedAt: null });
    expect(call.frozenAt).not.toBeNull();
    const after = await prisma().unsealedEvent.findMany({
      where: { projectId: team.projectId },
      orderBy: { sequence: 'desc' },
      take: 1,
    });
    expect(after).toMatchObject([{ type: 'emergency_stop_halted', subjectId: stopId }]);
    await expectInvariants(houses[0]);
  });

  it.runIf(onPostgres).each(Object.keys(attempts))(
    '%s that comes while it has written and not committed: waits, and is refused',
    async (name) => {
      const stage = await ground();
      const { house, reached, release } = heldBeforeCommit(databases[0]);
      const stopping = stopper(house, team).stop();
      await reached;
      const attempt = codeOf(attempts[name]!(houses[1], stage));
      await somebodyWaits();
      release();
      await stopping;
      expect(await attempt).toBe('EMERGENCY_STOPPED');
      await expectInvariants(houses[0]);
    },
  );

  it('a report that had read before it: HALT', async () => {
    const stage = await ground();
    const late = openHouse(
      heldBeforeWriting(databases[1], async (writes) => {
        if (writes === 0) await stopper(houses[0], team).stop();
      }),
      database().clock,
    );
    const report = { sessionId: stage.live, agentName: 'ada', type: 'step' };
    expect((await reportExecutionEvent(late.deps, team.agent, report)).reply).toEqual({
      directive: 'HALT',
      interventionId: null,
    });
  });

  it('a rejection that had read before it: it goes through, beneath the stop', async () => {
    const stage = await ground();
    const late = openHouse(
      heldBeforeWriting(databases[1], async (writes) => {
        if (writes === 0) await stopper(houses[0], team).stop();
      }),
      database().clock,
    );
    await verbs(late, team).resolve(stage.question, { resolutionType: 'REJECT' });
    expect(await session(stage.live)).toMatchObject({ status: 'HALTED', haltedFrom: 'ACTIVE' });
    await expectInvariants(houses[0]);
  });

  it('the end of a session that had read before it: EMERGENCY_STOPPED', async () => {
    const sessionId = await verbs(houses[0], team).start();
    const late = openHouse(
      heldBeforeWriting(databases[1], async (writes) => {
        if (writes === 0) await stopper(houses[0], team).stop();
      }),
      database().clock,
    );
    expect(await codeOf(completeSession(late.deps, team.agent, sessionId, null))).toBe('EMERGENCY_STOPPED');
    expect((await session(sessionId)).status).toBe('HALTED');
  });

  it.runIf(onPostgres)('a session that is being started: the stop waits for it, and halts it', async () => {
    const { house, reached, release } = heldBeforeCommit(databases[1]);
    const starting = verbs(house, team).start({ runner: 'inside' });
    await reached;
    const stopping = stopper(houses[0], team).stop();
    await somebodyWaits();
    release();
    await stopping;
    expect((await session(await starting)).status).toBe('HALTED');
  });

  it.runIf(onPostgres)(
    'a reservation: one that was first is held, one that comes later is refused',
    async () => {
      const now = database().clock.now();
      const hold = (): AttributedMove => ({
        kind: 'hold',
        projectId: team.projectId,
        reservationId: houses[0].deps.ids.next('reservation'),
        tokens: 10,
        cost: 5n,
        approvalId: null,
        actor: team.agent.actor,
        teamId: null,
        sessionId: null,
        createdAt: now,
        expiresAt: addSeconds(now, 600),
      });
      const held = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const first = databases[1].prisma.$transaction(async (tx) => {
        const fits = await moveMoney(tx, houses[1].deps.ids, [hold()], now);
        held.resolve();
        await release.promise;
        return fits !== null;
      });
      await held.promise;
      const stopping = stopper(houses[0], team).stop();
      await somebodyWaits();
      const second = databases[1].prisma.$transaction((tx) =>
        moveMoney(tx, houses[1].deps.ids, [hold()], now),
      );
      release.resolve();
      await stopping;
      expect(await first).toBe(true);
      // It stood behind the stop in the line for the budget's row, or before it: either way it is whole.
      const late = (await second) !== null;
      const stands = await prisma().budget.findUniqueOrThrow({ where: { projectId: team.projectId } });
      expect(stands).toMatchObject({ emergencyStopTriggered: true, tokensReserved: late ? 20n : 10n });
      expect(
        await databases[1].prisma.$transaction((tx) => moveMoney(tx, houses[1].deps.ids, [hold()], now)),
      ).toBeNull();
    },
  );

  it.runIf(onPostgres)(
    "a budget override that has the project's row: it is granted, and the stop comes after it",
    async () => {
      const id = await approval(houses[0], team, { kind: 'BUDGET_OVERRIDE', teamId: null, open: false });
      const locked = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const deciding = databases[1].prisma.$transaction(async (tx) => {
        const [row] = await tx.$queryRaw<{ stopId: string | null }[]>`
        SELECT stop_id AS "stopId" FROM projects WHERE id = ${team.projectId} FOR SHARE`;
        locked.resolve();
        await release.promise;
        expect(row!.stopId).toBeNull();
        return tx.approval.updateMany({
          where: { id, version: 0 },
          data: { status: 'APPROVED', version: 1 },
        });
      });
      await locked.promise;
      const stopping = stopper(houses[0], team).stop();
      await somebodyWaits();
      release.resolve();
      expect((await deciding).count).toBe(1);
      await stopping;
      expect(await prisma().approval.findUniqueOrThrow({ where: { id } })).toMatchObject({
        status: 'APPROVED',
        frozenAt: null,
      });
    },
  );

  it('twenty others, from two processes: one stop, which all answer with', async () => {
    await ground();
    const stops = await Promise.all(
      Array.from({ length: 20 }, (_, at) => stopper(houses[at % 2]!, team).stop({ reason: `reason ${at}` })),
    );
    expect(new Set(stops.map(({ id }) => id)).size).toBe(1);
    expect(await prisma().emergencyStop.count({ where: { projectId: team.projectId } })).toBe(1);
    const triggered = { projectId: team.projectId, type: 'emergency_stop_triggered' };
    expect(await prisma().unsealedEvent.count({ where: triggered })).toBe(1);
  });

  it('lifts, from two processes: one lift wins, each stop is whole, and nothing is halted by none', async () => {
    const stage = await ground();
    for (let round = 0; round < 5; round += 1) {
      const { id } = await stopper(houses[0], team).stop();
      const results = await Promise.all([
        ...Array.from({ length: 4 }, (_, at) => codeOf(stopper(houses[at % 2]!, team).lift(id))),
        stopper(houses[1], team).stop({ reason: 'again' }),
        codeOf(verbs(houses[0], team).ask(stage.live)),
      ]);
      const codes = results.slice(0, 4);
      expect(codes.filter((code) => code === 'granted')).toHaveLength(1);
      expect(new Set(codes)).toEqual(new Set(['granted', 'INVALID_STATE']));
      const { stopId } = await prisma().project.findUniqueOrThrow({ where: { id: team.projectId } });
      const { status } = await session(stage.live);
      expect(status).toBe(stopId === null ? 'WAITING_FOR_HUMAN' : 'HALTED');
      await expectInvariants(houses[0]);
      if (stopId !== null) await stopper(houses[0], team).lift(stopId);
    }
  });
});

describe('behaviour 7.2: a state that cannot be read counts as stopped', () => {
  it.each(Object.keys(attempts))(
    '%s fails where the database goes away before it is read, or before it is written',
    async (name) => {
      const stage = await ground();
      for (const missing of ['read', 'write']) {
        // A change that drives a runner or moves money is written in a transaction, every other in one statement.
        const prismaAway = new Proxy(databases[1].prisma, {
          get(target, key) {
            if (key === '$transaction' && missing === 'write') return () => Promise.reject(new Error('away'));
            const value: unknown = Reflect.get(target, key, target);
            return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
          },
        });
        const query: Database['query'] = (statement) =>
          statement.text.trimStart().startsWith('WITH') === (missing === 'write')
            ? Promise.reject(new Error('away'))
            : databases[1].query(statement);
        // A session that is new has nothing to be read but its team.
        if (missing === 'read' && name.startsWith('a new session')) continue;
        const before = await prisma().unsealedEvent.count();
        const house = openHouse({ ...databases[1], prisma: prismaAway, query }, database().clock);
        await expect(attempts[name]!(house, stage)).rejects.toThrow('away');
        expect(await prisma().unsealedEvent.count()).toBe(before);
      }
    },
  );
});
