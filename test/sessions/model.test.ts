import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { DomainError } from '../../src/kernel/errors.ts';
import { appendConversationTurn } from '../../src/sessions/append-turn.ts';
import { cancelSession, completeSession, failSession } from '../../src/sessions/end.ts';
import { reportExecutionEvent } from '../../src/sessions/report.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import {
  everything,
  expectInvariants,
  type House,
  openHouse,
  seedTeam,
  type Team,
  verbs,
} from '../support/house.ts';

// Commands drawn at random over a few sessions, one after the other and all at once from two processes. What must hold
// afterwards is said without repeating the rules: from the rows, and from the events alone.

const database = withDatabase();
let houses: House[];

beforeAll(async () => {
  const { clock } = database();
  houses = [
    openHouse(database(), clock),
    openHouse(onPostgres ? await database().replica() : database(), clock),
  ];
});

const SESSIONS = 3;
const kinds = [
  'ask',
  'ask',
  'ask async',
  'approve',
  'reject',
  'option',
  'respond',
  'resume',
  'escalate',
  'claim',
  'release',
  'cancel',
  'acknowledge',
  'sweep',
  'report',
  'turn',
  'complete',
  'fail',
  'stop',
] as const;
/** `on` picks the session, `which` the intervention among those asked of it so far, `wait` seconds to let pass first. */
const command = fc.record({
  kind: fc.constantFrom(...kinds),
  on: fc.nat(SESSIONS - 1),
  which: fc.nat(5),
  wait: fc.constantFrom(0, 0, 0, 30, 400),
  by: fc.constantFrom('operator', 'colleague', 'supervisor', 'admin' as const),
});
type Drawn = typeof command extends fc.Arbitrary<infer T> ? T : never;

interface Scene {
  team: Team;
  sessions: string[];
  asked: string[][];
}

async function scene(): Promise<Scene> {
  const team = await seedTeam(houses[0]!);
  const { start } = verbs(houses[0]!, team);
  const sessions = [await start(), await start(), await start({ runner: 'inside' })];
  return { team, sessions, asked: sessions.map(() => []) };
}

/** Runs a command in one of the processes; a refusal is an answer like any other. Any other error fails. */
async function run(
  at: number,
  { team, sessions, asked }: Scene,
  { kind, on, which, by }: Drawn,
): Promise<void> {
  const house = houses[at % 2]!;
  const act = verbs(house, team);
  const who = team[by];
  const sessionId = sessions[on]!;
  const id = asked[on]![which % Math.max(asked[on]!.length, 1)] ?? 'intervention_none';
  const ask = async (asyncMode: boolean) => {
    const options = [{ id: 'a', label: 'A', description: '', value: 'a', metadata: { seen: true } }];
    asked[on]!.push(
      await act.ask(sessionId, {
        asyncMode,
        options,
        timeout: 60,
        autoContinue: which === 0,
        agentName: `agent ${which}`,
      }),
    );
  };
  const steps: Record<Drawn['kind'], () => Promise<unknown>> = {
    ask: () => ask(false),
    'ask async': () => ask(true),
    approve: () => act.resolve(id, {}, who),
    reject: () => act.resolve(id, { resolutionType: 'REJECT', reasoning: `${at}` }, who),
    option: () => act.select(id, { optionId: 'a' }, who),
    respond: () => act.respond(id, { responseText: `${at}` }, who),
    resume: () => act.resume(sessionId, { content: `${at}` }, who),
    escalate: () => act.escalate(id, {}, who),
    claim: () => act.claim(id, who),
    release: () => act.release(id, who),
    cancel: () => act.cancel(id),
    acknowledge: () => act.acknowledge(id),
    sweep: () => act.sweep(id),
    report: () =>
      reportExecutionEvent(house.deps, team.agent, { sessionId, agentName: `agent ${which}`, type: 'step' }),
    turn: () =>
      appendConversationTurn(house.deps, team.agent, sessionId, {
        agentName: 'ada',
        input: 'in',
        response: 'out',
      }),
    complete: () => completeSession(house.deps, team.agent, sessionId, null),
    fail: () => failSession(house.deps, team.agent, sessionId, 'broken'),
    stop: () => cancelSession(house.deps, team.agent, sessionId, null),
  };
  await steps[kind]().catch((error: unknown) => {
    if (!(error instanceof DomainError)) throw error;
  });
}

