import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBreakers, createHttpRunner } from '../../src/runners/http/runner.ts';
import { withDatabase } from '../support/database.ts';
import { resolveIntervention } from '../../src/interventions/resolve.ts';
import { until } from '../support/until.ts';
import { type Received, type Reply, SECRET, startAgent, type TestAgent } from './agent.ts';
import { openHouse, type RunnerHouse } from './house.ts';

const database = withDatabase();
let house: RunnerHouse;
let agent: TestAgent;
let reply: (body: Received, attempt: number) => Reply | Promise<Reply>;

beforeEach(async () => {
  const { clock } = database();
  agent = await startAgent((body) => reply(body, agent.received.length));
  const runner = createHttpRunner(
    clock,
    { name: 'remote', url: agent.url, secret: 'the new secret, longer', previousSecret: SECRET },
    createBreakers(),
  );
  house = await openHouse({ database: database(), clock, runners: [runner] });
  await house.worker.start();
});
afterEach(async () => {
  await house.close();
  await agent.close();
});

const session = (id: string) => house.deps.prisma.session.findUniqueOrThrow({ where: { id } });
const ends = async (id: string, status: string) => {
  await until(`the session to be ${status}`, async () => (await session(id)).status === status);
  return session(id);
};
/** Lets the back-offs pass until it has been asked so often. */
const sent = (times: number) =>
  until(`${times} messages`, async () => {
    if (agent.received.length < times) database().clock.advance(1);
    return agent.received.length >= times;
  });

test('an agent gets what was said as it was said, though it is stored encrypted (8.8)', async () => {
  const mail = 'grete.hollenbach@nordwind-versand.de';
  const heard: Received[] = [];
  reply = (body) => {
    heard.push(structuredClone(body));
    return body.turn.start
      ? {
          body: {
            state: { of: mail },
            steps: [
              {
                do: 'ask',
                step: 'ask',
                agentName: 'a',
                type: 'DECISION',
                message: `May I write to ${mail}?`,
              },
            ],
          },
        }
      : { body: { steps: [{ do: 'complete', result: mail }] } };
  };
  const id = await house.start('remote', { customer: mail });
  await ends(id, 'WAITING_FOR_HUMAN');
  const { id: asked, message } = await house.deps.prisma.intervention.findFirstOrThrow({
    where: { sessionId: id },
  });
  expect(message).not.toContain(mail);
  await resolveIntervention(house.deps, house.person, asked, {
    resolutionType: 'MODIFY',
    reasoning: `not ${mail}, but his brother`,
    modifications: { to: 'otto.hollenbach@nordwind-versand.de' },
  });
  const { result, context, runnerState } = await ends(id, 'COMPLETED');
  expect(JSON.stringify([result, context, runnerState])).not.toContain('hollenbach');
  const last = heard.at(-1)!;
  expect(last.state).toEqual({ of: mail });
  expect(last.session.context).toMatchObject({
    customer: mail,
    human_reasoning: `not ${mail}, but his brother`,
  });
  expect(last.news).toMatchObject([
    { kind: 'answered', response: { modifications: { to: 'otto.hollenbach@nordwind-versand.de' } } },
  ]);
});

