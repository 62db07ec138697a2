import { afterEach, expect, test } from 'vitest';
import { exportEvents } from '../../src/events/export.ts';
import { readAudited } from '../../src/supervision/audited.ts';
import { readRetention, RETENTION_DAYS } from '../../src/supervision/retention.ts';
import { SECRET } from '../notifications/receiver.ts';
import { withNotifications } from '../notifications/house.ts';
import { seedTeam } from '../support/house.ts';

const notifications = withNotifications();
const { scene, database, configure } = notifications;
afterEach(() => database().prisma.notificationDelivery.deleteMany());

const another = async (projectId: string) => {
  const { ids, clock } = scene.house.deps;
  const data = { id: ids.next('team'), projectId, name: 'another', createdAt: clock.now() };
  return (await database().prisma.team.create({ data: { ...data, queue: { create: {} } } })).id;
};

test('keeps what the longest of a project’s teams asks for (9.2)', async () => {
  const { projectId, teamId } = scene.team;
  const days = async () => (await readRetention(database().prisma)).of(projectId);
  expect(await days()).toBe(RETENTION_DAYS);
  await configure({ audit: { retention_days: 7 } });
  expect(await days()).toBe(7);
  const second = await another(projectId);
  expect(await days()).toBe(RETENTION_DAYS);
  await configure({ audit: { retention_days: 400 } }, second);
  expect(await days()).toBe(400);
  // What was set by an earlier version holds no more; what is set where supervision is off does.
  await configure({ enabled: false, audit: { retention_days: 30 } }, second);
  expect(await days()).toBe(30);
  expect(await days()).not.toBe((await readRetention(database().prisma)).of('project_unknown'));
  const elsewhere = await seedTeam(scene.house);
  await configure({ audit: { retention_days: 20_000 } }, teamId);
  const retention = await readRetention(database().prisma);
  expect([projectId, elsewhere.projectId, null].map((id) => retention.of(id))).toEqual([
    20_000,
    RETENTION_DAYS,
    20_000,
  ]);
});

test('keeps on record what it names, in exports and reports alone (8.2)', async () => {
  const events = ['intervention_required', 'intervention_resolved'];
  const channels = [{ type: 'webhook', events, webhook_url: 'https://example.com/', secret: SECRET }];
  const asksAndAnswers = async () => {
    await scene.act.resolve(await notifications.ask());
    await notifications.plan();
    return (await notifications.rows()).map(({ name }) => name);
  };
  const { projectId, teamId } = scene.team;
  const exported = async (all = false) => {
    const { prisma } = database();
    const types: string[] = [];
    const audited = all ? new Map<string, never>() : await readAudited(prisma);
    for await (const page of exportEvents(prisma, { projectId }, audited))
      types.push(...page.map(({ type }) => type));
    return types;
  };

  await configure({
    notifications: { channels },
    audit: { events: ['intervention_requested', 'human_override'] },
  });
  expect(await asksAndAnswers()).toEqual(['intervention_required']);
  expect(new Set(await exported())).toEqual(new Set(['intervention_requested']));
  expect(await exported(true)).toEqual(
    expect.arrayContaining(['configuration_changed', 'intervention_resolved']),
  );

  await configure({ notifications: { channels }, audit: { events: ['intervention_resolved'] } });
  expect((await asksAndAnswers()).slice(1)).toEqual(['intervention_required', 'intervention_resolved']);
  expect(new Set(await exported())).toEqual(new Set(['intervention_resolved']));

  // Nothing in force, nothing left out.
  await configure({ enabled: false, audit: { events: [] } });
  expect((await readAudited(database().prisma)).has(teamId)).toBe(false);
  expect(await exported()).toEqual(await exported(true));
});

test.each([
  [{ retention_days: 0 }, 'must be a whole number from 1 to 36500'],
  [{ retention_days: 'long' }, 'must be a whole number from 1 to 36500'],
  [{ events: ['intervention_requested', 'everything'] }, 'must be one of project_created'],
])('refuses what it cannot keep: %j', async (audit, message) => {
  await expect(configure({ audit })).rejects.toThrow(message);
});
