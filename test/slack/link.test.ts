import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeKey, makeProject, type TestWorld } from '../support/world.ts';

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
beforeAll(async () => {
  app = await startApp({ database: database(), clock: database().clock });
  world = await makeProject(app, ADMIN_KEY, 'links');
});
afterAll(() => app.stop());

const LINK =
  'mutation($input: LinkSlackUserInput!) { linkSlackUser(input: $input) { success message errors { code path } slackUser { id slackTeamId slackUserId apiKeyId projectId createdAt } } }';
const link = async (key: string, input: object) =>
  (
    await app.graphql(key, LINK, {
      input: { slackTeamId: 'T0123456789', slackUserId: 'U0123456789', ...input },
    })
  ).data.linkSlackUser;
const listed = async (key: string, projectId?: string) =>
  (
    await app.ok(
      key,
      'query($id: ID) { slackUsers(projectId: $id, first: 100) { totalCount nodes { id apiKeyId projectId } } }',
      { id: projectId },
    )
  ).slackUsers;

describe('a Slack user (8.7)', () => {
  test('is linked to one key in each project and one of every project; another takes its place, with an event', async () => {
    const [first, second, all] = [
      await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id),
      await makeKey(app, ADMIN_KEY, 'SUPERVISOR', world.id),
      await makeKey(app, ADMIN_KEY, 'OPERATOR', null),
    ];
    const made = await link(world.keys.ADMIN, { apiKeyId: first.id });
    expect(made).toMatchObject({
      success: true,
      slackUser: { slackTeamId: 'T0123456789', apiKeyId: first.id, projectId: world.id },
    });
    const { id } = made.slackUser;
    expect((await link(world.keys.ADMIN, { apiKeyId: first.id })).slackUser.id).toBe(id);
    expect((await link(world.keys.ADMIN, { apiKeyId: second.id })).slackUser).toMatchObject({
      id,
      apiKeyId: second.id,
    });
    const everywhere = await link(ADMIN_KEY, { apiKeyId: all.id });
    expect(everywhere.slackUser).toMatchObject({ apiKeyId: all.id, projectId: null });
    expect(await listed(world.keys.ADMIN)).toMatchObject({
      totalCount: 1,
      nodes: [{ id, apiKeyId: second.id }],
    });
    expect((await listed(ADMIN_KEY)).nodes.map((node: any) => node.id)).toEqual([
      everywhere.slackUser.id,
      id,
    ]);
    const unlinked = await app.ok(
      world.keys.ADMIN,
      'mutation($id: ID!) { unlinkSlackUser(id: $id) { success message errors { code } slackUser { id } } }',
      { id },
    );
    expect(unlinked.unlinkSlackUser.slackUser.id).toBe(id);
    expect((await listed(world.keys.ADMIN)).totalCount).toBe(0);
    await until('the log tells', async () => {
      const { events } = await app.ok(
        world.keys.VIEWER,
        'query($id: ID!) { events(filter: {subjectId: $id}) { nodes { type data } } }',
        { id },
      );
      return (
        JSON.stringify(
          events.nodes.map(({ type, data }: any) => [type, data.apiKeyId, data.previousApiKeyId]),
        ) ===
        JSON.stringify([
          ['slack_user_linked', first.id, null],
          ['slack_user_linked', second.id, first.id],
          ['slack_user_unlinked', second.id, undefined],
        ])
      );
    });
  });

  test('is linked once by a request that is repeated under its key (2.8)', async () => {
    const key = await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id);
    const input = { apiKeyId: key.id, slackUserId: 'U0REPEATED', idempotencyKey: 'once' };
    const [a, b] = [await link(world.keys.ADMIN, input), await link(world.keys.ADMIN, input)];
    expect(b.slackUser.id).toBe(a.slackUser.id);
    expect((await link(world.keys.ADMIN, { ...input, slackUserId: 'U0OTHER' })).errors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
  });

  test('is linked at once by several who all name the same key, as one', async () => {
    const key = await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id);
    const input = { apiKeyId: key.id, slackUserId: 'U0ATONCE' };
    const all = await Promise.all([1, 2, 3, 4].map(() => link(world.keys.ADMIN, input)));
    expect(new Set(all.map(({ slackUser }) => slackUser.id)).size).toBe(1);
  });

  test('is not linked to a key that answers nothing, is over or out of sight; ids are checked by name', async () => {
    const agent = await makeKey(app, ADMIN_KEY, 'AGENT', world.id);
    const revoked = await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id);
    await app.ok(
      ADMIN_KEY,
      'mutation($id: ID!) { revokeApiKey(id: $id) { success message errors { code } } }',
      {
        id: revoked.id,
      },
    );
    const expired = await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id);
    await database().prisma.apiKey.update({
      where: { id: expired.id },
      data: { expiresAt: database().clock.now() },
    });
    const everywhere = await makeKey(app, ADMIN_KEY, 'OPERATOR', null);
    const good = await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id);
    for (const [input, code, path] of [
      [{ apiKeyId: agent.id }, 'INVALID_INPUT', 'apiKeyId'],
      [{ apiKeyId: revoked.id }, 'INVALID_STATE', 'apiKeyId'],
      [{ apiKeyId: expired.id }, 'INVALID_STATE', 'apiKeyId'],
      [{ apiKeyId: everywhere.id }, 'NOT_FOUND', 'apiKeyId'],
      [{ apiKeyId: 'key_none' }, 'NOT_FOUND', 'apiKeyId'],
      [{ apiKeyId: good.id, slackTeamId: 'acme' }, 'INVALID_INPUT', 'slackTeamId'],
      [{ apiKeyId: good.id, slackUserId: '@ada' }, 'INVALID_INPUT', 'slackUserId'],
      [{ apiKeyId: good.id, slackUserId: 'T0123456789' }, 'INVALID_INPUT', 'slackUserId'],
    ] as const)
      expect(await link(world.keys.ADMIN, input)).toMatchObject({
        success: false,
        errors: [{ code, path: [path] }],
        slackUser: null,
      });
    expect((await listed(world.keys.ADMIN)).nodes.map((node: any) => node.apiKeyId)).not.toContain(good.id);
  });
});
