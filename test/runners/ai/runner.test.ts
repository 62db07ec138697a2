import { describe, expect, test } from 'vitest';
import { provideCustomResponse } from '../../../src/interventions/respond.ts';
import { resolveIntervention } from '../../../src/interventions/resolve.ts';
import type { JsonObject } from '../../../src/kernel/json.ts';
import type { GatedCall } from '../../../src/runners/runner.ts';
import { supervise } from '../house.ts';
import { until } from '../../support/until.ts';
import { type Reply, toldOf } from './endpoints.ts';
import { withScene } from './scene.ts';

// An agent inside Holdpoint, on an endpoint and tools behind real sockets (src/runners/ai/).

const scene = withScene();
const all = () => true;
const models = ({ action }: GatedCall) => action.startsWith('Ask the model');
const messagesOf = ({ input }: GatedCall) => (input as { messages: unknown[] }).messages;

/** Two tools, one after the other, and an end. */
function twoTools(): void {
  const replies: Reply[] = [
    { text: 'First I look.', tools: [['look', { to: 'shelf' }]], usage: [1_000, 200] },
    { tools: [['fetch', { to: 'desk' }]], usage: [2_000, 100] },
    { text: 'It is on the desk.', usage: [3_000, 50] },
  ];
  scene().reply = (_, nth) => replies[nth - 1]!;
}
const twoToolAgent = () =>
  scene().agent({ tools: [scene().tool('look'), scene().tool('fetch', { cost: '0.02' })] });

test('(3.10, 5.1) a task with two tools: nothing is sent before it is approved, nothing used before its answer is', async () => {
  twoTools();
  const { decide, model, tools, said } = scene();
  const id = await scene().start(twoToolAgent());
  const seen: [kind: string, action: unknown][] = [];
  const sent: [models: number, tools: number, said: number][] = [];
  for (let nth = 0; nth < 10; nth += 1) {
    const { kind, proposal } = await scene().waiting(id);
    seen.push([kind, proposal.proposedAction]);
    sent.push([model.requests.length, tools.requests.length, (await said(id)).length]);
    await decide(id);
  }
  expect((await scene().ends(id, 'COMPLETED')).result).toBe('It is on the desk.');
  const ask = 'Ask the model m';
  expect(seen.map(([kind, action]) => (kind === 'RESPONSE' ? 'answer' : action))).toEqual(
    [ask, 'Call the tool look', ask, 'Call the tool fetch', ask].flatMap((action) => [action, 'answer']),
  );
  expect(sent).toEqual([
    [0, 0, 0],
    [1, 0, 0],
    [1, 0, 1],
    [1, 1, 1],
    [1, 1, 1],
    [2, 1, 1],
    [2, 1, 1],
    [2, 2, 1],
    [2, 2, 1],
    [3, 2, 1],
  ]);
  expect(await said(id)).toEqual(['worker: First I look.', 'worker: It is on the desk.']);
  expect(tools.requests.map(({ path, input }) => [path, input])).toEqual([
    ['/look', { to: 'shelf' }],
    ['/fetch', { to: 'desk' }],
  ]);
  expect(model.requests.at(-1)!.messages.map(({ role }) => role)).toEqual([
    'system',
    'user',
    'assistant',
    'tool',
    'assistant',
    'tool',
  ]);
});

test('(6.3) what a model took is counted by its usage and price, what a tool took by its headers or its estimate', async () => {
  twoTools();
  scene().attends = all;
  scene().act = ({ path, input }) => ({
    body: input,
    ...(path === '/look' && { headers: { 'holdpoint-tokens': '7', 'holdpoint-cost': '0.25' } }),
  });
  const id = await scene().start(twoToolAgent());
  await scene().ends(id, 'COMPLETED');
  expect(await scene().spent(id)).toEqual([
    [1_200, '0.0045'],
    [7, '0.25'],
    [2_100, '0.006'],
    [0, '0.02'],
    [3_050, '0.008'],
  ]);
  const { prisma } = scene().house.deps;
  const budget = await prisma.budget.findFirstOrThrow({ where: { projectId: scene().house.projectId } });
  expect(budget).toMatchObject({ tokensReserved: 0n, dailyTokensUsed: 6_357n });
  expect(Number(budget.dailyCostUsed)).toBeCloseTo(0.2885, 4);
});

