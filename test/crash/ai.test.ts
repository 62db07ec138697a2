import { afterEach, expect, test } from 'vitest';
import { callOf } from '../../src/approvals/proposal.ts';
import { addSeconds, type Clock, systemClock } from '../../src/kernel/clock.ts';
import { attended } from '../runners/ai/attended.ts';
import { type ChatRequest, type Reply, startModel, startTools, toldOf } from '../runners/ai/endpoints.ts';
import { openHouse, type RunnerHouse } from '../runners/house.ts';
import { silent, openTestDatabase } from '../support/database.ts';
import { makePlace } from '../support/place.ts';
import { startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { contextOf, placed, runnerOf } from './ai-life.ts';

const program = new URL('./processes/ai-worker.ts', import.meta.url);
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Past the lease of a worker that died: nobody has to wait for it to lapse. */
const later: Clock = {
  now: () => addSeconds(systemClock.now(), 6),
  at: (at, callback) => systemClock.at(addSeconds(at, -6), callback),
};

/** Both tools at once, then an end that says what came of them. */
const converse = (request: ChatRequest): Reply =>
  request.messages.length === 2
    ? {
        text: 'I look.',
        tools: [
          ['look', { to: 'a' }],
          ['fetch', { to: 'b' }],
        ],
      }
    : {
        text: toldOf(request)
          .map(({ status }) => status)
          .join(' '),
      };

test('(1.8, 3.10) kill -9 after anything that an agent inside has done: what was settled is not done again, and the task is ended', {
  timeout: 600_000,
}, async () => {
  const model = await startModel(converse);
  undo.push(model.close);
  const tools = await startTools(({ input }) => ({ body: { did: input } }));
  undo.push(tools.close);
  const reached = { modelUrl: model.baseUrl, toolsUrl: tools.url };
  const names = await wholeLife(reached);
  expect(names).toHaveLength(new Set(names).size);
  expect(names.length).toBeGreaterThan(20);
  const place = await makePlace();
  undo.push(place.remove);
  const where = place.env['DATABASE_URL'] ?? place.env['DATA_DIR']!;
  // Nobody outlives the last one, which ended the session.
  for (const [number, name] of names.slice(0, -1).entries()) {
    const doomed = startProcess(program, [where, String(number), name, JSON.stringify(reached)]);
    undo.push(() => doomed.kill());
    await doomed.wrote('}\n');
    const at = JSON.parse(doomed.output().replace(/^at /, '')) as { sessionId: string } & RunnerHouse;
    await doomed.kill();
    await succeed(at, name, String(number));
  }

  /** Another worker has the session from there; `life` is what its requests go by. */
  async function succeed(
    { sessionId, ...beside }: { sessionId: string } & RunnerHouse,
    name: string,
    life: string,
  ): Promise<void> {
    const database = await place.open();
    const runner = attended(
      runnerOf(later, reached),
      () => true,
      () => house,
    );
    const house = await openHouse({ database, clock: later, runners: [runner], beside });
    await house.worker.start();
    const { prisma } = database;
    const session = () => prisma.session.findUniqueOrThrow({ where: { id: sessionId } });
    await until(`the session to end, lost at ${name}`, async () => (await session()).status !== 'ACTIVE');
    const lost = /^(.*): (before it is run|run, and not settled)$/.exec(name);
    const [step, moment] = lost?.slice(1) ?? [];
    const toldBy = (tool: string) => (step === tool ? 'interrupted' : 'done');
    const told = `${toldBy('tool 0.0')} ${toldBy('tool 0.1')}`;
    expect(await session(), name).toMatchObject({ status: 'COMPLETED', failureReason: null, result: told });
    const said = await prisma.conversationTurn.findMany({ where: { sessionId }, orderBy: { id: 'asc' } });
    expect(
      said.map(({ response }) => response),
      name,
    ).toEqual(['I look.', told]);

    // A tool is reached once, or, where its worker died before that, never; a model anew where nobody had its answer.
    const reachedBy = (path: string) =>
      tools.requests.filter((request) => request.path === `/${life}/${path}`);
    const sent = (tool: string) => (step === tool && moment === 'before it is run' ? 0 : 1);
    expect([reachedBy('look').length, reachedBy('fetch').length], name).toEqual([
      sent('tool 0.0'),
      sent('tool 0.1'),
    ]);
    const lostModel = step?.startsWith('model') ?? false;
    const asked = model.requests.filter(({ messages }) => messages[0]!.content === life);
    expect(asked.length, name).toBe(lostModel && moment !== 'before it is run' ? 3 : 2);

    const approvals = await prisma.approval.findMany({ where: { sessionId } });
    const calls = approvals.filter(({ kind }) => kind === 'AGENT_CALL');
    expect(calls.map((call) => callOf(call).proposedAction).toSorted(), name).toEqual(
      [
        ...Array<string>(lostModel ? 3 : 2).fill('Ask the model m'),
        'Call the tool fetch',
        'Call the tool look',
      ].toSorted(),
    );
    const reservations = await prisma.budgetReservation.findMany({
      where: { approvalId: { in: calls.map(({ id }) => id) } },
    });
    // What nobody knows the cost of stays held, until it is out of time or settled.
    expect(reservations.filter(({ status }) => status === 'HELD').length, name).toBe(lost ? 1 : 0);
    await house.close();
    await database.close();
  }
});

/** The places of a life that nobody interrupts, in order. */
async function wholeLife(reached: { modelUrl: string; toolsUrl: string }): Promise<string[]> {
  const database = await openTestDatabase();
  const names: string[] = [];
  const inner = attended(
    runnerOf(systemClock, reached),
    () => true,
    () => house,
  );
  const runner = placed(inner, async (name) => void names.push(name));
  const house: RunnerHouse = await openHouse({
    database,
    clock: systemClock,
    runners: [runner],
    log: silent,
  });
  const id = await house.start('ai', contextOf('whole', reached));
  await house.worker.start();
  const session = () => database.prisma.session.findUniqueOrThrow({ where: { id } });
  await until('the whole life', async () => (await session()).status === 'COMPLETED');
  await house.close();
  await database.close();
  return names;
}
