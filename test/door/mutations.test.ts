import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp, type Variables } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { makeKey, makeProject, type Role, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database() });
  world = await makeProject(app, ADMIN_KEY, 'mutations');
});
beforeEach(async () => void (world.teamId = await world.team('next')));
afterAll(() => app.stop());

const id = expect.stringMatching(/^[a-z]+_[0-9a-z]{26}$/);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

async function run(role: Role, document: string, variables?: Variables) {
  const { data, errors } = await app.graphql(world.keys[role], document, variables);
  expect(errors).toBeUndefined();
  return Object.values(data)[0] as any;
}

const PAYLOAD = 'success message errors { code message path }';
const STANDING = 'intervention { id status resolution requiredRole escalationLevel claimedBy { name } humanResponse { responseType content respondedBy { kind name role } } }';

const resolve = (role: Role, intervention: string, resolution: object) =>
  run(role, `mutation($id: ID!, $r: InterventionResolutionInput!) { resolveIntervention(id: $id, resolution: $r) { ${PAYLOAD} sessionId interventionId resolution sessionResumed ${STANDING} } }`, { id: intervention, r: resolution });
const select = (role: Role, intervention: string, more: Variables) =>
  run(role, `mutation($id: ID!, $optionId: ID!, $customInput: String, $reasoning: String) { selectInterventionOption(id: $id, optionId: $optionId, customInput: $customInput, reasoning: $reasoning) { ${PAYLOAD} sessionId interventionId sessionResumed selectedOption { id label value category metadata recommended disabled disabledReason } ${STANDING} } }`, { id: intervention, ...more });
const respond = (role: Role, intervention: string, more: Variables) =>
  run(role, `mutation($id: ID!, $responseText: String!, $responseType: String!, $metadata: JSON, $answer: JSON) { provideCustomResponse(id: $id, responseText: $responseText, responseType: $responseType, metadata: $metadata, answer: $answer) { ${PAYLOAD} sessionId interventionId sessionResumed ${STANDING} } }`, { id: intervention, ...more });
const escalate = (role: Role, intervention: string, escalation: object) =>
  run(role, `mutation($id: ID!, $e: EscalationInput!) { escalateIntervention(id: $id, escalation: $e) { ${PAYLOAD} interventionId escalationLevel requiredRole ${STANDING} } }`, { id: intervention, e: escalation });
const claim = (role: Role, intervention: string) => run(role, `mutation($id: ID!) { claimIntervention(id: $id) { ${PAYLOAD} ${STANDING} } }`, { id: intervention });
const release = (role: Role, intervention: string) => run(role, `mutation($id: ID!) { releaseIntervention(id: $id) { ${PAYLOAD} ${STANDING} } }`, { id: intervention });
const cancel = (intervention: string, reason?: string) => run('AGENT', `mutation($id: ID!, $reason: String) { cancelIntervention(id: $id, reason: $reason) { ${PAYLOAD} ${STANDING} } }`, { id: intervention, reason });
const resume = (role: Role, session: string, humanResponse: object) =>
  run(role, `mutation($id: ID!, $h: HumanResponseInput!) { resumeSession(sessionId: $id, humanResponse: $h) { ${PAYLOAD} sessionId session { id status context } } }`, { id: session, h: humanResponse });
const OPTIONS = [
  { id: 'a', label: 'Go', description: 'all of it', value: 'go', recommended: true, metadata: { speed: 2 } },
  { id: 'b', label: 'Wait', description: '', value: 'wait', disabled: true },
  { id: 'up', label: 'Ask up', description: '', value: 'up', category: 'ESCALATION', metadata: { escalation_level: 2 } },
];