test('(6.2) all of the prompt and as much as may come is held before a model is asked', async () => {
  const id = await scene().start(scene().agent({ outputTokens: 1_000 }));
  const { proposal } = await scene().waiting(id);
  const input = proposal.inputData as JsonObject;
  const tokens = Math.ceil(Buffer.byteLength(JSON.stringify(input)) / 3);
  expect(proposal.estimatedTokens).toBe(tokens + 1_000);
  expect(proposal.estimatedCost).toBe(String((Math.ceil((tokens * 2.5) / 100 + 100) / 10_000).toFixed(4)));
  expect(input).toMatchObject({ model: 'm', instructions: 'Do it.', maxOutputTokens: 1_000 });
});

test('an endpoint that counts nothing: what was sent and what came is counted by its length', async () => {
  scene().attends = all;
  scene().reply = () => ({ text: 'x'.repeat(300), usage: null });
  const id = await scene().start();
  await scene().ends(id, 'COMPLETED');
  const [[tokens]] = (await scene().spent(id)) as [[number, string]];
  const [call] = await scene().approvals(id);
  const { inputData } = call!.proposal as { inputData: JsonObject };
  const sent = Math.ceil(Buffer.byteLength(JSON.stringify(inputData)) / 3);
  expect(tokens).toBe(sent + Math.ceil((300 + '[]'.length) / 3));
});

