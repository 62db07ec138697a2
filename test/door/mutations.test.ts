import { describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { app, id, instant, OPTIONS, PAYLOAD, resolve, run, world } from './desk.ts';

describe('setting up', () => {
  test('createProject, createTeam, createApiKey and revokeApiKey answer what they made', async () => {
    const made = await app.ok(
      ADMIN_KEY,
      `mutation { createProject(input: {name: " Ω project ", timeZone: "Europe/Berlin"}) { ${PAYLOAD} project { id name createdAt teams { id } } } }`,
    );
    expect(made.createProject).toEqual({
      success: true,
      message: 'project created',
      errors: [],
      project: { id, name: 'Ω project', createdAt: instant, teams: [] },
    });
    const team = await app.ok(
      ADMIN_KEY,
      `mutation($id: ID!) { createTeam(input: {projectId: $id, name: "t"}) { ${PAYLOAD} team { id name project { id } agents { id } createdAt status { activeSessions pendingInterventions } } } }`,
      { id: made.createProject.project.id },
    );
    expect(team.createTeam.team).toEqual({
      id,
      name: 't',
      project: { id: made.createProject.project.id },
      agents: [],
      createdAt: instant,
      status: { activeSessions: 0, pendingInterventions: 0 },
    });
    const key = await app.ok(
      ADMIN_KEY,
      `mutation($id: ID!) { createApiKey(input: {projectId: $id, name: "k", role: AGENT, expiresAt: "2030-01-01T00:00:00+02:00"}) { ${PAYLOAD} secret apiKey { id name role projectId createdAt expiresAt revokedAt lastUsedAt } } }`,
      { id: made.createProject.project.id },
    );
    expect(key.createApiKey.apiKey).toEqual({
      id,
      name: 'k',
      role: 'AGENT',
      projectId: made.createProject.project.id,
      createdAt: instant,
      expiresAt: '2029-12-31T22:00:00.000Z',
      revokedAt: null,
      lastUsedAt: null,
    });
    const revoke = `mutation($id: ID!) { revokeApiKey(id: $id) { ${PAYLOAD} apiKey { id revokedAt } } }`;
    const revoked = await app.ok(ADMIN_KEY, revoke, { id: key.createApiKey.apiKey.id });
    expect(revoked.revokeApiKey).toMatchObject({
      success: true,
      apiKey: { id: key.createApiKey.apiKey.id, revokedAt: instant },
    });
    expect(await app.ok(ADMIN_KEY, revoke, { id: key.createApiKey.apiKey.id })).toEqual(revoked);
    const { errors } = await app.graphql(key.createApiKey.secret, '{ viewer { actor { id } } }');
    expect(errors).toMatchObject([
      { message: 'The API key was revoked.', extensions: { code: 'UNAUTHENTICATED' } },
    ]);
  });

  test.each([
    [
      'createProject',
      'mutation { createProject(input: {name: " "}) { success errors { code path } project { id } } }',
      [['name']],
    ],
    [
      'createProject',
      'mutation { createProject(input: {name: "p", timeZone: "Mars/Base"}) { success errors { code path } project { id } } }',
      [['timeZone']],
    ],
    [
      'createApiKey',
      'mutation { createApiKey(input: {name: "", role: ADMIN, expiresAt: "2001-01-01T00:00:00Z"}) { success errors { code path } secret apiKey { id } } }',
      [['name'], ['expiresAt']],
    ],
  ])('%s refuses bad fields by their paths', async (field, document, paths) => {
    const { data } = await app.graphql(ADMIN_KEY, document);
    expect(data[field]).toMatchObject({
      success: false,
      errors: paths.map((path) => ({ code: 'INVALID_INPUT', path })),
    });
    for (const [name, value] of Object.entries(data[field]))
      if (!['success', 'errors'].includes(name)) expect(value).toBeNull();
  });

  test('behaviour 2.1, 2.3: viewer shows who asks, with roles cumulative and permissions', async () => {
    const { actor, roles, permissions } = await run(
      'SUPERVISOR',
      '{ viewer { actor { kind id name role } roles permissions } }',
    );
    expect(actor).toEqual({
      kind: 'USER',
      id: expect.stringMatching(/^user_/),
      name: 'SUPERVISOR',
      role: 'SUPERVISOR',
    });
    expect(roles).toEqual(['VIEWER', 'OPERATOR', 'SUPERVISOR']);
    expect(permissions).toContain('intervention.override');
    expect(permissions).not.toContain('budget.limits');
    const agent = await run('AGENT', '{ viewer { actor { kind id role } roles permissions } }');
    expect(agent).toMatchObject({
      actor: { kind: 'AGENT', id: expect.stringMatching(/^key_/), role: 'AGENT' },
      roles: ['AGENT'],
    });
    expect(agent.permissions).not.toContain('intervention.resolve');
    expect((await run('ADMIN', '{ viewer { permissions } }')).permissions[0]).toBe('*');
  });
});

describe('an agent at work', () => {
  test('sessions, turns, tasks and reports show what was written', async () => {
    const session = await run(
      'AGENT',
      `mutation($teamId: ID!) { createSession(input: {teamId: $teamId, initialMessage: "go", context: {a: {b: [1, null]}}}) { ${PAYLOAD} session { id teamId projectId status runner initialMessage context conversationHistory { agentName } interventionPoints { interventionId } tasks { id } currentIntervention { id } interventionCount lastInterventionAt result failureReason createdAt lastActivity } } }`,
      { teamId: world.teamId },
    );
    expect(session).toEqual({
      success: true,
      message: 'session created',
      errors: [],
      session: {
        id,
        teamId: world.teamId,
        projectId: world.id,
        status: 'ACTIVE',
        runner: 'external',
        initialMessage: 'go',
        context: { a: { b: [1, null] } },
        conversationHistory: [],
        interventionPoints: [],
        tasks: [],
        currentIntervention: null,
        interventionCount: 0,
        lastInterventionAt: null,
        result: null,
        failureReason: null,
        createdAt: instant,
        lastActivity: instant,
      },
    });
    const sessionId = session.session.id;
    const turned = await run(
      'AGENT',
      `mutation($id: ID!) { appendConversationTurn(sessionId: $id, turn: {agentName: "coder", input: "in", response: "out"}) { ${PAYLOAD} session { conversationHistory { agentName input response timestamp } } } }`,
      { id: sessionId },
    );
    expect(turned.session.conversationHistory).toEqual([
      { agentName: 'coder', input: 'in', response: 'out', timestamp: instant },
    ]);
    const task = await run(
      'AGENT',
      `mutation($id: ID!) { createTask(input: {sessionId: $id, agentName: "coder", agentType: CODER, instructions: "do"}) { ${PAYLOAD} task { id sessionId agentName agentType instructions status result createdAt updatedAt } } }`,
      { id: sessionId },
    );
    expect(task.task).toEqual({
      id,
      sessionId,
      agentName: 'coder',
      agentType: 'CODER',
      instructions: 'do',
      status: 'RUNNING',
      result: null,
      createdAt: instant,
      updatedAt: instant,
    });
    const finish = (status: string) =>
      run(
        'AGENT',
        `mutation($id: ID!, $status: TaskStatus!) { finishTask(taskId: $id, status: $status, result: {ok: true}) { ${PAYLOAD} task { status result } } }`,
        { id: task.task.id, status },
      );
    expect(await finish('RUNNING')).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_INPUT', path: ['status'] }],
      task: { status: 'RUNNING' },
    });
    expect(await finish('COMPLETED')).toMatchObject({
      success: true,
      task: { status: 'COMPLETED', result: { ok: true } },
    });
    expect(await finish('COMPLETED')).toMatchObject({ success: true });
    expect(await finish('FAILED')).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_STATE' }],
      task: { status: 'COMPLETED' },
    });
    const report = (id: string) =>
      run(
        'AGENT',
        `mutation($id: ID!) { reportExecutionEvent(input: {sessionId: $id, agentName: "coder", type: "tool_call", metrics: {cost: 1}}) { ${PAYLOAD} directive intervention { id } } }`,
        { id },
      );
    expect(await report(sessionId)).toEqual({
      success: true,
      message: 'event recorded',
      errors: [],
      directive: 'CONTINUE',
      intervention: null,
    });
    const completed = await run(
      'AGENT',
      `mutation($id: ID!) { completeSession(sessionId: $id, result: [1, {two: 2}]) { ${PAYLOAD} session { status result } } }`,
      { id: sessionId },
    );
    expect(completed.session).toEqual({ status: 'COMPLETED', result: [1, { two: 2 }] });
    expect(await report(sessionId)).toMatchObject({
      success: false,
      directive: 'HALT',
      errors: [{ code: 'INVALID_STATE', message: 'the session is COMPLETED' }],
    });
  });

  test('an unknown runner is refused before anything is made', async () => {
    const refused = await run(
      'AGENT',
      `mutation($teamId: ID!) { createSession(input: {teamId: $teamId, initialMessage: "go", runner: "nobody"}) { success errors { code } session { id } } }`,
      { teamId: world.teamId },
    );
    expect(refused).toEqual({ success: false, errors: [{ code: 'INVALID_INPUT' }], session: null });
  });

  test('an intervention shows the whole of what was asked', async () => {
    const sessionId = await world.session();
    const asked = await run(
      'AGENT',
      `mutation($input: RequestInterventionInput!) { requestIntervention(input: $input) { ${PAYLOAD} intervention {
      id type status agentName teamId sessionId session { id status currentIntervention { id } interventionPoints { interventionId agentName interventionType message options { id } timestamp } } context urgency message
      options { id label description value category metadata recommended disabled disabledReason } createdAt resolvedAt resolvedBy { id } resolution humanResponse { content }
      escalationLevel escalations { level } requiredRole claimedBy { id } timeout expiresAt autoContinue asyncMode trigger workstationUrl responseSchema delivery acknowledgedAt } } }`,
      {
        input: {
          sessionId,
          agentName: 'coder',
          type: 'RISK_ASSESSMENT',
          message: 'may I?',
          context: { risk: 'ß' },
          urgency: 'HIGH',
          options: OPTIONS,
          timeout: 60,
          asyncMode: true,
          responseSchema: { type: 'object' },
        },
      },
    );
    const { intervention } = asked;
    expect(intervention).toEqual({
      id,
      type: 'RISK_ASSESSMENT',
      status: 'PENDING',
      agentName: 'coder',
      teamId: world.teamId,
      sessionId,
      session: {
        id: sessionId,
        status: 'WAITING_FOR_HUMAN',
        currentIntervention: { id: intervention.id },
        interventionPoints: [
          {
            interventionId: intervention.id,
            agentName: 'coder',
            interventionType: 'RISK_ASSESSMENT',
            message: 'may I?',
            options: [{ id: 'a' }, { id: 'up' }, { id: 'b' }],
            timestamp: instant,
          },
        ],
      },
      context: { risk: 'ß' },
      urgency: 'HIGH',
      message: 'may I?',
      options: [
        {
          id: 'a',
          label: 'Go',
          description: 'all of it',
          value: 'go',
          category: 'SELECTION',
          metadata: { speed: 2 },
          recommended: true,
          disabled: false,
          disabledReason: null,
        },
        {
          id: 'up',
          label: 'Ask up',
          description: '',
          value: 'up',
          category: 'ESCALATION',
          metadata: { escalation_level: 2 },
          recommended: false,
          disabled: false,
          disabledReason: null,
        },
        {
          id: 'b',
          label: 'Wait',
          description: '',
          value: 'wait',
          category: 'SELECTION',
          metadata: {},
          recommended: false,
          disabled: true,
          disabledReason: expect.any(String),
        },
      ],
      createdAt: instant,
      resolvedAt: null,
      resolvedBy: null,
      resolution: null,
      humanResponse: null,
      escalationLevel: 0,
      escalations: [],
      requiredRole: 'OPERATOR',
      claimedBy: null,
      timeout: 60,
      expiresAt: new Date(app.clock.now().getTime() + 60_000).toISOString(),
      autoContinue: false,
      asyncMode: true,
      trigger: null,
      workstationUrl: `${app.url}/interventions/${intervention.id}`,
      responseSchema: { type: 'object' },
      delivery: 'UNANSWERED',
      acknowledgedAt: null,
    });
  });

  test('behaviour 3.8: completing while waiting is refused, failing cancels what is pending', async () => {
    const sessionId = await world.session();
    const asked = await world.ask({ sessionId });
    const complete = await run(
      'AGENT',
      `mutation($id: ID!) { completeSession(sessionId: $id) { ${PAYLOAD} session { status } } }`,
      { id: sessionId },
    );
    expect(complete).toMatchObject({
      success: false,
      errors: [{ code: 'INVALID_STATE' }],
      session: { status: 'WAITING_FOR_HUMAN' },
    });
    const failed = await run(
      'AGENT',
      `mutation($id: ID!) { failSession(sessionId: $id, reason: "broken") { ${PAYLOAD} session { status failureReason currentIntervention { id } } } }`,
      { id: sessionId },
    );
    expect(failed.session).toEqual({ status: 'FAILED', failureReason: 'broken', currentIntervention: null });
    expect(await resolve('OPERATOR', asked, { resolutionType: 'APPROVE' })).toMatchObject({
      success: false,
      errors: [{ code: 'CANCELLED' }],
      intervention: { status: 'CANCELLED' },
    });
  });
});
