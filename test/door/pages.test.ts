import { beforeAll, describe, expect, test } from 'vitest';
import type { Variables } from '../support/app.ts';
import { app, world } from './desk.ts';

const codes = (answer: { errors?: { extensions: { code: string } }[] }) =>
  answer.errors?.map(({ extensions }) => extensions.code);
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
  const nodes = async (variables: Variables) =>
    (await page(variables)).nodes.map(({ id }: { id: string }) => id);

  test('left out, a page holds 25, newest first; edges, nodes and cursors agree', async () => {
    const first = await page({});
    expect(first.nodes.map(({ id }: any) => id)).toEqual(ids.slice(0, 25));
    expect(first.edges.map(({ node }: any) => node.id)).toEqual(ids.slice(0, 25));
    expect(first.totalCount).toBe(30);
    expect(first.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: first.edges[0].cursor,
      endCursor: first.edges[24].cursor,
    });
  });

  test("forward and backward meet every item once, in the list's order", async () => {
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
    expect((await page({ pagination: { limit: 10, offset: 10 } })).pageInfo).toMatchObject({
      hasNextPage: true,
      hasPreviousPage: true,
    });
  });

  test('an item that comes while paging shifts nothing', async () => {
    const { pageInfo } = await page({ first: 3 });
    const sessionId = await world.session({ teamId: filter['teamId'] });
    const late = await world.ask({ sessionId });
    expect(await nodes({ first: 3, after: pageInfo.endCursor })).toEqual(ids.slice(3, 6));
    await app.ok(world.keys.AGENT, 'mutation($id: ID!) { cancelIntervention(id: $id) { success } }', {
      id: late,
    });
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
    [
      'after and before',
      { after: 'intervention_00000000000000000000000000', before: 'intervention_00000000000000000000000000' },
    ],
    ['first and pagination', { first: 1, pagination: { limit: 1 } }],
    ['a cursor of another list', { after: 'session_00000000000000000000000000' }],
    ['a cursor of nothing', { after: 'x' }],
    ['an empty cursor', { before: '' }],
    ['a cursor of SQL', { after: "' OR 1=1 --" }],
  ])('%s is BAD_USER_INPUT', async (_, variables) => {
    expect(codes(await app.graphql(world.keys.VIEWER, PAGE, variables))).toEqual(['BAD_USER_INPUT']);
  });

  test("sessions and a session's interventions page the same way", async () => {
    const sessions = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { sessions(teamId: $id, first: 1) { nodes { id interventions(first: 2) { nodes { id } totalCount pageInfo { endCursor } } } pageInfo { hasNextPage endCursor } totalCount } }',
      { id: filter['teamId'] },
    );
    expect(sessions.sessions.totalCount).toBe(2);
    const next = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!, $after: String) { sessions(teamId: $id, first: 1, after: $after) { nodes { interventions(last: 2) { nodes { id } totalCount } } pageInfo { hasNextPage } } }',
      { id: filter['teamId'], after: sessions.sessions.pageInfo.endCursor },
    );
    expect(next.sessions).toEqual({
      nodes: [{ interventions: { nodes: ids.slice(-2).map((id) => ({ id })), totalCount: 30 } }],
      pageInfo: { hasNextPage: false },
    });
  });
});