describe('(5.6) what people change', () => {
  test('of a call reaches the tool, with the permit for exactly that', async () => {
    twoTools();
    scene().attends = models;
    const id = await scene().start(twoToolAgent());
    const call = await scene().decide(id, { approvedInput: { to: 'cellar' } });
    await scene().decide(id);
    const [request] = scene().tools.requests;
    const { digest } = (await scene().approvals(id)).find((each) => each.id === call.id)!;
    expect(request).toEqual({
      path: '/look',
      input: { to: 'cellar' },
      key: call.id,
      permit: `permit:${call.id}:${digest}`,
    });
  });

  test('of a prompt is what the model gets, and what follows is built on it', async () => {
    twoTools();
    // Everything but the first prompt, and the answer to it.
    scene().attends = (call) => !models(call) || messagesOf(call).length > 1;
    const id = await scene().start(twoToolAgent());
    const { proposal } = await scene().waiting(id);
    const input = proposal.inputData as JsonObject;
    const messages = [{ role: 'user', content: 'Stay in the house' }];
    await scene().decide(id, { approvedInput: { ...input, messages, maxOutputTokens: 99 } });
    await scene().decide(id);
    await scene().ends(id, 'COMPLETED');
    const [first, second] = scene().model.requests;
    expect(first).toMatchObject({ max_tokens: 99 });
    for (const request of [first, second])
      expect(request!.messages[1]).toEqual({ role: 'user', content: 'Stay in the house' });
  });

  test('of a prompt stays within what was held: another model, or more tokens, is refused', async () => {
    const id = await scene().start();
    const { id: call, proposal } = await scene().waiting(id);
    const input = proposal.inputData as JsonObject;
    const changes: JsonObject[] = [{ model: 'dearer' }, { maxOutputTokens: 4_097 }, { extra: true }];
    for (const change of changes)
      await expect(scene().vote(call, { approvedInput: { ...input, ...change } })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
  });

  test('of a tool’s answer takes its place in it, once that is approved; the tool is not called again', async () => {
    twoTools();
    scene().attends = models;
    scene().act = () => ({ body: { found: 'it', card: '4000', at: { shelf: 1, row: 2 } } });
    const id = await scene().start(twoToolAgent());
    await scene().decide(id);
    await scene().decide(id, {
      verdict: 'REQUEST_MODIFICATION',
      reason: 'no cards',
      modifications: { card: null, at: { row: 3 } },
    });
    await scene().decide(id);
    await until('the model to be asked again', () => scene().model.requests.length === 2);
    expect(toldOf(scene().model.requests[1]!)).toEqual([
      { status: 'done', response: { found: 'it', at: { shelf: 1, row: 3 } } },
    ]);
    expect(scene().tools.requests).toHaveLength(1);
  });

  test('of a model’s answer is asked of the model, as a call of its own', async () => {
    scene().reply = (_, nth) => ({ text: nth === 1 ? 'long' : 'short' });
    const id = await scene().start();
    await scene().decide(id);
    await scene().decide(id, {
      verdict: 'REQUEST_MODIFICATION',
      reason: 'too long',
      modifications: { words: 1 },
    });
    await scene().decide(id);
    await scene().decide(id);
    expect((await scene().ends(id, 'COMPLETED')).result).toBe('short');
    expect(await scene().said(id)).toEqual(['worker: short']);
    const wish = scene().model.requests[1]!.messages.at(-1)!.content!;
    expect(JSON.parse(wish.split('\n')[1]!)).toMatchObject({
      previous: { text: 'long' },
      reason: 'too long',
      modifications: { words: 1 },
    });
  });
});

describe('(5.1) what people refuse', () => {
  test.each([
    ['call', 0, 'asking the model was rejected: not today', 0],
    ['answer', 1, "the model's answer was rejected: not today", 1],
  ])('of a model, its %s, fails the session and is used by nobody', async (_, before, reason, requests) => {
    const id = await scene().start();
    for (let nth = 0; nth < before; nth += 1) await scene().decide(id);
    await scene().decide(id, { verdict: 'REJECT', reason: 'not today' });
    expect((await scene().ends(id, 'FAILED')).failureReason).toBe(reason);
    expect(scene().model.requests).toHaveLength(requests);
    expect(await scene().said(id)).toEqual([]);
  });

  test('of a tool is told to the model, with the reason, and what it answered is not', async () => {
    scene().reply = (request, nth) =>
      nth === 1
        ? {
            tools: [
              ['look', { to: 'a' }],
              ['look', { to: 'b' }],
            ],
          }
        : { tools: [['finish', { result: toldOf(request) }]] };
    scene().attends = models;
    const id = await scene().start(scene().agent({ tools: [scene().tool('look')] }));
    await scene().decide(id, { verdict: 'REJECT', reason: 'not a' });
    await scene().decide(id);
    await scene().decide(id, { verdict: 'REJECT', reason: 'what b said is wrong' });
    expect((await scene().ends(id, 'COMPLETED')).result).toEqual([
      { status: 'rejected', what: 'call', reason: 'not a' },
      { status: 'rejected', what: 'response', reason: 'what b said is wrong' },
    ]);
    expect(scene().tools.requests.map(({ input }) => input)).toEqual([{ to: 'b' }]);
  });
});

describe('(6.2) what the budget cannot carry', () => {
  test('of a model fails the session, which says what was asked and is left', async () => {
    const id = await scene().start(scene().agent({ estimate: { tokens: 1, cost: '100.01' } }));
    expect((await scene().ends(id, 'FAILED')).failureReason).toMatch(/^the model was not asked: .*100\.01/);
    expect(scene().model.requests).toEqual([]);
  });

  test('of a tool is told to the model, and stays so when the budget is raised meanwhile', async () => {
    scene().attends = (call) => models(call) && messagesOf(call).length === 1;
    scene().reply = (request, nth) =>
      nth === 1
        ? { tools: [['look', { to: 'a' }]] }
        : { tools: [['finish', { result: toldOf(request)[0]!.status as string }]] };
    const id = await scene().start(scene().agent({ tools: [scene().tool('look', { cost: '100' })] }));
    await scene().waiting(id);
    await scene().house.deps.prisma.budget.updateMany({ data: { dailyCostLimit: '1000' } });
    await scene().decide(id);
    await scene().decide(id);
    await scene().ends(id, 'COMPLETED');
    expect((await scene().session(id)).result).toBe('over_budget');
    expect(scene().tools.requests).toEqual([]);
  });
});

describe('the tools that every agent has', () => {
  test('(3.4) ask_human asks a person, and the answer is told to the model as it was given', async () => {
    scene().attends = all;
    scene().reply = (request, nth) =>
      nth === 1
        ? {
            tools: [
              [
                'ask_human',
                {
                  message: 'Which?',
                  options: [
                    { id: 'a', label: 'A' },
                    { id: 'b', label: 'B' },
                  ],
                },
              ],
            ],
          }
        : { tools: [['finish', { result: toldOf(request)[0] as JsonObject }]] };
    const id = await scene().start();
    const { prisma } = scene().house.deps;
    await until(
      'the question',
      async () => (await prisma.intervention.count({ where: { sessionId: id } })) === 1,
    );
    const question = await prisma.intervention.findFirstOrThrow({ where: { sessionId: id } });
    expect(question).toMatchObject({ agentName: 'worker', message: 'Which?', type: 'DECISION' });
    await provideCustomResponse(scene().house.deps, scene().house.person, question.id, {
      responseText: 'neither',
      responseType: 'note',
    });
    expect((await scene().ends(id, 'COMPLETED')).result).toMatchObject({
      status: 'answered',
      responseType: 'note',
      content: 'neither',
    });
  });

  test('(8.4) report_progress waits while a trigger of the team asks a person about it', async () => {
    await supervise(scene().house, 'confidence_score < 0.7');
    scene().attends = all;
    scene().reply = (request, nth) =>
      nth === 1
        ? { tools: [['report_progress', { type: 'milestone_reached', metrics: { confidence_score: 0.5 } }]] }
        : { tools: [['finish', { result: toldOf(request)[0] as JsonObject }]] };
    const id = await scene().start();
    const { prisma } = scene().house.deps;
    await until(
      'the question',
      async () => (await prisma.intervention.count({ where: { sessionId: id } })) === 1,
    );
    expect(scene().model.requests).toHaveLength(1);
    const question = await prisma.intervention.findFirstOrThrow({ where: { sessionId: id } });
    await resolveIntervention(scene().house.deps, scene().house.person, question.id, {
      resolutionType: 'REJECT',
      reasoning: 'look again',
    });
    expect((await scene().ends(id, 'COMPLETED')).result).toMatchObject({
      status: 'answered',
      responseType: 'reject',
    });
  });
});

test('several agents work side by side, each with its own conversation, and the result has all of theirs', async () => {
  scene().attends = all;
  scene().reply = ({ messages }) => ({ text: `I am ${messages[0]!.content}` });
  const agent = (name: string) => ({ ...scene().agent({ name, instructions: name }).agent });
  const id = await scene().start({ agents: [agent('ada'), agent('bob')] });
  expect((await scene().ends(id, 'COMPLETED')).result).toEqual({ ada: 'I am ada', bob: 'I am bob' });
  expect(await scene().said(id)).toEqual(['ada: I am ada', 'bob: I am bob']);
});

test('an agent that has not come to an end after its steps fails, saying so', async () => {
  scene().attends = all;
  scene().reply = () => ({ tools: [['look', { to: 'x' }]] });
  const id = await scene().start(scene().agent({ steps: 3, tools: [scene().tool('look')] }));
  expect((await scene().ends(id, 'FAILED')).failureReason).toBe(
    'worker had not come to an end after 3 answers',
  );
  expect(scene().model.requests).toHaveLength(3);
});

test('(3.5) what people’s answers put into the context does not change who the agent is', async () => {
  scene().attends = models;
  scene().reply = (_, nth) => (nth === 1 ? { tools: [['look', { to: 'x' }]] } : { text: 'still me' });
  const id = await scene().start(scene().agent({ tools: [scene().tool('look')] }));
  await scene().waiting(id);
  await until('the turn to be over', () => scene().house.worker.driver.running() === 0);
  const { prisma } = scene().house.deps;
  await prisma.session.update({ where: { id }, data: { context: { agent: { model: 'other' } } } });
  await scene().decide(id);
  await scene().decide(id);
  await scene().ends(id, 'COMPLETED');
  expect(scene().model.requests.map(({ model }) => model)).toEqual(['m', 'm']);
});

test('a model that has lost its price since the session was started fails it by name', async () => {
  scene().attends = models;
  scene().reply = () => ({ tools: [['look', { to: 'x' }]] });
  const id = await scene().start(scene().agent({ tools: [scene().tool('look')] }));
  await scene().waiting(id);
  await until('the turn to be over', () => scene().house.worker.driver.running() === 0);
  await scene().house.deps.prisma.$executeRaw`
    UPDATE sessions SET runner_state = jsonb_set(runner_state, '{agents,0,model}', '"gone"') WHERE id = ${id}`;
  await scene().decide(id);
  expect((await scene().ends(id, 'FAILED')).failureReason).toBe(
    'the model "gone" has no price any more (AI_PRICES)',
  );
});

test('(8.8) model and tool get what was said as it was said, though it is stored encrypted', async () => {
  const mail = 'grete.hollenbach@nordwind-versand.de';
  scene().attends = all;
  scene().reply = (_, nth) =>
    nth === 1 ? { text: `I look for ${mail}.`, tools: [['look', { to: mail }]] } : { text: `Found ${mail}.` };
  const instructions = `Look for ${mail}.`;
  const id = await scene().start(scene().agent({ instructions, tools: [scene().tool('look')] }));
  const { result, context, runnerState } = await scene().ends(id, 'COMPLETED');
  expect(scene().tools.requests.map(({ input }) => input)).toEqual([{ to: mail }]);
  const [, last] = scene().model.requests;
  expect(last!.messages.map(({ content }) => content)).toEqual([
    instructions,
    'Go',
    `I look for ${mail}.`,
    JSON.stringify({ status: 'done', response: { did: { to: mail } } }),
  ]);
  const stored = [result, context, runnerState, await scene().approvals(id), await scene().said(id)];
  expect(JSON.stringify(stored)).not.toContain('hollenbach');
});