describe('setting up', () => {
  test('createProject, createTeam, createApiKey and revokeApiKey answer what they made', async () => {
    const made = await app.ok(ADMIN_KEY, `mutation { createProject(input: {name: " Ω project ", timeZone: "Europe/Berlin"}) { ${PAYLOAD} project { id name createdAt teams { id } } } }`);
    expect(made.createProject).toEqual({ success: true, message: 'project created', errors: [], project: { id, name: 'Ω project', createdAt: instant, teams: [] } });
    const team = await app.ok(ADMIN_KEY, `mutation($id: ID!) { createTeam(input: {projectId: $id, name: "t"}) { ${PAYLOAD} team { id name project { id } agents { id } createdAt status { activeSessions pendingInterventions } } } }`, { id: made.createProject.project.id });
    expect(team.createTeam.team).toEqual({ id, name: 't', project: { id: made.createProject.project.id }, agents: [], createdAt: instant, status: { activeSessions: 0, pendingInterventions: 0 } });
    const key = await app.ok(ADMIN_KEY, `mutation($id: ID!) { createApiKey(input: {projectId: $id, name: "k", role: AGENT, expiresAt: "2030-01-01T00:00:00+02:00"}) { ${PAYLOAD} secret apiKey { id name role projectId createdAt expiresAt revokedAt lastUsedAt } } }`, { id: made.createProject.project.id });
    expect(key.createApiKey.apiKey).toEqual({ id, name: 'k', role: 'AGENT', projectId: made.createProject.project.id, createdAt: instant, expiresAt: '2029-12-31T22:00:00.000Z', revokedAt: null, lastUsedAt: null });
    const revoke = `mutation($id: ID!) { revokeApiKey(id: $id) { ${PAYLOAD} apiKey { id revokedAt } } }`;
    const revoked = await app.ok(ADMIN_KEY, revoke, { id: key.createApiKey.apiKey.id });
    expect(revoked.revokeApiKey).toMatchObject({ success: true, apiKey: { id: key.createApiKey.apiKey.id, revokedAt: instant } });
    expect(await app.ok(ADMIN_KEY, revoke, { id: key.createApiKey.apiKey.id })).toEqual(revoked);
    const { errors } = await app.graphql(key.createApiKey.secret, '{ viewer { actor { id } } }');
    expect(errors).toMatchObject([{ message: 'The API key was revoked.', extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  test.each([
    ['createProject', 'mutation { createProject(input: {name: " "}) { success errors { code path } project { id } } }', [['name']]],
    ['createProject', 'mutation { createProject(input: {name: "p", timeZone: "Mars/Base"}) { success errors { code path } project { id } } }', [['timeZone']]],
    ['createApiKey', 'mutation { createApiKey(input: {name: "", role: ADMIN, expiresAt: "2001-01-01T00:00:00Z"}) { success errors { code path } secret apiKey { id } } }', [['name'], ['expiresAt']]],
  ])('%s refuses bad fields by their paths', async (field, document, paths) => {
    const { data } = await app.graphql(ADMIN_KEY, document);
    expect(data[field]).toMatchObject({ success: false, errors: paths.map((path) => ({ code: 'INVALID_INPUT', path })) });
    for (const [name, value] of Object.entries(data[field])) if (!['success', 'errors'].includes(name)) expect(value).toBeNull();
  });

  test("behaviour 2.1, 2.3: viewer shows who asks, with roles cumulative and permissions", async () => {
    const { actor, roles, permissions } = await run('SUPERVISOR', '{ viewer { actor { kind id name role } roles permissions } }');
    expect(actor).toEqual({ kind: 'USER', id: expect.stringMatching(/^user_/), name: 'SUPERVISOR', role: 'SUPERVISOR' });
    expect(roles).toEqual(['VIEWER', 'OPERATOR', 'SUPERVISOR']);
    expect(permissions).toContain('intervention.override');
    expect(permissions).not.toContain('budget.limits');
    const agent = await run('AGENT', '{ viewer { actor { kind id role } roles permissions } }');
    expect(agent).toMatchObject({ actor: { kind: 'AGENT', id: expect.stringMatching(/^key_/), role: 'AGENT' }, roles: ['AGENT'] });
    expect(agent.permissions).not.toContain('intervention.resolve');
    expect((await run('ADMIN', '{ viewer { permissions } }')).permissions[0]).toBe('*');
  });
});

describe('an agent at work', () => {
  test('sessions, turns, tasks and reports show what was written', async () => {
    const session = await run('AGENT', `mutation($teamId: ID!) { createSession(input: {teamId: $teamId, initialMessage: "go", context: {a: {b: [1, null]}}}) { ${PAYLOAD} session { id teamId projectId status runner initialMessage context conversationHistory { agentName } interventionPoints { interventionId } tasks { id } currentIntervention { id } interventionCount lastInterventionAt result failureReason createdAt lastActivity } } }`, { teamId: world.teamId });
    expect(session).toEqual({
      success: true, message: 'session created', errors: [],
      session: { id, teamId: world.teamId, projectId: world.id, status: 'ACTIVE', runner: 'external', initialMessage: 'go', context: { a: { b: [1, null] } }, conversationHistory: [], interventionPoints: [], tasks: [], currentIntervention: null, interventionCount: 0, lastInterventionAt: null, result: null, failureReason: null, createdAt: instant, lastActivity: instant },
    });
    const sessionId = session.session.id;
    const turned = await run('AGENT', `mutation($id: ID!) { appendConversationTurn(sessionId: $id, turn: {agentName: "coder", input: "in", response: "out"}) { ${PAYLOAD} session { conversationHistory { agentName input response timestamp } } } }`, { id: sessionId });
    expect(turned.session.conversationHistory).toEqual([{ agentName: 'coder', input: 'in', response: 'out', timestamp: instant }]);
    const task = await run('AGENT', `mutation($id: ID!) { createTask(input: {sessionId: $id, agentName: "coder", agentType: CODER, instructions: "do"}) { ${PAYLOAD} task { id sessionId agentName agentType instructions status result createdAt updatedAt } } }`, { id: sessionId });
    expect(task.task).toEqual({ id, sessionId, agentName: 'coder', agentType: 'CODER', instructions: 'do', status: 'RUNNING', result: null, createdAt: instant, updatedAt: instant });
    const finish = (status: string) => run('AGENT', `mutation($id: ID!, $status: TaskStatus!) { finishTask(taskId: $id, status: $status, result: {ok: true}) { ${PAYLOAD} task { status result } } }`, { id: task.task.id, status });
    expect(await finish('RUNNING')).toMatchObject({ success: false, errors: [{ code: 'INVALID_INPUT', path: ['status'] }], task: { status: 'RUNNING' } });
    expect(await finish('COMPLETED')).toMatchObject({ success: true, task: { status: 'COMPLETED', result: { ok: true } } });
    expect(await finish('COMPLETED')).toMatchObject({ success: true });
    expect(await finish('FAILED')).toMatchObject({ success: false, errors: [{ code: 'INVALID_STATE' }], task: { status: 'COMPLETED' } });
    const report = (id: string) => run('AGENT', `mutation($id: ID!) { reportExecutionEvent(input: {sessionId: $id, agentName: "coder", type: "tool_call", metrics: {cost: 1}}) { ${PAYLOAD} directive intervention { id } } }`, { id });
    expect(await report(sessionId)).toEqual({ success: true, message: 'event recorded', errors: [], directive: 'CONTINUE', intervention: null });
    const completed = await run('AGENT', `mutation($id: ID!) { completeSession(sessionId: $id, result: [1, {two: 2}]) { ${PAYLOAD} session { status result } } }`, { id: sessionId });
    expect(completed.session).toEqual({ status: 'COMPLETED', result: [1, { two: 2 }] });
    expect(await report(sessionId)).toMatchObject({ success: false, directive: 'HALT', errors: [{ code: 'INVALID_STATE', message: 'the session is COMPLETED' }] });
  });

  test('an unknown runner is refused before anything is made', async () => {
    const refused = await run('AGENT', `mutation($teamId: ID!) { createSession(input: {teamId: $teamId, initialMessage: "go", runner: "nobody"}) { success errors { code } session { id } } }`, { teamId: world.teamId });
    expect(refused).toEqual({ success: false, errors: [{ code: 'INVALID_INPUT' }], session: null });
  });

  test('an intervention shows the whole of what was asked', async () => {
    const sessionId = await world.session();
    const asked = await run('AGENT', `mutation($input: RequestInterventionInput!) { requestIntervention(input: $input) { ${PAYLOAD} intervention {
      id type status agentName teamId sessionId session { id status currentIntervention { id } interventionPoints { interventionId agentName interventionType message options { id } timestamp } } context urgency message
      options { id label description value category metadata recommended disabled disabledReason } createdAt resolvedAt resolvedBy { id } resolution humanResponse { content }
      escalationLevel escalations { level } requiredRole claimedBy { id } timeout expiresAt autoContinue asyncMode trigger workstationUrl responseSchema delivery acknowledgedAt } } }`,
      { input: { sessionId, agentName: 'coder', type: 'RISK_ASSESSMENT', message: 'may I?', context: { risk: 'ß' }, urgency: 'HIGH', options: OPTIONS, timeout: 60, asyncMode: true, responseSchema: { type: 'object' } } });
    const { intervention } = asked;
    expect(intervention).toEqual({
      id, type: 'RISK_ASSESSMENT', status: 'PENDING', agentName: 'coder', teamId: world.teamId, sessionId,
      session: { id: sessionId, status: 'WAITING_FOR_HUMAN', currentIntervention: { id: intervention.id }, interventionPoints: [{ interventionId: intervention.id, agentName: 'coder', interventionType: 'RISK_ASSESSMENT', message: 'may I?', options: [{ id: 'a' }, { id: 'b' }, { id: 'up' }], timestamp: instant }] },
      context: { risk: 'ß' }, urgency: 'HIGH', message: 'may I?',
      options: [
        { id: 'a', label: 'Go', description: 'all of it', value: 'go', category: 'SELECTION', metadata: { speed: 2 }, recommended: true, disabled: false, disabledReason: null },
        { id: 'b', label: 'Wait', description: '', value: 'wait', category: 'SELECTION', metadata: {}, recommended: false, disabled: true, disabledReason: expect.any(String) },
        { id: 'up', label: 'Ask up', description: '', value: 'up', category: 'ESCALATION', metadata: { escalation_level: 2 }, recommended: false, disabled: false, disabledReason: null },
      ],
      createdAt: instant, resolvedAt: null, resolvedBy: null, resolution: null, humanResponse: null, escalationLevel: 0, escalations: [], requiredRole: 'OPERATOR', claimedBy: null,
      timeout: 60, expiresAt: new Date(app.clock.now().getTime() + 60_000).toISOString(), autoContinue: false, asyncMode: true, trigger: null,
      workstationUrl: `${app.url}/interventions/${intervention.id}`, responseSchema: { type: 'object' }, delivery: 'UNANSWERED', acknowledgedAt: null,
    });
  });

  test('behaviour 3.8: completing while waiting is refused, failing cancels what is pending', async () => {
    const sessionId = await world.session();
    const asked = await world.ask({ sessionId });
    const complete = await run('AGENT', `mutation($id: ID!) { completeSession(sessionId: $id) { ${PAYLOAD} session { status } } }`, { id: sessionId });
    expect(complete).toMatchObject({ success: false, errors: [{ code: 'INVALID_STATE' }], session: { status: 'WAITING_FOR_HUMAN' } });
    const failed = await run('AGENT', `mutation($id: ID!) { failSession(sessionId: $id, reason: "broken") { ${PAYLOAD} session { status failureReason currentIntervention { id } } } }`, { id: sessionId });
    expect(failed.session).toEqual({ status: 'FAILED', failureReason: 'broken', currentIntervention: null });
    expect(await resolve('OPERATOR', asked, { resolutionType: 'APPROVE' })).toMatchObject({ success: false, errors: [{ code: 'CANCELLED' }], intervention: { status: 'CANCELLED' } });
  });
});

describe('behaviour 4.3: answers', () => {
  test.each([
    [{ resolutionType: 'APPROVE', reasoning: 'fine' }, 'APPROVED', 'approve', 'fine'],
    [{ resolutionType: 'REJECT' }, 'REJECTED', 'reject', 'Rejected'],
    [{ resolutionType: 'MODIFY', modifications: { x: 1 } }, 'MODIFIED', 'modify', 'Approved with modifications'],
  ])('resolveIntervention %j', async (input, resolution, responseType, content) => {
    const sessionId = await world.session();
    const asked = await world.ask({ sessionId });
    expect(await resolve('OPERATOR', asked, input)).toEqual({
      success: true, message: 'intervention answered', errors: [], sessionId, interventionId: asked, resolution, sessionResumed: true,
      intervention: { id: asked, status: 'RESOLVED', resolution, requiredRole: 'OPERATOR', escalationLevel: 0, claimedBy: null, humanResponse: { responseType, content, respondedBy: { kind: 'USER', name: 'OPERATOR', role: 'OPERATOR' } } },
    });
  });

  test('MODIFY without modifications is refused and answers nothing', async () => {
    const asked = await world.ask();
    expect(await resolve('OPERATOR', asked, { resolutionType: 'MODIFY' })).toMatchObject({ success: false, errors: [{ code: 'INVALID_INPUT' }], resolution: null, sessionResumed: false, intervention: { status: 'PENDING' } });
  });

  test('ESCALATE leaves it pending and says ESCALATED', async () => {
    const asked = await world.ask();
    expect(await resolve('OPERATOR', asked, { resolutionType: 'ESCALATE', escalationLevel: 2 })).toMatchObject({ success: true, resolution: 'ESCALATED', sessionResumed: false, intervention: { status: 'PENDING', resolution: null, escalationLevel: 2, requiredRole: 'MANAGER' } });
    expect(await resolve('OPERATOR', asked, { resolutionType: 'APPROVE' })).toMatchObject({ success: false, errors: [{ code: 'FORBIDDEN', message: expect.stringContaining('MANAGER') }], intervention: { status: 'PENDING' } });
    expect(await resolve('ADMIN', asked, { resolutionType: 'APPROVE' })).toMatchObject({ success: true, resolution: 'APPROVED' });
  });

  test('behaviour 4.5: options are chosen, unknown and disabled ones refused, overridden from SUPERVISOR on, escalating ones escalate', async () => {
    const asked = await world.ask({ options: OPTIONS });
    expect(await select('OPERATOR', asked, { optionId: 'c' })).toMatchObject({ success: false, errors: [{ code: 'OPTION_NOT_FOUND', path: ['optionId'] }], selectedOption: null, sessionResumed: false, intervention: { status: 'PENDING' } });
    expect(await select('OPERATOR', asked, { optionId: 'b' })).toMatchObject({ success: false, errors: [{ code: 'OPTION_DISABLED', path: ['optionId'] }], selectedOption: null });
    expect(await select('OPERATOR', asked, { optionId: 'up' })).toMatchObject({ success: true, sessionResumed: false, intervention: { status: 'PENDING', escalationLevel: 2 } });
    expect(await select('MANAGER', asked, { optionId: 'b', customInput: 'until noon', reasoning: 'safer' })).toMatchObject({
      success: true, sessionResumed: true, selectedOption: { id: 'b', value: 'wait', disabled: true },
      intervention: { status: 'RESOLVED', resolution: 'OPTION_SELECTED', humanResponse: { responseType: 'select_option', content: 'Selected option: Wait' } },
    });
  });

  test.each([
    ['approve', 'APPROVED'], ['Reject', 'REJECTED'], ['modify', 'MODIFIED'], ['thoughts', 'RESPONDED'], ['auto_continue', 'RESPONDED'],
  ])('provideCustomResponse %s means %s', async (responseType, resolution) => {
    const asked = await world.ask();
    expect(await respond('OPERATOR', asked, { responseType, responseText: 'as I say', metadata: { k: 1 } })).toMatchObject({ success: true, message: 'response given', sessionResumed: true, intervention: { resolution, humanResponse: { content: 'as I say' } } });
  });

  test('behaviour 4.7: a form that was asked for must be filled in as its schema says', async () => {
    const responseSchema = { type: 'object', required: ['limit'], properties: { limit: { type: 'integer' } } };
    const asked = await world.ask({ responseSchema });
    const form = { responseType: 'approve', responseText: 'ok' };
    expect(await respond('OPERATOR', asked, form)).toMatchObject({ success: false, errors: [{ code: 'INVALID_INPUT', path: ['answer'] }] });
    expect(await respond('OPERATOR', asked, { ...form, answer: { limit: 'x' } })).toMatchObject({ success: false, errors: [{ code: 'INVALID_INPUT', path: ['answer', 'limit'] }], intervention: { status: 'PENDING' } });
    expect(await respond('OPERATOR', asked, { ...form, answer: { limit: 3 } })).toMatchObject({ success: true });
  });

  test('behaviour 4.11: escalating by hand climbs, refuses what is no climb, and ends', async () => {
    const asked = await world.ask();
    expect(await escalate('OPERATOR', asked, { reason: 'too big' })).toEqual({
      success: true, message: 'intervention escalated', errors: [], interventionId: asked, escalationLevel: 1, requiredRole: 'SUPERVISOR',
      intervention: expect.objectContaining({ id: asked, status: 'PENDING', escalationLevel: 1 }),
    });
    expect(await escalate('OPERATOR', asked, { reason: 'again', level: 1 })).toMatchObject({ success: false, errors: [{ code: 'INVALID_INPUT' }], escalationLevel: 1, requiredRole: 'SUPERVISOR' });
    expect(await escalate('OPERATOR', asked, { reason: 'again', level: 4 })).toMatchObject({ success: false, errors: [{ code: 'ESCALATION_EXHAUSTED' }] });
    expect(await escalate('OPERATOR', asked, { reason: ' ' })).toMatchObject({ success: false, errors: [{ code: 'INVALID_INPUT', path: ['escalation', 'reason'] }] });
  });

  test('behaviour 4.6: a claimed one is its claimer\'s, whom the message names', async () => {
    const asked = await world.ask();
    const other = (await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id, 'Olga')).secret;
    const by = (key: string, field: string) => app.graphql(key, `mutation($id: ID!) { result: ${field}(id: $id) { ${PAYLOAD} ${STANDING} } }`, { id: asked }).then(({ data }) => data.result);
    expect(await by(other, 'claimIntervention')).toMatchObject({ success: true, intervention: { claimedBy: { name: 'Olga' } } });
    const mine = await app.ok(other, '{ interventions(filter: {claimedByMe: true}) { totalCount nodes { id } } }');
    expect(mine.interventions).toEqual({ totalCount: 1, nodes: [{ id: asked }] });
    for (const refused of [await claim('OPERATOR', asked), await release('OPERATOR', asked), await resolve('OPERATOR', asked, { resolutionType: 'APPROVE' })])
      expect(refused).toMatchObject({ success: false, errors: [{ code: 'FORBIDDEN', message: 'claimed by Olga' }], intervention: { claimedBy: { name: 'Olga' } } });
    expect(await release('SUPERVISOR', asked)).toMatchObject({ success: true, intervention: { claimedBy: null } });
    expect(await claim('OPERATOR', asked)).toMatchObject({ success: true, message: 'intervention claimed' });
    expect(await by(other, 'releaseIntervention')).toMatchObject({ success: false });
  });

  test('behaviour 4.2: every later answer is told how it stands; the same once more gets the first result', async () => {
    const asked = await world.ask({ options: OPTIONS });
    const first = await resolve('OPERATOR', asked, { resolutionType: 'APPROVE', reasoning: 'yes' });
    expect(await resolve('OPERATOR', asked, { resolutionType: 'APPROVE', reasoning: 'yes' })).toEqual(first);
    const late = { success: false, errors: [{ code: 'ALREADY_RESOLVED' }], interventionId: asked, sessionResumed: false, intervention: { status: 'RESOLVED', resolution: 'APPROVED', humanResponse: { respondedBy: { name: 'OPERATOR' } } } };
    expect(await resolve('OPERATOR', asked, { resolutionType: 'APPROVE', reasoning: 'yes!' })).toMatchObject({ ...late, resolution: null });
    expect(await resolve('MANAGER', asked, { resolutionType: 'APPROVE', reasoning: 'yes' })).toMatchObject(late);
    expect(await select('OPERATOR', asked, { optionId: 'a' })).toMatchObject(late);
    expect(await respond('OPERATOR', asked, { responseType: 'approve', responseText: 'yes' })).toMatchObject(late);
    expect(await escalate('OPERATOR', asked, { reason: 'late' })).toMatchObject({ success: false, errors: [{ code: 'ALREADY_RESOLVED' }], intervention: { status: 'RESOLVED' } });
    for (const refused of [await claim('OPERATOR', asked), await release('OPERATOR', asked), await cancel(asked)]) expect(refused).toMatchObject({ success: false, errors: [{ code: 'ALREADY_RESOLVED' }], intervention: { status: 'RESOLVED' } });
  });

  test('behaviour 4.2: of 50 answers at once one wins, by whichever mutation', async () => {
    const asked = await world.ask({ options: OPTIONS });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) =>
      n % 3 === 0 ? resolve('OPERATOR', asked, { resolutionType: 'APPROVE', reasoning: `${n}` })
      : n % 3 === 1 ? select('SUPERVISOR', asked, { optionId: 'a', reasoning: `${n}` })
      : respond('ADMIN', asked, { responseType: 'reject', responseText: `${n}` })));
    const won = answers.filter(({ success }) => success);
    expect(won).toHaveLength(1);
    for (const { success, errors, intervention } of answers) {
      if (!success) expect(errors).toMatchObject([{ code: 'ALREADY_RESOLVED' }]);
      expect(intervention.humanResponse).toEqual(won[0].intervention.humanResponse);
    }
  });

  test('behaviour 4.13: acknowledging is refused before an answer, and once there is one says DELIVERED', async () => {
    const asked = await world.ask();
    const acknowledge = () => run('AGENT', `mutation($id: ID!) { acknowledgeResponse(interventionId: $id) { ${PAYLOAD} intervention { delivery acknowledgedAt } } }`, { id: asked });
    expect(await acknowledge()).toMatchObject({ success: false, errors: [{ code: 'INVALID_STATE' }], intervention: { delivery: 'UNANSWERED' } });
    await world.approve(asked);
    expect(await acknowledge()).toMatchObject({ success: true, intervention: { delivery: 'DELIVERED', acknowledgedAt: instant } });
    expect(await acknowledge()).toMatchObject({ success: true });
  });
});

describe('behaviour 3.6, 3.7: resuming', () => {
  test('sessionResumed is true exactly for the answer that ends the wait', async () => {
    const sessionId = await world.session();
    const [one, two] = [await world.ask({ sessionId }), await world.ask({ sessionId })];
    expect((await world.approve(two)).sessionResumed).toBe(false);
    expect((await world.approve(one)).sessionResumed).toBe(true);
  });

  test('resumeSession answers the oldest pending, by words or by an option', async () => {
    const sessionId = await world.session();
    const [one, two] = [await world.ask({ sessionId }), await world.ask({ sessionId, options: OPTIONS })];
    expect(await resume('OPERATOR', sessionId, { responseType: 'approve', content: 'go on' })).toMatchObject({ success: true, sessionId, session: { status: 'WAITING_FOR_HUMAN', context: { human_response: 'go on', approval_granted: true } } });
    expect(await resume('OPERATOR', sessionId, { responseType: 'x', content: 'take it', optionId: 'a' })).toMatchObject({ success: true, session: { status: 'ACTIVE', context: { response_type: 'select_option', selected_option: { id: 'a' }, speed: 2 } } });
    const { intervention } = await app.ok(world.keys.VIEWER, 'query($id: ID!) { intervention(id: $id) { resolution } }', { id: one });
    expect(intervention.resolution).toBe('APPROVED');
    expect((await app.ok(world.keys.VIEWER, 'query($id: ID!) { intervention(id: $id) { resolution } }', { id: two })).intervention.resolution).toBe('OPTION_SELECTED');
  });

  test('a session that waits for nothing is INVALID_STATE and shown as it stands', async () => {
    const sessionId = await world.session();
    expect(await resume('OPERATOR', sessionId, { responseType: 'approve', content: '' })).toMatchObject({ success: false, errors: [{ code: 'INVALID_STATE' }], sessionId, session: { id: sessionId, status: 'ACTIVE' } });
  });
});

describe('behaviour 2.8: idempotency keys', () => {
  const keyed: [string, Role, string, (key: string, other: boolean) => Promise<Variables>][] = [
    ['createProject', 'ADMIN', 'CreateProjectInput!', async (idempotencyKey, other) => ({ name: other ? 'other' : 'p', idempotencyKey })],
    ['createTeam', 'ADMIN', 'CreateTeamInput!', async (idempotencyKey, other) => ({ projectId: world.id, name: other ? 'other' : 't', idempotencyKey })],
    ['createApiKey', 'ADMIN', 'CreateApiKeyInput!', async (idempotencyKey, other) => ({ projectId: world.id, name: 'k', role: 'VIEWER', expiresAt: other ? '2031-01-01T00:00:00Z' : '2030-01-01T00:00:00Z', idempotencyKey })],
    ['createSession', 'AGENT', 'CreateSessionInput!', async (idempotencyKey, other) => ({ teamId: world.teamId, initialMessage: other ? 'b' : 'a', context: { b: 1, a: 2 }, idempotencyKey })],
  ];
  const shown: Record<string, string> = { createProject: 'project', createTeam: 'team', createApiKey: 'apiKey', createSession: 'session', requestIntervention: 'intervention', createTask: 'task' };

  async function repeated(field: string, role: Role, type: string, input: Variables, other: Variables) {
    const key = role === 'ADMIN' ? ADMIN_KEY : world.keys[role];
    const call = (value: Variables) => app.graphql(key, `mutation($input: ${type}) { result: ${field}(input: $input) { success errors { code path } ${shown[field]} { id } } }`, { input: value });
    const [first, atOnce] = await Promise.all([call(input), call(input)]);
    expect(first.data.result).toMatchObject({ success: true });
    expect(atOnce).toEqual(first);
    expect(await call(Object.fromEntries(Object.entries(input).reverse()))).toEqual(first);
    const reused = await call(other);
    expect(reused.data.result).toEqual({ success: false, errors: [{ code: 'IDEMPOTENCY_KEY_REUSED', path: ['idempotencyKey'] }], [shown[field]!]: null });
    for (const idempotencyKey of ['', 'k'.repeat(256)])
      expect((await call({ ...input, idempotencyKey })).data.result).toMatchObject({ success: false, errors: [{ code: 'INVALID_INPUT', path: ['idempotencyKey'] }] });
  }

  test.each(keyed)('%s: a repeat gets the first answer, other arguments are told', async (field, role, type, inputOf) => {
    await repeated(field, role, type, await inputOf('once', false), await inputOf('once', true));
  });

  test('a key made twice shows its secret once', async () => {
    const make = `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { ${PAYLOAD} secret apiKey { id } } }`;
    const input = { name: 'k', role: 'VIEWER', projectId: world.id, idempotencyKey: 'secret-once' };
    const first = (await app.ok(ADMIN_KEY, make, { input })).createApiKey;
    const again = (await app.ok(ADMIN_KEY, make, { input })).createApiKey;
    expect(again).toMatchObject({ success: true, secret: null, apiKey: first.apiKey, message: expect.stringContaining('earlier') });
    expect(first.secret).toEqual(expect.any(String));
  });

  test('requestIntervention, createTask, turns, reports and answers repeat nothing', async () => {
    const sessionId = await world.session();
    await repeated('requestIntervention', 'AGENT', 'RequestInterventionInput!', { sessionId, agentName: 'coder', type: 'DECISION', message: 'm', idempotencyKey: 'k' }, { sessionId, agentName: 'coder', type: 'DECISION', message: 'other', idempotencyKey: 'k' });
    await repeated('createTask', 'AGENT', 'CreateTaskInput!', { sessionId, agentName: 'coder', instructions: 'i', idempotencyKey: 'k' }, { sessionId, agentName: 'coder', instructions: 'other', idempotencyKey: 'k' });
    const turn = () => run('AGENT', 'mutation($id: ID!) { appendConversationTurn(sessionId: $id, turn: {agentName: "coder", input: "i", response: "r", idempotencyKey: "k"}) { success session { conversationHistory { input } tasks { id } interventionCount } } }', { id: sessionId });
    await turn();
    expect((await turn()).session).toMatchObject({ conversationHistory: [{ input: 'i' }], tasks: [expect.anything()], interventionCount: 1 });
    const report = () => run('AGENT', 'mutation($id: ID!) { reportExecutionEvent(input: {sessionId: $id, agentName: "coder", type: "t", idempotencyKey: "k"}) { success directive } }', { id: sessionId });
    expect(await report()).toEqual({ success: true, directive: 'CONTINUE' });
    expect(await report()).toEqual({ success: true, directive: 'CONTINUE' });
    const reports = await database().prisma.$queryRaw`SELECT data FROM events WHERE session_id = ${sessionId} AND type = 'execution_reported' UNION ALL SELECT data FROM unsealed_events WHERE session_id = ${sessionId} AND type = 'execution_reported'`;
    expect(reports).toHaveLength(1);
  });

  test('answers, escalations and resumptions: the first result again, also once it has moved on; refusals are not remembered', async () => {
    const asked = await world.ask();
    const level = { reason: 'up', idempotencyKey: 'up' };
    const escalated = await escalate('OPERATOR', asked, level);
    expect(await escalate('OPERATOR', asked, level)).toEqual(escalated);
    expect(await escalate('OPERATOR', asked, { ...level, reason: 'down' })).toMatchObject({ success: false, errors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }] });
    const approve = { resolutionType: 'APPROVE', idempotencyKey: 'answer' };
    expect(await resolve('OPERATOR', asked, approve)).toMatchObject({ success: false, errors: [{ code: 'FORBIDDEN' }] });
    const first = await resolve('SUPERVISOR', asked, approve);
    expect(first).toMatchObject({ success: true, sessionResumed: true });
    expect(await resolve('SUPERVISOR', asked, approve)).toEqual(first);
    const other = await world.ask();
    expect(await resolve('SUPERVISOR', other, approve)).toMatchObject({ success: false, errors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }] });
    const sessionId = await world.session();
    await world.ask({ sessionId });
    const words = { responseType: 'approve', content: 'ok', idempotencyKey: 'resume' };
    expect(await resume('OPERATOR', sessionId, words)).toMatchObject({ success: true, session: { status: 'ACTIVE' } });
    await world.ask({ sessionId });
    expect(await resume('OPERATOR', sessionId, words)).toMatchObject({ success: true, session: { status: 'WAITING_FOR_HUMAN' } });
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
