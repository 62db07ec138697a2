import { afterEach, expect, test } from 'vitest';
import { verifyLog } from '../../src/events/verify.ts';
import { ADMIN_KEY, type ApiClient, ENCRYPTION_KEYS, type Variables } from '../support/app.ts';
import { makePlace, type Place } from '../support/place.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';
import { makeKey, makeProject } from '../support/world.ts';

// An approval's life, ask, vote, decide, use, answer, with the server killed between its commits: what was acknowledged
// is there at the next start, and what is asked once more, because its acknowledgement was lost, is not granted twice.

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const ASK =
  'mutation($input: AgentCallApprovalInput!) { requestAgentCallApproval(input: $input) { success errors { code message } approval { id } } }';
const VOTE =
  'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE}) { success errors { code message } approval { status } } }';
const START =
  'mutation($id: ID!) { startAgentCall(approvalId: $id) { success errors { code message } approval { startedAt } } }';
const SUBMIT =
  'mutation($input: AgentResponseInput!) { submitAgentResponse(input: $input) { success errors { code message } approval { id } } }';
const CALL = `query($id: ID!) { approval(id: $id) { status decisions { verdict decidedBy { id } }
  ... on AgentCallApproval { startedAt permit reservation { status } responseApproval { id status } } } }`;

/** A place with a server in it, that can be killed and started anew. */
async function openHost() {
  const place: Place = await makePlace();
  undo.push(place.remove);
  const start = async (): Promise<{ server: ServerProcess; api: ApiClient }> => {
    const server = spawnServer({ ...place.env, ADMIN_API_KEY: ADMIN_KEY, ENCRYPTION_KEYS });
    undo.push(() => server.kill());
    return { server, api: await server.ready() };
  };
  let running = await start();
  return {
    place,
    api: () => running.api,
    kill: () => running.server.kill(),
    async restart() {
      await running.server.kill();
      running = await start();
    },
  };
}

/** What is left in the place, once no process has it. */
async function leftIn(place: Place, projectId: string) {
  const database = await place.open();
  undo.push(() => database.close());
  const { prisma } = database;
  const where = { projectId };
  const events = [
    ...(await prisma.event.findMany({ where })),
    ...(await prisma.unsealedEvent.findMany({ where })),
  ];
  return {
    approvals: await prisma.approval.findMany({ where, include: { votes: true } }),
    reservations: await prisma.budgetReservation.findMany({ where }),
    budget: await prisma.budget.findUniqueOrThrow({ where }),
    tasks: await prisma.task.findMany({ where }),
    eventsOf: (type: string) =>
      events.filter((event) => event.type === type).map(({ subjectId }) => subjectId),
    log: await verifyLog(prisma),
  };
}

test('kill -9 after each commit of an approval’s life loses no vote and no hold, and grants nothing twice (1.8, 5.2, 5.3, 5.4)', {
  timeout: 600_000,
}, async () => {
  const host = await openHost();
  const world = await makeProject(host.api(), ADMIN_KEY, 'killed');
  const second = await makeKey(host.api(), ADMIN_KEY, 'OPERATOR', world.id, 'second');
  await host
    .api()
    .ok(
      world.keys.ADMIN,
      'mutation($id: ID!) { updateSupervision(teamId: $id, yaml: "human_supervision: {approvals: {quorum: {low: 2, medium: 2}}}") { success errors { code message } } }',
      { id: world.teamId },
    );
  const sessionId = await world.session();
  /** Done, the server killed, and done once more: what both answer. */
  const twice = async (key: string, query: string, variables: Variables) => {
    const ask = async () => Object.values((await host.api().graphql(key, query, variables)).data)[0] as any;
    const first = await ask();
    expect(first).toMatchObject({ success: true, errors: [] });
    await host.restart();
    return [first, await ask()];
  };
  const read = async (id: string) => (await host.api().ok(world.keys.AGENT, CALL, { id })).approval;

  const input = {
    sessionId,
    agentName: 'coder',
    proposedAction: 'look',
    inputData: {},
    idempotencyKey: 'ask',
  };
  const [asked, askedAgain] = await twice(world.keys.AGENT, ASK, {
    input: { ...input, estimatedTokens: 100, estimatedCost: '1.5' },
  });
  const id: string = asked.approval.id;
  expect(askedAgain).toEqual(asked);

  expect((await twice(world.keys.OPERATOR, VOTE, { id })).map(({ approval }) => approval.status)).toEqual([
    'PENDING',
    'PENDING',
  ]);
  expect(await read(id)).toMatchObject({ status: 'PENDING', permit: null, reservation: { status: 'HELD' } });
  expect((await read(id)).decisions).toHaveLength(1);

  expect((await twice(second.secret, VOTE, { id })).map(({ approval }) => approval.status)).toEqual([
    'APPROVED',
    'APPROVED',
  ]);
  expect((await read(id)).decisions).toHaveLength(2);
  expect((await read(id)).permit).not.toBeNull();

  const [, startedAgain] = await twice(world.keys.AGENT, START, { id });
  expect(startedAgain).toMatchObject({ success: false, errors: [{ code: 'INVALID_STATE' }] });

  const answer = {
    agentCallApprovalId: id,
    response: { found: 'nothing' },
    tokensUsed: 70,
    actualCost: '1.25',
  };
  const [submitted, submittedAgain] = await twice(world.keys.AGENT, SUBMIT, {
    input: { ...answer, idempotencyKey: 'answer' },
  });
  expect(submittedAgain).toEqual(submitted);
  const answerId: string = submitted.approval.id;
  for (const key of [world.keys.OPERATOR, second.secret]) await host.api().ok(key, VOTE, { id: answerId });

  await host.kill();
  const left = await leftIn(host.place, world.id);
  expect(left.approvals.map((approval) => [approval.id, approval.open, approval.votes.length])).toEqual(
    expect.arrayContaining([
      [id, false, 2],
      [answerId, false, 2],
    ]),
  );
  expect(left.approvals).toHaveLength(2);
  expect(left.reservations).toMatchObject([{ status: 'COMMITTED', tokens: 100, committedTokens: 70 }]);
  expect(left.budget).toMatchObject({ tokensReserved: 0n, monthlyTokensUsed: 70n });
  expect([left.budget.costReserved, left.budget.monthlyCostUsed].map(Number)).toEqual([0, 1.25]);
  expect(left.tasks).toMatchObject([{ status: 'COMPLETED' }]);
  expect(left.eventsOf('agent_call_started')).toEqual([id]);
  expect(left.eventsOf('approval_voted').toSorted()).toEqual([id, id, answerId, answerId].toSorted());
  expect(left.eventsOf('approval_resolved').toSorted()).toEqual([id, answerId].toSorted());
  expect(left.log).toMatchObject({ fault: null });
});

