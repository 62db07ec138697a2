import { afterEach, expect, test } from 'vitest';
import { AT_ONCE, createPruning, KEPT_DAYS } from '../../src/notifications/prune.ts';
import { withNotifications } from './house.ts';

const { scene, database, clock, rows } = withNotifications();
afterEach(() => database().prisma.notificationDelivery.deleteMany());

const DAY = 24 * 3_600_000;
const made = (days: number, more: object = {}) => {
  const { ids } = scene.house.deps;
  const createdAt = new Date(clock().now().getTime() - days * DAY);
  return {
    id: ids.next('delivery'),
    projectId: scene.team.projectId,
    teamId: scene.team.teamId,
    version: 1,
    place: 0,
    channel: 'WEBHOOK' as const,
    name: 'timeout',
    eventId: ids.next('event'),
    eventPosition: 1n,
    subjectId: 'intervention_1',
    destination: 'd',
    critical: false,
    status: 'DELIVERED' as const,
    deliveredAt: createdAt,
    createdAt,
    ...more,
  };
};
const prune = () => createPruning({ prisma: database().prisma, clock: clock() }).run(clock().now());

test('what was over long ago is taken away; what was given up, is on its way or was delivered lately is kept', async () => {
  const kept = [
    made(KEPT_DAYS - 1),
    made(KEPT_DAYS + 1, { status: 'DEAD', deliveredAt: null }),
    made(KEPT_DAYS + 1, { status: 'PENDING', deliveredAt: null }),
    made(KEPT_DAYS + 1, { status: 'WAITING_FOR_PLACE', deliveredAt: null }),
    made(KEPT_DAYS + 1, { deliveredAt: clock().now() }),
  ];
  const old = [made(KEPT_DAYS + 1), made(KEPT_DAYS + 1, { status: 'CANCELLED', deliveredAt: null })];
  await database().prisma.notificationDelivery.createMany({ data: [...kept, ...old] });
  const { again, next } = await prune();
  expect((await rows()).map(({ id }) => id)).toEqual(kept.map(({ id }) => id));
  expect([again, next]).toEqual([false, new Date(clock().now().getTime() + 600_000)]);
});

test('so many at once, and again until none is left', async () => {
  const data = Array.from({ length: AT_ONCE + 1 }, () => made(KEPT_DAYS + 1));
  await database().prisma.notificationDelivery.createMany({ data });
  expect(await prune()).toEqual({ again: true, next: null });
  expect(await rows()).toHaveLength(1);
  expect((await prune()).again).toBe(false);
  expect(await rows()).toEqual([]);
});