const FINAL = ['intervention_resolved', 'intervention_cancelled'];

/** What the log alone says, held against the rows. */
async function expectTheLogToAgree({ sessions }: Scene): Promise<void> {
  const { events, ...rows } = await everything(houses[0]!);
  for (const session of rows.sessions.filter(({ id }) => sessions.includes(id))) {
    const mine = events.filter(({ sessionId }) => sessionId === session.id);
    const moves = mine
      .filter(({ type }) => type === 'session_status_changed')
      .map(({ data }) => data as { from: string; to: string });
    let status = 'ACTIVE';
    for (const move of moves) {
      expect(move.from).toBe(status);
      expect(move.to).not.toBe(status);
      status = move.to;
    }
    expect(status).toBe(session.status);
    expect(mine.filter(({ type }) => type === 'intervention_requested')).toHaveLength(
      session.interventionCount,
    );
    expect(mine.filter(({ type }) => type === 'conversation_turn_appended')).toHaveLength(
      rows.turns.filter(({ sessionId }) => sessionId === session.id).length,
    );
  }
  for (const item of rows.interventions.filter(({ sessionId }) => sessions.includes(sessionId))) {
    const mine = events.filter(({ subjectId }) => subjectId === item.id);
    const of = (type: string) => mine.filter((event) => event.type === type);
    expect(mine[0]!.type).toBe('intervention_requested');
    expect(FINAL.flatMap(of).length, 'two ends').toBe(
      item.status === 'PENDING' || (item.status === 'TIMEOUT' && item.response === null) ? 0 : 1,
    );
    expect(of('escalation_triggered').map(({ data }) => (data as { level: number }).level)).toEqual(
      (item.escalations as { level: number }[]).map(({ level }) => level),
    );
    expect(of('intervention_delivered')).toHaveLength(item.delivery === 'DELIVERED' ? 1 : 0);
    const claims = mine.filter(({ type }) =>
      ['intervention_claimed', 'intervention_released', 'escalation_triggered'].includes(type),
    );
    if (item.status === 'PENDING')
      expect(item.claimedBy !== null).toBe(claims.at(-1)?.type === 'intervention_claimed');
    if (item.status === 'CANCELLED') expect(of('intervention_cancelled')).toHaveLength(1);
  }
}

const totals = async (): Promise<{ versions: number; events: number; announced: number }> => {
  const { prisma } = houses[0]!.deps;
  const { _sum } = await prisma.session.aggregate({ _sum: { version: true } });
  return {
    versions: _sum.version ?? 0,
    events: await prisma.unsealedEvent.count(),
    announced: houses.reduce((sum, { announced }) => sum + announced.length, 0),
  };
};

/** Random, and the seed is printed with the smallest example where it fails; bounded in time. */
const bounds: fc.Parameters<unknown> = {
  interruptAfterTimeLimit: 8_000,
  markInterruptAsFailure: false,
  numRuns: 40,
  endOnFailure: true,
};

describe('whatever is done to sessions', () => {
  it('one thing after the other: each change raises one version by one and writes events; nothing else does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 25 }), async (commands) => {
        const stage = await scene();
        for (const [at, drawn] of commands.entries()) {
          database().clock.advance(drawn.wait);
          const before = await totals();
          await run(at, stage, drawn);
          const after = await totals();
          expect(after.versions - before.versions).toBeLessThanOrEqual(1);
          expect(after.announced - before.announced).toBe(after.versions - before.versions);
          expect(after.events > before.events).toBe(after.versions > before.versions);
        }
        await expectInvariants(houses[0]!);
        await expectTheLogToAgree(stage);
      }),
      { ...bounds, numRuns: 15 },
    );
  });

  it('all at once, from two processes: no change is lost, none is written twice, and the log agrees', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 40 }), async (commands) => {
        const stage = await scene();
        for (let at = 0; at < commands.length; at += 8) {
          const together = commands.slice(at, at + 8);
          database().clock.advance(Math.max(...together.map(({ wait }) => wait)));
          const before = await totals();
          await Promise.all(together.map((drawn, offset) => run(at + offset, stage, drawn)));
          const after = await totals();
          expect(after.announced - before.announced).toBe(after.versions - before.versions);
        }
        await expectInvariants(houses[0]!);
        await expectTheLogToAgree(stage);
      }),
      bounds,
    );
  });
});