describe('a message', () => {
  test('is signed with both secrets while one is being changed', async () => {
    // The agent of these tests knows the previous secret alone, and checks it.
    reply = () => ({ body: { steps: [{ do: 'complete', result: 'heard' }] } });
    const id = await house.start('remote');
    expect((await ends(id, 'COMPLETED')).result).toBe('heard');
  });

  test('that nobody takes is sent again under the same id, once for each attempt of the turn', async () => {
    reply = (_, attempt) => (attempt < 3 ? { status: 503 } : { body: { steps: [{ do: 'complete' }] } });
    const id = await house.start('remote');
    await sent(3);
    await ends(id, 'COMPLETED');
    expect(new Set(agent.received.map((each) => each.id)).size).toBe(1);
    expect(agent.received.map(({ body }) => body.turn.attempt)).toEqual([1, 2, 3]);
  });

  test('whose answer was being acted on is not sent again', async () => {
    const { prisma } = house.deps;
    reply = () => ({
      body: {
        steps: [
          { do: 'say', step: 'first', agentName: 'a', input: '', response: 'once' },
          // Refused while the team's queue is full.
          { do: 'ask', step: 'ask', agentName: 'a', type: 'DECISION', message: 'May I?' },
        ],
      },
    });
    await prisma.interventionQueue.update({ where: { teamId: house.teamId }, data: { pending: 110 } });
    const id = await house.start('remote');
    await until(
      'the queue to have refused it',
      async () => (await prisma.sessionDrive.findUnique({ where: { sessionId: id } }))?.failures === 1,
    );
    await prisma.interventionQueue.update({ where: { teamId: house.teamId }, data: { pending: 0 } });
    database().clock.advance(2);
    await ends(id, 'WAITING_FOR_HUMAN');
    expect(agent.received).toHaveLength(1);
    expect(await prisma.conversationTurn.count({ where: { sessionId: id } })).toBe(1);
  });

  test('carries the state that the agent gave, and comes by itself when it asked so', async () => {
    reply = ({ state }) =>
      state === null
        ? { body: { state: { seen: 1 }, wakeInSeconds: 600 } }
        : { body: { steps: [{ do: 'complete', result: state }] } };
    const id = await house.start('remote');
    await until(
      'the wake-up to be on record',
      async () =>
        (await house.deps.prisma.sessionDrive.findUnique({ where: { sessionId: id } }))?.dueAt != null,
    );
    expect(agent.received).toHaveLength(1);
    database().clock.advance(601);
    expect((await ends(id, 'COMPLETED')).result).toEqual({ seen: 1 });
  });
});

describe('an answer', () => {
  test.each([
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'redirect (302)'],
    ['a refusal', { status: 404 }, 'refused the turn with 404'],
    ['no JSON', { body: 'hello' }, 'not JSON'],
    ['an unknown step', { body: { steps: [{ do: 'dance' }] } }, "can't be used: steps.0"],
    ['too much', { body: { steps: [], state: { text: 'x'.repeat(100_000) } } }, 'longer than'],
  ])('that is %s fails the session at once, saying so', async (_, given, reason) => {
    reply = () => given;
    const id = await house.start('remote');
    expect((await ends(id, 'FAILED')).failureReason).toContain(reason);
    expect(agent.received).toHaveLength(1);
  });

  test('of 202 leaves the rest to the agent, and the news count as delivered', async () => {
    reply = () => ({ status: 202 });
    const id = await house.start('remote');
    await until(
      'the turn to be done',
      async () => (await house.deps.prisma.sessionDrive.findUnique({ where: { sessionId: id } }))?.turn === 1,
    );
    expect((await session(id)).status).toBe('ACTIVE');
  });

  test('that does not come within 60 s ends the attempt', async () => {
    reply = (_, attempt) =>
      attempt === 1 ? new Promise<Reply>(() => {}) : { body: { steps: [{ do: 'complete' }] } };
    const id = await house.start('remote');
    await until('the message', () => agent.received.length === 1);
    database().clock.advance(61);
    await sent(2);
    await ends(id, 'COMPLETED');
  });
});

test('an agent that keeps failing fails the session in the end; others are not sent to it for a while', async () => {
  reply = () => ({ status: 500 });
  const ids = [await house.start('remote'), await house.start('remote')];
  for (const id of ids) {
    await until('the end', async () => {
      database().clock.advance(4);
      return (await session(id)).status === 'FAILED';
    });
  }
  // Sixteen attempts, but the breaker opened after ten.
  expect(agent.received.length).toBeLessThan(16);
  expect(agent.received.length).toBeGreaterThanOrEqual(10);
});