const LIVES = 40;
/** So many acknowledgements into the storm the server is killed, whatever it is doing. */
const KILLS = [40, 120];

test('kill -9 in a storm of approvals leaves each asked, decided, started and paid for once (1.8, 5.3, 6.2)', {
  timeout: 600_000,
}, async () => {
  const host = await openHost();
  const world = await makeProject(host.api(), ADMIN_KEY, 'storm');
  const sessions = await Promise.all(Array.from({ length: 8 }, () => world.session()));
  const kills = [...KILLS];
  let acknowledged = 0;
  let reviving: Promise<void> | null = null;
  const revive = () =>
    (reviving ??= host.restart().finally(() => {
      reviving = null;
    }));
  /** Until it is acknowledged; `lost`: an earlier attempt may have been granted, and its answer was lost. */
  async function insist(
    key: string,
    query: string,
    variables: Variables,
  ): Promise<{ lost: boolean; payload: any }> {
    for (let lost = false; ; lost = true) {
      const api = host.api();
      try {
        const { data, errors } = await api.graphql(key, query, variables);
        if (errors) throw new Error(JSON.stringify(errors));
        acknowledged += 1;
        if (acknowledged >= kills[0]!) {
          kills.shift();
          void revive();
        }
        return { lost, payload: Object.values(data)[0] };
      } catch (error) {
        if (!/fetch failed|terminated|SERVICE_UNAVAILABLE|other side closed/.test(String(error))) throw error;
        // Not where somebody else has revived it since.
        if (api === host.api()) await revive();
      }
    }
  }
  async function live(at: number): Promise<string> {
    const input = {
      sessionId: sessions[at % sessions.length],
      agentName: 'coder',
      proposedAction: `look at ${at}`,
      inputData: {},
      estimatedTokens: 10,
      estimatedCost: '0.1',
      idempotencyKey: `ask ${at}`,
    };
    const asked = await insist(world.keys.AGENT, ASK, { input });
    const id: string = asked.payload.approval.id;
    expect((await insist(world.keys.OPERATOR, VOTE, { id })).payload.approval.status).toBe('APPROVED');
    const started = await insist(world.keys.AGENT, START, { id });
    if (!started.payload.success) {
      expect(started.lost).toBe(true);
      expect(started.payload.errors).toMatchObject([{ code: 'INVALID_STATE' }]);
    }
    const answer = { agentCallApprovalId: id, response: { at }, tokensUsed: 7, actualCost: '0.05' };
    const submitted = await insist(world.keys.AGENT, SUBMIT, {
      input: { ...answer, idempotencyKey: `answer ${at}` },
    });
    const answerId: string = submitted.payload.approval.id;
    expect((await insist(world.keys.SUPERVISOR, VOTE, { id: answerId })).payload.approval.status).toBe(
      'APPROVED',
    );
    return id;
  }
  const ids = await Promise.all(Array.from({ length: LIVES }, (_, at) => live(at)));
  expect(kills).toEqual([]);
  await until('the server is up again', () => reviving === null);
  await host.kill();
  const left = await leftIn(host.place, world.id);
  const calls = left.approvals.filter(({ kind }) => kind === 'AGENT_CALL');
  expect(calls.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(left.approvals).toHaveLength(2 * LIVES);
  for (const { status, open, votes } of left.approvals)
    expect([status, open, votes.length]).toEqual(['APPROVED', false, 1]);
  expect(left.eventsOf('agent_call_started').toSorted()).toEqual(ids.toSorted());
  expect(new Set(left.eventsOf('approval_resolved')).size).toBe(2 * LIVES);
  expect(left.eventsOf('approval_resolved')).toHaveLength(2 * LIVES);
  expect(left.reservations.map(({ status }) => status)).toEqual(Array(LIVES).fill('COMMITTED'));
  expect(left.budget).toMatchObject({ tokensReserved: 0n, monthlyTokensUsed: BigInt(7 * LIVES) });
  expect(Number(left.budget.monthlyCostUsed)).toBeCloseTo(0.05 * LIVES, 4);
  expect(left.tasks.map(({ status }) => status)).toEqual(Array(LIVES).fill('COMPLETED'));
  expect(left.log).toMatchObject({ fault: null });
});
