import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database() });
  world = await makeProject(app, ADMIN_KEY, 'approvals');
});
afterAll(() => app.stop());

const fields = `__typename id kind status frozen decisions { verdict decidedBy { name } reason }
  ... on AgentCallApproval { permit actionDigest estimatedCost reservation { status tokens } budgetCheck { allowed }
    riskAssessment { level score factors { code } } responseApproval { id status } }
  ... on ResponseApproval { agentResponse riskFlags { code } safetyScore confidenceScore qualityMetrics tokensUsed actualCost
    agentCallApproval { id } }`;
const read = async (key: string, id: string) =>
  await app.ok(key, `query($id: ID!) { approval(id: $id) { ${fields} } node(id: $id) { __typename id } }`, {
    id,
  });

describe('approvals over HTTP', () => {
  test('(5.1 to 5.8) a call goes from request to an approved answer; the permit is for the requester alone', async () => {
    const { AGENT, SUPERVISOR, OPERATOR } = world.keys;
    const id = await world.call();
    const respond =
      'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE}) { success errors { code message } approval { status } } }';
    expect(await app.ok(SUPERVISOR, respond, { id })).toMatchObject({
      respondToApproval: { success: true, approval: { status: 'APPROVED' } },
    });
    const mine = await read(AGENT, id);
    expect(mine.node).toEqual({ __typename: 'AgentCallApproval', id });
    expect(mine.approval.permit.split('.')).toHaveLength(3);
    const claims = JSON.parse(Buffer.from(mine.approval.permit.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ sub: id, digest: mine.approval.actionDigest });
    expect((await read(OPERATOR, id)).approval).toMatchObject({ permit: null, status: 'APPROVED' });
    await app.ok(
      AGENT,
      'mutation($id: ID!) { startAgentCall(approvalId: $id) { success errors { code message } } }',
      { id },
    );
    const { submitAgentResponse } = await app.ok(
      AGENT,
      'mutation($id: ID!) { submitAgentResponse(input: {agentCallApprovalId: $id, response: {found: "nothing"}, tokensUsed: 5, actualCost: "0.25"}) { success errors { code message } approval { id } } }',
      { id },
    );
    const answerId: string = submitAgentResponse.approval.id;
    await app.ok(SUPERVISOR, respond, { id: answerId });
    expect((await read(OPERATOR, answerId)).approval).toMatchObject({
      __typename: 'ResponseApproval',
      status: 'APPROVED',
      actualCost: '0.2500',
      agentCallApproval: { id },
    });
    expect((await read(OPERATOR, id)).approval).toMatchObject({
      reservation: { status: 'COMMITTED' },
      responseApproval: { id: answerId, status: 'APPROVED' },
    });
  });

  test('(6.5) an override that is approved raises its line', async () => {
    const { AGENT, SUPERVISOR } = world.keys;
    const asked = await app.ok(
      AGENT,
      'mutation($id: ID!) { requestBudgetOverride(input: {projectId: $id, limitType: COST_DAILY, requestedAmount: "7.5", justification: "more"}) { success errors { code message } override { id requestedAmount requiresManagerApproval } } }',
      { id: world.id },
    );
    expect(asked.requestBudgetOverride.override).toMatchObject({
      requestedAmount: '7.5000',
      requiresManagerApproval: false,
    });
    await app.ok(
      SUPERVISOR,
      'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE}) { success errors { code message } } }',
      { id: asked.requestBudgetOverride.override.id },
    );
    const { budget } = await app.ok(
      AGENT,
      'query($id: ID!) { budget(projectId: $id) { lines { limitType overridden } } }',
      {
        id: world.id,
      },
    );
    expect(budget.lines).toContainEqual({ limitType: 'COST_DAILY', overridden: '7.5000' });
  });

  test('(2.2, 10.1) lists filter, count by pages, and show nothing of another project', async () => {
    const other = await makeProject(app, ADMIN_KEY, 'elsewhere');
    const id = await world.call();
    const list = (key: string, filter: object) =>
      app.ok(
        key,
        'query($filter: ApprovalFilter) { approvals(filter: $filter, first: 100) { totalCount nodes { id kind status } } }',
        { filter },
      );
    const pending = await list(world.keys.VIEWER, {
      kind: ['AGENT_CALL'],
      status: ['PENDING'],
      projectId: world.id,
    });
    expect(pending.approvals.nodes).toContainEqual({ id, kind: 'AGENT_CALL', status: 'PENDING' });
    for (const filter of [{}, { projectId: world.id }])
      expect((await list(other.keys.ADMIN, filter)).approvals).toEqual({ totalCount: 0, nodes: [] });
    expect((await list(world.keys.VIEWER, { riskLevel: ['CRITICAL'] })).approvals.totalCount).toBe(0);
    const ofTeam = { teamId: world.teamId, status: ['PENDING'] };
    expect((await list(world.keys.VIEWER, ofTeam)).approvals.nodes).toContainEqual({
      id,
      kind: 'AGENT_CALL',
      status: 'PENDING',
    });
    const empty = await world.team('empty');
    expect((await list(world.keys.VIEWER, { teamId: empty })).approvals.totalCount).toBe(0);
    expect((await list(other.keys.ADMIN, ofTeam)).approvals.totalCount).toBe(0);
    const { approval } = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { approval(id: $id) { teamId ... on AgentCallApproval { inputData inputExcerpt } } }',
      {
        id,
      },
    );
    expect(approval).toEqual({ teamId: world.teamId, inputData: {}, inputExcerpt: '' });
    const { team } = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { team(id: $id) { status { pendingApprovals agents { name status } } } }',
      { id: world.teamId },
    );
    expect(team.status.pendingApprovals).toBeGreaterThan(0);
    expect(team.status.agents).toContainEqual({ name: 'coder', status: 'WAITING_FOR_HITL' });
  });
});
