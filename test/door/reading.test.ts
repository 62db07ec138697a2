import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp, type Variables } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database() });
  world = await makeProject(app, ADMIN_KEY, 'reading');
});
afterAll(() => app.stop());

const codes = (answer: { errors?: { extensions: { code: string } }[] }) => answer.errors?.map(({ extensions }) => extensions.code);
const PAGE = `query($filter: InterventionFilter, $pagination: PaginationInput, $first: Int, $after: String, $last: Int, $before: String) {
  interventions(filter: $filter, pagination: $pagination, first: $first, after: $after, last: $last, before: $before) {
    nodes { id } edges { cursor node { id } } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

describe('behaviour 10.1: pages', () => {
  let ids: string[];
  let filter: Variables;
  beforeAll(async () => {
    const teamId = await world.team('pages');
    const sessionId = await world.session({ teamId });
    ids = [];
    for (let n = 0; n < 30; n++) ids.unshift(await world.ask({ sessionId }));
    filter = { teamId };
  });
  const page = async (variables: Variables) => {
    const { data, errors } = await app.graphql(world.keys.VIEWER, PAGE, { filter, ...variables });
    expect(errors).toBeUndefined();
    return data.interventions;
  };
  const nodes = async (variables: Variables) => (await page(variables)).nodes.map(({ id }: { id: string }) => id);

  test('left out, a page holds 25, newest first; edges, nodes and cursors agree', async () => {
    const first = await page({});
    expect(first.nodes.map(({ id }: any) => id)).toEqual(ids.slice(0, 25));
    expect(first.edges.map(({ node }: any) => node.id)).toEqual(ids.slice(0, 25));
    expect(first.totalCount).toBe(30);
    expect(first.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: false, startCursor: first.edges[0].cursor, endCursor: first.edges[24].cursor });
  });

  test('forward and backward meet every item once, in the list\'s order', async () => {
    const forward: string[] = [];
    for (let after: string | null = null; ; ) {
      const { nodes: some, pageInfo }: any = await page({ first: 7, after });
      forward.push(...some.map(({ id }: any) => id));
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(forward).toEqual(ids);
    const backward: string[] = [];
    for (let before: string | null = null; ; ) {
      const { nodes: some, pageInfo }: any = await page({ last: 7, before });
      backward.unshift(...some.map(({ id }: any) => id));
      expect(pageInfo.hasNextPage).toBe(before !== null);
      if (!pageInfo.hasPreviousPage) break;
      before = pageInfo.startCursor;
    }
    expect(backward).toEqual(ids);
  });

  test('by number, with the count of all', async () => {
    expect(await nodes({ pagination: { limit: 10, offset: 25 } })).toEqual(ids.slice(25));
    expect(await nodes({ pagination: {} })).toEqual(ids.slice(0, 25));
    expect(await nodes({ pagination: { offset: 500 } })).toEqual([]);
    expect((await page({ pagination: { limit: 10, offset: 10 } })).pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  });

  test('an item that comes while paging shifts nothing', async () => {
    const { pageInfo } = await page({ first: 3 });
    const sessionId = await world.session({ teamId: filter['teamId'] });
    const late = await world.ask({ sessionId });
    expect(await nodes({ first: 3, after: pageInfo.endCursor })).toEqual(ids.slice(3, 6));
    await app.ok(world.keys.AGENT, 'mutation($id: ID!) { cancelIntervention(id: $id) { success } }', { id: late });
  });

  test.each<[string, Variables]>([
    ['first 0', { first: 0 }],
    ['first 101', { first: 101 }],
    ['first -1', { first: -1 }],
    ['last 0', { last: 0 }],
    ['last 101', { last: 101 }],
    ['limit 0', { pagination: { limit: 0 } }],
    ['limit 101', { pagination: { limit: 101 } }],
    ['offset -1', { pagination: { offset: -1 } }],
    ['offset beyond reason', { pagination: { offset: 2_000_000_000 } }],
    ['forward and backward', { first: 1, last: 1 }],
    ['after and before', { after: 'intervention_00000000000000000000000000', before: 'intervention_00000000000000000000000000' }],
    ['first and pagination', { first: 1, pagination: { limit: 1 } }],
    ['a cursor of another list', { after: 'session_00000000000000000000000000' }],
    ['a cursor of nothing', { after: 'x' }],
    ['an empty cursor', { before: '' }],
    ['a cursor of SQL', { after: "' OR 1=1 --" }],
  ])('%s is BAD_USER_INPUT', async (_, variables) => {
    expect(codes(await app.graphql(world.keys.VIEWER, PAGE, variables))).toEqual(['BAD_USER_INPUT']);
  });

  test('sessions and a session\'s interventions page the same way', async () => {
    const sessions = await app.ok(world.keys.VIEWER, 'query($id: ID!) { sessions(teamId: $id, first: 1) { nodes { id interventions(first: 2) { nodes { id } totalCount pageInfo { endCursor } } } pageInfo { hasNextPage endCursor } totalCount } }', { id: filter['teamId'] });
    expect(sessions.sessions.totalCount).toBe(2);
    const next = await app.ok(world.keys.VIEWER, 'query($id: ID!, $after: String) { sessions(teamId: $id, first: 1, after: $after) { nodes { interventions(last: 2) { nodes { id } totalCount } } pageInfo { hasNextPage } } }', { id: filter['teamId'], after: sessions.sessions.pageInfo.endCursor });
    expect(next.sessions).toEqual({ nodes: [{ interventions: { nodes: ids.slice(-2).map((id) => ({ id })), totalCount: 30 } }], pageInfo: { hasNextPage: false } });
  });
});

describe('filters', () => {
  let teamId: string;
  let asked: Record<string, string>;
  let sessions: { one: string; two: string };
  beforeAll(async () => {
    teamId = await world.team('filters');
    sessions = { one: await world.session({ teamId }), two: await world.session({ teamId }) };
    const ask = async (input: Variables) => {
      const id = await world.ask(input);
      app.clock.advance(1);
      return id;
    };
    asked = {
      deploy: await ask({ sessionId: sessions.one, message: 'Deploy to production?', urgency: 'CRITICAL', type: 'APPROVAL', agentName: 'deployer' }),
      quality: await ask({ sessionId: sessions.one, message: 'Qualität prüfen: наука 科学 🚀', urgency: 'LOW', type: 'QUALITY_REVIEW' }),
      quote: await ask({ sessionId: sessions.two, message: `it's 100% "quoted" \\ & | ! <-> :* sql; DROP TABLE interventions; --` }),
      answered: await ask({ sessionId: sessions.two, message: 'deploy to staging?', urgency: 'HIGH' }),
    };
    await world.approve(asked['answered']!);
  });
  const found = async (filter: Variables) => {
    const { interventions } = await app.ok(world.keys.OPERATOR, 'query($filter: InterventionFilter) { interventions(filter: $filter) { totalCount nodes { id } } }', { filter: { teamId, ...filter } });
    expect(interventions.totalCount).toBe(interventions.nodes.length);
    return interventions.nodes.map(({ id }: any) => Object.keys(asked).find((name) => asked[name] === id)).sort();
  };

  test('each alone', async () => {
    expect(await found({ status: ['PENDING'] })).toEqual(['deploy', 'quality', 'quote']);
    expect(await found({ status: ['RESOLVED', 'TIMEOUT'] })).toEqual(['answered']);
    expect(await found({ status: [] })).toEqual([]);
    expect(await found({ type: ['APPROVAL', 'QUALITY_REVIEW'] })).toEqual(['deploy', 'quality']);
    expect(await found({ urgency: ['CRITICAL'] })).toEqual(['deploy']);
    expect(await found({ sessionId: sessions.two })).toEqual(['answered', 'quote']);
    expect(await found({ agentName: 'deployer' })).toEqual(['deploy']);
    expect(await found({ agentName: 'deploye' })).toEqual([]);
    expect(await found({ projectId: world.id })).toHaveLength(4);
    expect(await found({ claimedByMe: false })).toHaveLength(4);
    expect(await found({ claimedByMe: true })).toEqual([]);
    expect(await found({ status: null, createdAt: null, search: null })).toHaveLength(4);
  });

  test('a time range holds its beginning and not its end', async () => {
    const { intervention } = await app.ok(world.keys.VIEWER, 'query($id: ID!) { intervention(id: $id) { createdAt } }', { id: asked['quality'] });
    const at = new Date(intervention.createdAt);
    const plus = (ms: number) => new Date(at.getTime() + ms).toISOString();
    expect(await found({ createdAt: { from: plus(0), to: plus(1) } })).toEqual(['quality']);
    expect(await found({ createdAt: { to: plus(0) } })).toEqual(['deploy']);
    expect(await found({ createdAt: { from: plus(1) } })).toEqual(['answered', 'quote']);
    expect(await found({ createdAt: { from: plus(1), to: plus(0) } })).toEqual([]);
  });

  test('all that is given must hold', async () => {
    expect(await found({ status: ['PENDING'], urgency: ['CRITICAL', 'LOW'], sessionId: sessions.one, search: 'deploy' })).toEqual(['deploy']);
    expect(await found({ status: ['RESOLVED'], agentName: 'deployer' })).toEqual([]);
  });

  test.each([
    ['deploy', ['answered', 'deploy']],
    ['DEPLOY production', ['deploy']],
    ['"to staging"', ['answered']],
    ['"staging to"', []],
    ['production or staging', ['answered', 'deploy']],
    ['deploy -staging', ['deploy']],
    ['deployer', ['deploy']],
    ['Qualität', ['quality']],
    ['наука', ['quality']],
    ['科学', ['quality']],
    ["it's", ['quote']],
    ['interventions', ['quote']],
    ['', ['answered', 'deploy', 'quality', 'quote']],
    ['   ', ['answered', 'deploy', 'quality', 'quote']],
    ["'; DROP TABLE interventions; --", ['quote']],
    ["' OR '1'='1", []],
    ['!!! & | <-> ( :* \\', []],
    ['"unclosed', []],
    ['-', []],
    ['or or or', []],
    ['%', []],
    ['deploy:*', ['answered', 'deploy']],
    ['a b '.repeat(250), []],
    ['🚀'.repeat(100), []],
  ])('search %.40s', async (search, expected) => {
    expect(await found({ search })).toEqual(expected);
  });

  test('a search of more than 1,000 characters is BAD_USER_INPUT: the engine would take seconds over it', async () => {
    const answer = await app.graphql(world.keys.VIEWER, PAGE, { filter: { search: 'wort '.repeat(201) } });
    expect(answer.errors).toMatchObject([{ message: 'search must have at most 1000 characters', extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test('the plain lists hold the newest, newest first', async () => {
    const { teamInterventions, sessionInterventions } = await app.ok(world.keys.VIEWER, 'query($team: ID!, $session: ID!) { teamInterventions(teamId: $team) { id } sessionInterventions(sessionId: $session) { id } }', { team: teamId, session: sessions.one });
    expect(teamInterventions.map(({ id }: any) => id)).toEqual([asked['answered'], asked['quote'], asked['quality'], asked['deploy']]);
    expect(sessionInterventions.map(({ id }: any) => id)).toEqual([asked['quality'], asked['deploy']]);
  });
});

describe('numbers', () => {
  test('interventionStats agree with numbers counted by hand', async () => {
    const teamId = await world.team('stats');
    const from = app.clock.now();
    const sessionId = await world.session({ teamId });
    const ask = (input: Variables = {}) => world.ask({ sessionId, timeout: 3600, ...input });
    // Answered after 10, 20, 30 and 100 seconds.
    const four = [await ask(), await ask({ urgency: 'HIGH' }), await ask({ type: 'APPROVAL' }), await ask({ type: 'APPROVAL' })];
    const [cancelled, escalated] = [await ask(), await ask()];
    await app.ok(world.keys.OPERATOR, 'mutation($id: ID!) { escalateIntervention(id: $id, escalation: {reason: "r"}) { success } }', { id: escalated });
    await app.ok(world.keys.AGENT, 'mutation($id: ID!) { cancelIntervention(id: $id) { success } }', { id: cancelled });
    for (const [at, seconds] of [10, 10, 10, 70].entries()) {
      app.clock.advance(seconds);
      await world.approve(four[at]!);
    }
    const stats = (timeRange?: object) =>
      app.ok(world.keys.VIEWER, `query($id: ID!, $timeRange: TimeRangeInput) { interventionStats(teamId: $id, timeRange: $timeRange) { total pending resolved timedOut cancelled escalated autoContinued
        byType { key count } byUrgency { key count } byResolution { key count } averageResolutionTime medianResolutionTime p95ResolutionTime } }`, { id: teamId, timeRange }).then(({ interventionStats }) => interventionStats);
    expect(await stats()).toEqual({
      total: 6, pending: 1, resolved: 4, timedOut: 0, cancelled: 1, escalated: 1, autoContinued: 0,
      byType: [{ key: 'DECISION', count: 4 }, { key: 'APPROVAL', count: 2 }],
      byUrgency: [{ key: 'NORMAL', count: 5 }, { key: 'HIGH', count: 1 }],
      byResolution: [{ key: 'APPROVED', count: 4 }],
      averageResolutionTime: 40, medianResolutionTime: 25, p95ResolutionTime: expect.closeTo(89.5, 6),
    });
    const nothing = { total: 0, pending: 0, resolved: 0, timedOut: 0, cancelled: 0, escalated: 0, autoContinued: 0, byType: [], byUrgency: [], byResolution: [], averageResolutionTime: null, medianResolutionTime: null, p95ResolutionTime: null };
    expect(await stats({ to: from.toISOString() })).toEqual(nothing);
    expect((await stats({ from: from.toISOString() })).total).toBe(6);
  });

  test('a team\'s status counts what lives, and shows what its agents do', async () => {
    const teamId = await world.team('status');
    const [active, waiting, ended] = [await world.session({ teamId }), await world.session({ teamId }), await world.session({ teamId })];
    await world.ask({ sessionId: waiting, agentName: 'asker' });
    const other = await world.ask({ sessionId: waiting, agentName: 'asker' });
    await world.approve(other);
    await app.ok(world.keys.AGENT, 'mutation($id: ID!) { reportExecutionEvent(input: {sessionId: $id, agentName: "worker", type: "t"}) { success } }', { id: active });
    await app.ok(world.keys.AGENT, 'mutation($id: ID!) { a: createTask(input: {sessionId: $id, agentName: "breaker", agentType: TESTER, instructions: "i"}) { success } b: failSession(sessionId: $id, reason: "r") { success } }', { id: ended });
    const { team } = await app.ok(world.keys.AGENT, 'query($id: ID!) { team(id: $id) { status { teamId activeSessions waitingSessions pendingInterventions updatedAt agents { name } } agents { id name type status lastActivity } } }', { id: teamId });
    expect(team.status).toEqual({ teamId, activeSessions: 1, waitingSessions: 1, pendingInterventions: 1, updatedAt: app.clock.now().toISOString(), agents: ['asker', 'breaker', 'worker'].map((name) => ({ name })) });
    expect(team.agents).toMatchObject([
      { name: 'asker', type: 'CUSTOM', status: 'WAITING_FOR_HITL' },
      { name: 'breaker', type: 'TESTER', status: 'ERROR' },
      { name: 'worker', type: 'CUSTOM', status: 'WORKING' },
    ]);
  });
});

describe('node', () => {
  test('finds every type by its id, as that type', async () => {
    const id = await world.ask();
    const task = await world.task();
    await world.approve(id);
    const { intervention } = await app.ok(ADMIN_KEY, 'query($id: ID!) { intervention(id: $id) { resolvedBy { id } session { id team { id agents { id } project { id } } } } }', { id });
    const { createApiKey } = await app.ok(ADMIN_KEY, 'mutation { createApiKey(input: {name: "k", role: AGENT}) { success apiKey { id } } }');
    const nodes = {
      Intervention: id,
      Task: task,
      User: intervention.resolvedBy.id,
      Session: intervention.session.id,
      Team: intervention.session.team.id,
      Agent: intervention.session.team.agents[0].id,
      Project: intervention.session.team.project.id,
      ApiKey: createApiKey.apiKey.id,
    };
    for (const [__typename, nodeId] of Object.entries(nodes)) {
      const { node } = await app.ok(ADMIN_KEY, `query($id: ID!) { node(id: $id) { __typename id ... on ${__typename} { typed: id } } }`, { id: nodeId });
      expect(node).toEqual({ __typename, id: nodeId, typed: nodeId });
    }
  });

  test('a turn has an id and is no node', async () => {
    const { node } = await app.ok(ADMIN_KEY, '{ node(id: "turn_01h455vb4pex5vsknk084sn02q") { id } }');
    expect(node).toBeNull();
  });
});
