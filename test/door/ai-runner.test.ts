import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JSONWebKeySet } from 'jose';
import { actionDigest } from '../../src/permits/action-digest.ts';
import { verifyPermit } from '../../src/permits/verify.ts';
import {
  API_KEY,
  startModel,
  startTools,
  type TestModel,
  type TestTools,
  toldOf,
} from '../runners/ai/endpoints.ts';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeProject, type TestWorld } from '../support/world.ts';

// An agent inside, on the whole product: its own analysis of what is asked, its own permits, and people at the API.

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
let model: TestModel;
let tools: TestTools;
beforeAll(async () => {
  model = await startModel((request, nth) =>
    nth === 1
      ? { text: 'I send it.', tools: [['send_mail', { to: 'list', body: 'Release 2.1 is out' }]] }
      : { text: `The list has it: ${JSON.stringify(toldOf(request)[0])}` },
  );
  tools = await startTools(() => ({ body: { sent: 1 } }));
  app = await startApp({
    database: database(),
    env: {
      OPENAI_API_KEY: API_KEY,
      OPENAI_BASE_URL: model.baseUrl,
      AI_PRICES: '{"m": {"input": "1", "output": "2"}}',
      ALLOW_PRIVATE_ADDRESSES: 'yes',
    },
  });
  world = await makeProject(app, ADMIN_KEY, 'inside');
});
afterAll(async () => {
  await app.stop();
  await model.close();
  await tools.close();
});

const PENDING = `query($id: ID!) { approvals(filter: {sessionId: $id, status: [PENDING]}) {
  nodes { id kind ... on AgentCallApproval { proposedAction } } } }`;
const VOTE = `mutation($id: ID!, $response: ApprovalResponseInput!) { respondToApproval(id: $id, response: $response) {
  success errors { code message } } }`;
const SESSION = `query($id: ID!) { session(id: $id) { status result conversationHistory { agentName input response } } }`;

const agent = (url: string) => ({
  name: 'writer',
  model: 'm',
  instructions: 'You write release notes.',
  tools: [
    {
      name: 'send_mail',
      description: 'Sends an email',
      action: 'Send an email to the list',
      parameters: {
        type: 'object',
        properties: { to: { type: 'string' }, body: { type: 'string' } },
        required: ['to', 'body'],
        additionalProperties: false,
      },
      url,
    },
  ],
});

test('(3.10, 5.6) people approve each step over the API, and the tool finds its permit good for exactly what it is sent', async () => {
  const id = await world.session({ runner: 'ai', context: { agent: agent(`${tools.url}/mail`) } });
  const decided: string[] = [];
  for (;;) {
    let pending: { id: string; kind: string; proposedAction?: string }[] = [];
    let status = '';
    await until('something to decide, or the end', async () => {
      pending = (await app.ok(world.keys.SUPERVISOR, PENDING, { id })).approvals.nodes;
      status = (await app.ok(world.keys.VIEWER, SESSION, { id })).session.status;
      return pending.length > 0 || status !== 'ACTIVE';
    });
    if (pending.length === 0) break;
    const [{ id: approval, kind, proposedAction }] = pending as [(typeof pending)[number]];
    decided.push(proposedAction ?? kind);
    const edited = proposedAction === 'Send an email to the list' && {
      approvedInput: { to: 'list', body: 'Release 2.1 is out!' },
    };
    const response = { verdict: 'APPROVE', ...edited };
    await app.ok(world.keys.SUPERVISOR, VOTE, { id: approval, response });
  }
  expect(decided).toEqual([
    'Ask the model m',
    'RESPONSE',
    'Send an email to the list',
    'RESPONSE',
    'Ask the model m',
    'RESPONSE',
  ]);
  const { session } = await app.ok(world.keys.VIEWER, SESSION, { id });
  const last = 'The list has it: {"status":"done","response":{"sent":1}}';
  expect(session).toEqual({
    status: 'COMPLETED',
    result: last,
    conversationHistory: [
      { agentName: 'writer', input: 'work of inside', response: 'I send it.' },
      { agentName: 'writer', input: '[{"response":{"sent":1},"status":"done"}]', response: last },
    ],
  });

  const [{ input, permit, key }] = tools.requests as [TestTools['requests'][number]];
  expect(input).toEqual({ to: 'list', body: 'Release 2.1 is out!' });
  const jwks = (await (await fetch(`${app.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  const proposedAction = 'Send an email to the list';
  const expected = { issuer: app.url, now: app.clock.now() };
  const digest = actionDigest({ agentName: 'writer', proposedAction, input });
  expect(await verifyPermit(jwks, permit!, { ...expected, digest })).toMatchObject({
    fault: null,
    permit: { approvalId: key, projectId: world.id },
  });
  const other = actionDigest({ agentName: 'writer', proposedAction, input: { to: 'all' } });
  expect(await verifyPermit(jwks, permit!, { ...expected, digest: other })).toMatchObject({
    fault: 'wrong_digest',
  });
});

test('(3.10) an agent that cannot be run is refused when its session is started, with every fault', async () => {
  const faulty = { ...agent('ftp://x'), model: 'unknown', steps: 0 };
  const { data } = await app.graphql(
    world.keys.AGENT,
    'mutation($input: CreateSessionInput!) { createSession(input: $input) { success errors { code message path } } }',
    { input: { teamId: world.teamId, initialMessage: 'Go', runner: 'ai', context: { agent: faulty } } },
  );
  const [error] = data.createSession.errors;
  expect(error).toMatchObject({ code: 'INVALID_INPUT', path: ['context'] });
  expect(error.message).toContain('context.agent.steps');
  expect(error.message).toContain('context.agent.tools.0.url');
  expect(error.message).toContain('context.agent.model "unknown" has no price');
});
