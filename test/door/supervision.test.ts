import { describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { makeKey } from '../support/world.ts';
import { app, id, PAYLOAD, run, world } from './desk.ts';

const update = (yaml: string) =>
  run(
    'ADMIN',
    `mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { ${PAYLOAD} team { id supervision } } }`,
    {
      id: world.teamId,
      yaml,
    },
  );
const instructions = () =>
  run('AGENT', 'query($id: ID!) { agentInstructions(teamId: $id, agentName: "coder") }', {
    id: world.teamId,
  });

describe("a team's supervision", () => {
  test('is shown as it was written, and is empty where there is none (8.1)', async () => {
    const shown = () =>
      run('VIEWER', 'query($id: ID!) { team(id: $id) { supervision } }', { id: world.teamId });
    expect(await shown()).toEqual({ supervision: '' });
    const yaml = '# Ours, "as written": é\u{1f680}\r\nhuman_supervision:\n  global: {timeout: 60}\n\n';
    expect(await update(yaml)).toEqual({
      success: true,
      message: 'supervision updated',
      errors: [],
      team: { id: world.teamId, supervision: yaml },
    });
    expect(await shown()).toEqual({ supervision: yaml });
    const other = await world.team('none');
    const { project } = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { project(id: $id) { teams { id supervision } } }',
      {
        id: world.id,
      },
    );
    expect(project.teams).toContainEqual({ id: world.teamId, supervision: yaml });
    expect(project.teams).toContainEqual({ id: other, supervision: '' });
    expect((await update('')).team).toEqual({ id: world.teamId, supervision: '' });
  });

  test('is refused whole, with a line for each fault (8.1)', async () => {
    await update('human_supervision: {}');
    const answer = await update('human_supervision:\n  global:\n    timeout: soon\n  audit: {}\n');
    expect(answer).toEqual({
      success: false,
      message: expect.any(String),
      team: null,
      errors: [
        {
          code: 'INVALID_INPUT',
          path: ['yaml', 'human_supervision', 'global', 'timeout'],
          message:
            'human_supervision.global.timeout must be a whole number from 1 to 31536000 (line 3, column 14)',
        },
        {
          code: 'INVALID_INPUT',
          path: ['yaml', 'human_supervision', 'audit'],
          message: 'human_supervision.audit is not supported by this version (line 4, column 3)',
        },
      ],
    });
    expect(
      await run('VIEWER', 'query($id: ID!) { team(id: $id) { supervision } }', { id: world.teamId }),
    ).toEqual({
      supervision: 'human_supervision: {}',
    });
  });

  test('comes with a team that is made with one, or its team is not made (8.1)', async () => {
    const create = (supervision: string | null) =>
      run(
        'ADMIN',
        `mutation($input: CreateTeamInput!) { createTeam(input: $input) { ${PAYLOAD} team { id supervision } } }`,
        {
          input: { projectId: world.id, name: 'made', supervision },
        },
      );
    expect(await create('human_supervision: {global: {timeout: 7}}')).toMatchObject({
      success: true,
      team: { id, supervision: 'human_supervision: {global: {timeout: 7}}' },
    });
    expect(await create(null)).toMatchObject({ success: true, team: { supervision: '' } });
    expect(await create('a: 1')).toMatchObject({
      success: false,
      team: null,
      errors: [{ code: 'INVALID_INPUT', path: ['supervision', 'a'] }],
    });
  });

  test('is told of in the log, with what it changed (9.1)', async () => {
    await update('human_supervision: {approvals: {quorum: {high: 2}}}');
    await expect
      .poll(() =>
        run(
          'VIEWER',
          'query($id: ID!) { events(filter: {teamId: $id, types: ["configuration_changed"]}) { nodes { type data actor { kind } } } }',
          {
            id: world.teamId,
          },
        ),
      )
      .toEqual({
        nodes: [
          {
            type: 'configuration_changed',
            actor: { kind: 'USER' },
            data: {
              version: 1,
              changes: [{ path: 'human_supervision.approvals.quorum.high', before: null, after: 2 }],
            },
          },
        ],
      });
  });

  test('asks for two different people where its quorum is two, whoever tries to be both (5.4)', async () => {
    await update('human_supervision:\n  approvals:\n    quorum: {low: 2, medium: 2, high: 2, critical: 2}\n');
    const sessionId = await world.session();
    const { requestAgentCallApproval } = await app.ok(
      world.keys.AGENT,
      `mutation($input: AgentCallApprovalInput!) { requestAgentCallApproval(input: $input) { ${PAYLOAD} approval { id requiredApprovals } } }`,
      { input: { sessionId, agentName: 'coder', proposedAction: 'send', inputData: {} } },
    );
    const approval = requestAgentCallApproval.approval;
    expect(approval.requiredApprovals).toBe(2);
    const vote = async (key: string, reason: string | null = null) =>
      (
        await app.graphql(
          key,
          `mutation($id: ID!, $reason: String) { respondToApproval(id: $id, response: {verdict: APPROVE, reason: $reason}) { ${PAYLOAD} approval { status approvals: requiredApprovals } } }`,
          { id: approval.id, reason },
        )
      ).data.respondToApproval;
    const started = async () =>
      (
        await app.graphql(
          world.keys.AGENT,
          `mutation($id: ID!) { startAgentCall(approvalId: $id) { ${PAYLOAD} } }`,
          {
            id: approval.id,
          },
        )
      ).data.startAgentCall;
    expect(await vote(world.keys.SUPERVISOR)).toMatchObject({
      success: true,
      approval: { status: 'PENDING' },
    });
    expect(await vote(world.keys.SUPERVISOR)).toMatchObject({
      success: true,
      approval: { status: 'PENDING' },
    });
    expect(await vote(world.keys.SUPERVISOR, 'again')).toMatchObject({
      errors: [{ code: 'ALREADY_DECIDED' }],
    });
    expect(await started()).toMatchObject({ success: false, errors: [{ code: 'INVALID_STATE' }] });
    const second = await makeKey(app, ADMIN_KEY, 'SUPERVISOR', world.id, 'second');
    expect(await vote(second.secret)).toMatchObject({ success: true, approval: { status: 'APPROVED' } });
    expect(await started()).toMatchObject({ success: true });
  });
});

describe("an agent's instructions", () => {
  test('are made from the configuration in force (8.1)', async () => {
    const without = await instructions();
    expect(without).toContain('People have 300 seconds (5 minutes)');
    await update('human_supervision: {global: {timeout: 60}, approvals: {quorum: {high: 2}}}');
    const within = await instructions();
    expect(within).toContain('People have 60 seconds (1 minute)');
    expect(within).toContain('- HIGH: 2 different people');
    await update('');
    expect(await instructions()).toBe(without);
  });

  test('are for an agent that has a name', async () => {
    const ask = (agentName: string) =>
      app.graphql(
        world.keys.AGENT,
        'query($id: ID!, $agentName: String!) { agentInstructions(teamId: $id, agentName: $agentName) }',
        {
          id: world.teamId,
          agentName,
        },
      );
    for (const name of [' ', 'x'.repeat(201)])
      expect((await ask(name)).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect((await ask('x'.repeat(200))).errors).toBeUndefined();
  });
});
