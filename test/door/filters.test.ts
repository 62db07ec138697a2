import { beforeAll, describe, expect, test } from 'vitest';
import type { Variables } from '../support/app.ts';
import { app, world } from './desk.ts';

const PAGE = `query($filter: InterventionFilter, $pagination: PaginationInput, $first: Int, $after: String, $last: Int, $before: String) {
  interventions(filter: $filter, pagination: $pagination, first: $first, after: $after, last: $last, before: $before) {
    nodes { id } edges { cursor node { id } } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

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
      deploy: await ask({
        sessionId: sessions.one,
        message: 'Deploy to production?',
        urgency: 'CRITICAL',
        type: 'APPROVAL',
        agentName: 'deployer',
      }),
      quality: await ask({
        sessionId: sessions.one,
        message: 'Qualität prüfen: наука 科学 🚀',
        urgency: 'LOW',
        type: 'QUALITY_REVIEW',
      }),
      quote: await ask({
        sessionId: sessions.two,
        message: `it's 100% "quoted" \\ & | ! <-> :* sql; DROP TABLE interventions; --`,
      }),
      answered: await ask({ sessionId: sessions.two, message: 'deploy to staging?', urgency: 'HIGH' }),
    };
    await world.approve(asked['answered']!);
  });
  const found = async (filter: Variables) => {
    const { interventions } = await app.ok(
      world.keys.OPERATOR,
      'query($filter: InterventionFilter) { interventions(filter: $filter) { totalCount nodes { id } } }',
      { filter: { teamId, ...filter } },
    );
    expect(interventions.totalCount).toBe(interventions.nodes.length);
    return interventions.nodes
      .map(({ id }: any) => Object.keys(asked).find((name) => asked[name] === id))
      .sort();
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
    const { intervention } = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { intervention(id: $id) { createdAt } }',
      { id: asked['quality'] },
    );
    const at = new Date(intervention.createdAt);
    const plus = (ms: number) => new Date(at.getTime() + ms).toISOString();
    expect(await found({ createdAt: { from: plus(0), to: plus(1) } })).toEqual(['quality']);
    expect(await found({ createdAt: { to: plus(0) } })).toEqual(['deploy']);
    expect(await found({ createdAt: { from: plus(1) } })).toEqual(['answered', 'quote']);
    expect(await found({ createdAt: { from: plus(1), to: plus(0) } })).toEqual([]);
  });

  test('all that is given must hold', async () => {
    expect(
      await found({
        status: ['PENDING'],
        urgency: ['CRITICAL', 'LOW'],
        sessionId: sessions.one,
        search: 'deploy',
      }),
    ).toEqual(['deploy']);
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
    expect(answer.errors).toMatchObject([
      { message: 'search must have at most 1000 characters', extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });

  test('the plain lists hold the newest, newest first', async () => {
    const { teamInterventions, sessionInterventions } = await app.ok(
      world.keys.VIEWER,
      'query($team: ID!, $session: ID!) { teamInterventions(teamId: $team) { id } sessionInterventions(sessionId: $session) { id } }',
      { team: teamId, session: sessions.one },
    );
    expect(teamInterventions.map(({ id }: any) => id)).toEqual([
      asked['answered'],
      asked['quote'],
      asked['quality'],
      asked['deploy'],
    ]);
    expect(sessionInterventions.map(({ id }: any) => id)).toEqual([asked['quality'], asked['deploy']]);
  });
});
