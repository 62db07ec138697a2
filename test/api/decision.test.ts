import { createClient as createSocketClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { graphql } from '../../src/generated/client/gql.ts';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { createClient } from '../support/client.ts';

const createProject = graphql(`
  mutation CreateProject($input: CreateProjectInput!) {
    createProject(input: $input) { project { id } errors { code } }
  }
`);
const createTeam = graphql(`
  mutation CreateTeam($input: CreateTeamInput!) {
    createTeam(input: $input) { team { id } errors { code } }
  }
`);
const createKey = graphql(`
  mutation CreateKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) { secret errors { code } }
  }
`);
const createSession = graphql(`
  mutation CreateSession($input: CreateSessionInput!) {
    createSession(input: $input) { session { id status } errors { code } }
  }
`);
const ask = graphql(`
  mutation Ask($input: RequestInterventionInput!) {
    requestIntervention(input: $input) { intervention { id status workstationUrl } errors { code } }
  }
`);
const approve = graphql(`
  mutation Approve($id: ID!, $resolution: InterventionResolutionInput!) {
    resolveIntervention(id: $id, resolution: $resolution) { success sessionResumed errors { code } }
  }
`);
const answerOf = graphql(`
  query AnswerOf($id: ID!) {
    intervention(id: $id) { status resolution delivery humanResponse { responseType content } session { status } }
  }
`);
const acknowledge = graphql(`
  mutation Acknowledge($id: ID!) {
    acknowledgeResponse(interventionId: $id) { intervention { delivery } errors { code } }
  }
`);
const updates = graphql(`
  subscription Updates { interventionUpdates { id status delivery } }
`);

const database = withDatabase();
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ database: database() });
});
afterAll(() => app.stop());

test('an agent asks, a person decides, the agent goes on, and whoever watches sees each step', async () => {
  const admin = createClient(app.url, ADMIN_KEY);
  const project = (await admin(createProject, { input: { name: 'Demo' } })).data!.createProject.project!;
  const team = (await admin(createTeam, { input: { projectId: project.id, name: 'Writers' } })).data!
    .createTeam.team!;
  const key = { name: 'writer', role: 'AGENT', projectId: project.id } as const;
  const agent = createClient(app.url, (await admin(createKey, { input: key })).data!.createApiKey.secret!);

  const socket = createSocketClient({
    url: `${app.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  const seen = socket.iterate<{ interventionUpdates: { status: string; delivery: string } }>({
    query: updates.toString(),
  });
  const next = async () => (await seen.next()).value!.data!.interventionUpdates;
  const first = next();
  // Subscribe, then query: once this socket has been answered, what it subscribed to before is live.
  await socket.iterate({ query: '{ viewer { roles } }' }).next();

  const input = { teamId: team.id, initialMessage: 'Write the release note' };
  const session = (await agent(createSession, { input })).data!.createSession.session!;
  expect(session.status).toBe('ACTIVE');
  const request = {
    sessionId: session.id,
    agentName: 'writer',
    type: 'APPROVAL',
    message: 'Publish?',
  } as const;
  const asked = (await agent(ask, { input: request })).data!.requestIntervention.intervention!;
  expect(asked.workstationUrl).toBe(`${app.url}/interventions/${asked.id}`);
  expect(await first).toMatchObject({ status: 'PENDING', delivery: 'UNANSWERED' });

  const resolution = { resolutionType: 'APPROVE', reasoning: 'Good to go' } as const;
  const refused = await agent(approve, { id: asked.id, resolution });
  expect(refused.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  const approved = await admin(approve, { id: asked.id, resolution });
  expect(approved.data!.resolveIntervention).toEqual({ success: true, sessionResumed: true, errors: [] });
  expect(await next()).toMatchObject({ status: 'RESOLVED', delivery: 'PENDING' });

  const answer = (await agent(answerOf, { id: asked.id })).data!.intervention!;
  expect(answer).toEqual({
    status: 'RESOLVED',
    resolution: 'APPROVED',
    delivery: 'PENDING',
    humanResponse: { responseType: 'approve', content: 'Good to go' },
    session: { status: 'ACTIVE' },
  });
  await agent(acknowledge, { id: asked.id });
  expect(await next()).toMatchObject({ delivery: 'DELIVERED' });
  await seen.return?.();
  await socket.dispose();
});
