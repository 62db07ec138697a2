import { describe, expect, test } from 'vitest';
import { ADMIN_KEY, type Variables } from '../support/app.ts';
import type { Role } from '../support/world.ts';
import { app, database, escalate, PAYLOAD, resolve, resume, run, world } from './desk.ts';

describe('behaviour 2.8: idempotency keys', () => {
  const keyed: [string, Role, string, (key: string, other: boolean) => Promise<Variables>][] = [
    [
      'createProject',
      'ADMIN',
      'CreateProjectInput!',
      async (idempotencyKey, other) => ({ name: other ? 'other' : 'p', idempotencyKey }),
    ],
    [
      'createTeam',
      'ADMIN',
      'CreateTeamInput!',
      async (idempotencyKey, other) => ({ projectId: world.id, name: other ? 'other' : 't', idempotencyKey }),
    ],
    [
      'createApiKey',
      'ADMIN',
      'CreateApiKeyInput!',
      async (idempotencyKey, other) => ({
        projectId: world.id,
        name: 'k',
        role: 'VIEWER',
        expiresAt: other ? '2031-01-01T00:00:00Z' : '2030-01-01T00:00:00Z',
        idempotencyKey,
      }),
    ],
    [
      'createSession',
      'AGENT',
      'CreateSessionInput!',
      async (idempotencyKey, other) => ({
        teamId: world.teamId,
        initialMessage: other ? 'b' : 'a',
        context: { b: 1, a: 2 },
        idempotencyKey,
      }),
    ],
  ];
  const shown: Record<string, string> = {
    createProject: 'project',
    createTeam: 'team',
    createApiKey: 'apiKey',
    createSession: 'session',
    requestIntervention: 'intervention',
    createTask: 'task',
  };

  async function repeated(field: string, role: Role, type: string, input: Variables, other: Variables) {
    const key = role === 'ADMIN' ? ADMIN_KEY : world.keys[role];
    const call = (value: Variables) =>
      app.graphql(
        key,
        `mutation($input: ${type}) { result: ${field}(input: $input) { success errors { code path } ${shown[field]} { id } } }`,
        { input: value },
      );
    const [first, atOnce] = await Promise.all([call(input), call(input)]);
    expect(first.data.result).toMatchObject({ success: true });
    expect(atOnce).toEqual(first);
    expect(await call(Object.fromEntries(Object.entries(input).reverse()))).toEqual(first);
    const reused = await call(other);
    expect(reused.data.result).toEqual({
      success: false,
      errors: [{ code: 'IDEMPOTENCY_KEY_REUSED', path: ['idempotencyKey'] }],
      [shown[field]!]: null,
    });
    for (const idempotencyKey of ['', 'k'.repeat(256)])
      expect((await call({ ...input, idempotencyKey })).data.result).toMatchObject({
        success: false,
        errors: [{ code: 'INVALID_INPUT', path: ['idempotencyKey'] }],
      });
  }

  test.each(keyed)(
    '%s: a repeat gets the first answer, other arguments are told',
    async (field, role, type, inputOf) => {
      const [input, other] = [await inputOf('once', false), await inputOf('once', true)];
      await expect(repeated(field, role, type, input, other)).resolves.toBeUndefined();
    },
  );

  test('a key made twice shows its secret once', async () => {
    const make = `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { ${PAYLOAD} secret apiKey { id } } }`;
    const input = { name: 'k', role: 'VIEWER', projectId: world.id, idempotencyKey: 'secret-once' };
    const first = (await app.ok(ADMIN_KEY, make, { input })).createApiKey;
    const again = (await app.ok(ADMIN_KEY, make, { input })).createApiKey;
    expect(again).toMatchObject({
      success: true,
      secret: null,
      apiKey: first.apiKey,
      message: expect.stringContaining('earlier'),
    });
    expect(first.secret).toEqual(expect.any(String));
  });

  test('requestIntervention, createTask, turns, reports and answers repeat nothing', async () => {
    const sessionId = await world.session();
    await repeated(
      'requestIntervention',
      'AGENT',
      'RequestInterventionInput!',
      { sessionId, agentName: 'coder', type: 'DECISION', message: 'm', idempotencyKey: 'k' },
      { sessionId, agentName: 'coder', type: 'DECISION', message: 'other', idempotencyKey: 'k' },
    );
    await repeated(
      'createTask',
      'AGENT',
      'CreateTaskInput!',
      { sessionId, agentName: 'coder', instructions: 'i', idempotencyKey: 'k' },
      { sessionId, agentName: 'coder', instructions: 'other', idempotencyKey: 'k' },
    );
    const turn = () =>
      run(
        'AGENT',
        'mutation($id: ID!) { appendConversationTurn(sessionId: $id, turn: {agentName: "coder", input: "i", response: "r", idempotencyKey: "k"}) { success session { conversationHistory { input } tasks { id } interventionCount } } }',
        { id: sessionId },
      );
    await turn();
    expect((await turn()).session).toMatchObject({
      conversationHistory: [{ input: 'i' }],
      tasks: [expect.anything()],
      interventionCount: 1,
    });
    const report = () =>
      run(
        'AGENT',
        'mutation($id: ID!) { reportExecutionEvent(input: {sessionId: $id, agentName: "coder", type: "t", idempotencyKey: "k"}) { success directive } }',
        { id: sessionId },
      );
    expect(await report()).toEqual({ success: true, directive: 'CONTINUE' });
    expect(await report()).toEqual({ success: true, directive: 'CONTINUE' });
    const reports = await database().prisma
      .$queryRaw`SELECT data FROM events WHERE session_id = ${sessionId} AND type = 'execution_reported' UNION ALL SELECT data FROM unsealed_events WHERE session_id = ${sessionId} AND type = 'execution_reported'`;
    expect(reports).toHaveLength(1);
  });

  test('answers, escalations and resumptions: the first result again, also once it has moved on; refusals are not remembered', async () => {
    const asked = await world.ask();
    const level = { reason: 'up', idempotencyKey: 'up' };
    const escalated = await escalate('OPERATOR', asked, level);
    expect(await escalate('OPERATOR', asked, level)).toEqual(escalated);
    expect(await escalate('OPERATOR', asked, { ...level, reason: 'down' })).toMatchObject({
      success: false,
      errors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }],
    });
    const approve = { resolutionType: 'APPROVE', idempotencyKey: 'answer' };
    expect(await resolve('OPERATOR', asked, approve)).toMatchObject({
      success: false,
      errors: [{ code: 'FORBIDDEN' }],
    });
    const first = await resolve('SUPERVISOR', asked, approve);
    expect(first).toMatchObject({ success: true, sessionResumed: true });
    expect(await resolve('SUPERVISOR', asked, approve)).toEqual(first);
    const other = await world.ask();
    expect(await resolve('SUPERVISOR', other, approve)).toMatchObject({
      success: false,
      errors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }],
    });
    const sessionId = await world.session();
    await world.ask({ sessionId });
    const words = { responseType: 'approve', content: 'ok', idempotencyKey: 'resume' };
    expect(await resume('OPERATOR', sessionId, words)).toMatchObject({
      success: true,
      session: { status: 'ACTIVE' },
    });
    await world.ask({ sessionId });
    expect(await resume('OPERATOR', sessionId, words)).toMatchObject({
      success: true,
      session: { status: 'WAITING_FOR_HUMAN' },
    });
  });

  test('behaviour 2.8: after 24 hours the key is free again', async () => {
    const sessionId = await world.session();
    const ask = () => world.ask({ sessionId, idempotencyKey: 'day', timeout: 31_536_000 });
    const first = await ask();
    app.clock.advance(24 * 3600 - 1);
    expect(await ask()).toBe(first);
    app.clock.advance(2);
    expect(await ask()).not.toBe(first);
  });
});
