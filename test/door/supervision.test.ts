import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { makeKey } from '../support/world.ts';
import { app, id, PAYLOAD, resolve, run, select, world } from './desk.ts';

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
    const answer = await update('human_supervision:\n  global:\n    timeout: soon\ntools: []\n');
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
          path: ['yaml', 'tools'],
          message: 'tools is not supported by this version (line 4, column 1)',
        },
      ],
    });
    expect(
      await run('VIEWER', 'query($id: ID!) { team(id: $id) { supervision } }', { id: world.teamId }),
    ).toEqual({
      supervision: 'human_supervision: {}',
    });
  });

  test('tells what nothing obeys, and shows no secret that is written out (8.1)', async () => {
    const yaml = 'human_supervision:\n  workstation: {api_key: very-secret}\n';
    const answer = await update(yaml);
    expect(answer).toMatchObject({
      success: true,
      message: expect.stringMatching(
        /^supervision updated\nhuman_supervision\.workstation\.api_key is not used: .* \(line 2, column 17\)$/,
      ),
      team: {
        supervision: expect.stringMatching(
          /^human_supervision:\n {2}workstation: \{api_key: "\*{8}\(\d+\.1\)"\}\n$/,
        ),
      },
    });
    expect((await update(answer.team.supervision)).team.supervision).toBe(answer.team.supervision);
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

  test('pauses an agent over the API where a trigger holds, and lets it go on once it was answered (8.4)', async () => {
    await update(readFileSync('test/supervision/examples/team.yaml', 'utf8'));
    const sessionId = await world.session();
    const report = (input: object) =>
      run(
        'AGENT',
        `mutation($input: ExecutionEventInput!) { reportExecutionEvent(input: $input) { ${PAYLOAD} directive intervention { id type status trigger message context timeout options { id label recommended disabled disabledReason metadata } } } }`,
        { input: { sessionId, agentName: 'Manager', ...input } },
      );
    expect(await report({ type: 'tool_call', metrics: { confidence_score: 0.9 } })).toMatchObject({
      success: true,
      directive: 'CONTINUE',
      intervention: null,
    });
    const event = {
      type: 'decision_made',
      metrics: { amount: 500, budget_threshold: 100 },
      context: { recommendation: 'buy it', reasoning: 'it pays', alternative_amount: 20 },
      idempotencyKey: 'once',
    };
    const paused = await report({ ...event, type: 'budget_exceeded' });
    expect(paused).toMatchObject({
      success: true,
      errors: [],
      directive: 'PAUSE',
      intervention: {
        type: 'APPROVAL',
        status: 'PENDING',
        trigger: 'budget_exceeded',
        timeout: 240,
        message:
          'This decision involves a budget of $500 which exceeds our approval threshold. I recommend buy it because it pays. Should I proceed?',
      },
    });
    const { options, id: interventionId } = paused.intervention;
    expect(options.map((option: { id: string; disabled: boolean }) => [option.id, option.disabled])).toEqual([
      ['approve_alternative', false],
      ['reject', false],
      ['approve_recommended', true],
    ]);
    expect(options.at(-1)).toMatchObject({
      label: 'Approve Recommended Option',
      disabledReason: 'needs $500; $100 is left today',
      metadata: { budget_impact: 500, risk_level: '[risk_level]' },
    });
    // The same report gets the same answer, whatever became of it.
    expect(await report({ ...event, type: 'budget_exceeded' })).toMatchObject({
      directive: 'PAUSE',
      intervention: { id: interventionId, status: 'PENDING' },
    });
    await select('OPERATOR', interventionId, { optionId: 'approve_alternative' });
    expect(await report({ ...event, type: 'budget_exceeded' })).toMatchObject({
      intervention: { id: interventionId, status: 'RESOLVED' },
    });
    expect(
      await run('AGENT', 'query($id: ID!) { session(id: $id) { status context } }', { id: sessionId }),
    ).toMatchObject({ status: 'ACTIVE', context: { response_type: 'select_option', budget_impact: 20 } });
  });

  test('tells an agent to wait and report again where a trigger asks and the queue is full (4.1, 8.4)', async () => {
    await update(
      'human_supervision:\n  performance: {max_concurrent_interventions: 1, intervention_queue_size: 0}\n  intervention_types: {decision: {triggers: [{condition: risky}]}}\n',
    );
    const sessionId = await world.session();
    const report = () =>
      run(
        'AGENT',
        `mutation($id: ID!) { reportExecutionEvent(input: {sessionId: $id, agentName: "coder", type: "risky", idempotencyKey: "k"}) { ${PAYLOAD} directive intervention { id } } }`,
        { id: sessionId },
      );
    const waiting = await world.ask();
    expect(await report()).toMatchObject({
      success: false,
      errors: [{ code: 'QUEUE_FULL' }],
      directive: 'PAUSE',
      intervention: null,
    });
    await resolve('OPERATOR', waiting, { resolutionType: 'APPROVE' });
    expect(await report()).toMatchObject({ success: true, directive: 'PAUSE', intervention: { id } });
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
