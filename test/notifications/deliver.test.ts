import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appendEvents } from '../../src/events/append.ts';
import { systemActor } from '../../src/identity/viewer.ts';
import { attempt, LEASE, takeDue } from '../../src/notifications/deliver.ts';
import { planNext } from '../../src/notifications/reader.ts';
import { withNotifications } from './house.ts';
import { openReceiver, type Receiver, SECRET } from './receiver.ts';

const notifications = withNotifications();
const { scene, database, clock, configure, ask, rows } = notifications;
const never = new AbortController().signal;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await openReceiver();
});
afterEach(async () => {
  await receiver.close();
  await database().prisma.notificationDelivery.deleteMany();
});

const webhook = (more: object = {}) => ({
  type: 'webhook',
  events: ['intervention_required'],
  webhook_url: receiver.url,
  secret: SECRET,
  ...more,
});
const channels = (...list: object[]) => ({ notifications: { channels: list } });
const answers = (status: number, headers: Record<string, string> = {}) => {
  receiver.answer = (response) => void response.writeHead(status, headers).end();
};
const seconds = (from: Date, to: Date) => (to.getTime() - from.getTime()) / 1000;

test('what is sensitive leaves as a mask, whoever receives it (8.8)', async () => {
  await configure(channels(webhook()));
  const mail = 'grete.hollenbach@nordwind-versand.de';
  await ask({ message: `May I write to ${mail}?`, context: { summary: `of ${mail}` } });
  await notifications.plan();
  expect(await notifications.send()).toBe(1);
  const [{ text }] = receiver.received as [(typeof receiver.received)[number]];
  expect(text).toMatch(/May I write to \[masked:\w{26}\]\?/);
  expect(text).not.toContain('hollenbach');
});

describe('planning', () => {
  test('makes one delivery of each event to each channel that asks for it, whoever reads and however often', async () => {
    await configure(
      channels(webhook(), webhook({ events: ['intervention_resolved'] }), webhook({ enabled: false })),
    );
    const id = await ask();
    await scene.act.resolve(id);
    await notifications.sealed();
    await Promise.all([planNext(scene.deps), planNext(scene.deps), planNext(scene.deps)]);
    await database().prisma.notificationReader.update({ where: { id: 1 }, data: { position: 0 } });
    await notifications.plan();
    expect((await rows()).map(({ name, place, subjectId }) => [name, place, subjectId]).toSorted()).toEqual([
      ['intervention_required', 0, id],
      ['intervention_resolved', 1, id],
    ]);
  });

  test('tells every team of what is the whole project’s, each place once', async () => {
    const { projectId, teamId } = scene.team;
    const { ids, clock: time } = scene.house.deps;
    const second = ids.next('team');
    await database().prisma.team.create({
      data: { id: second, projectId, name: 'second', createdAt: time.now(), queue: { create: {} } },
    });
    const events = ['emergency_stop'];
    await configure(channels(webhook({ events }), webhook({ events, webhook_url: `${receiver.url}/own` })));
    await configure(channels(webhook({ events })), second);
    await database().prisma.$transaction((tx) =>
      appendEvents(tx, ids, [
        {
          type: 'emergency_stop_triggered',
          projectId,
          teamId: null,
          sessionId: null,
          subjectId: ids.next('stop'),
          actor: systemActor,
          data: { reason: 'smoke', severity: 'HIGH' },
          occurredAt: time.now(),
        },
      ]),
    );
    await notifications.plan();
    expect((await rows()).map((row) => [row.teamId, row.place, row.critical])).toEqual([
      [teamId, 0, true],
      [teamId, 1, true],
    ]);
    await notifications.send();
    expect(receiver.received.map(({ path }) => path).toSorted()).toEqual(['/', '/own']);
    expect(receiver.received[0]!.body.text).toContain('smoke');
  });

  test('keeps the requests past max_concurrent_interventions waiting for a place, in their order (4.1)', async () => {
    await configure({ ...channels(webhook()), performance: { max_concurrent_interventions: 2 } });
    const [first, second, third, fourth, fifth] = [
      await ask(),
      await ask(),
      await ask(),
      await ask(),
      await ask(),
    ];
    const standing = async () =>
      Object.fromEntries((await rows()).map(({ subjectId, status }) => [subjectId, status]));
    await notifications.plan();
    expect(await standing()).toEqual({
      [first]: 'PENDING',
      [second]: 'PENDING',
      [third]: 'WAITING_FOR_PLACE',
      [fourth]: 'WAITING_FOR_PLACE',
      [fifth]: 'WAITING_FOR_PLACE',
    });
    await scene.act.resolve(second);
    await scene.act.cancel(fourth);
    await notifications.plan();
    expect(await standing()).toMatchObject({
      [third]: 'PENDING',
      [fourth]: 'CANCELLED',
      [fifth]: 'WAITING_FOR_PLACE',
    });
    expect(await notifications.send()).toBe(3);
    expect(receiver.received.map(({ body }) => body.event.subjectId).toSorted()).toEqual(
      [first, second, third].toSorted(),
    );
    await scene.act.resolve(first);
    await notifications.plan();
    expect((await standing())[fifth]).toBe('PENDING');
  });
});

describe('sending', () => {
  test('tries again later and later, and gives up after the last attempt, with an event', async () => {
    await configure({ ...channels(webhook()), performance: { retry_attempts: 2, retry_delay: 10_000 } });
    answers(503);
    await ask();
    await notifications.plan();
    const waits: number[] = [];
    for (let tries = 0; tries < 3; tries++) {
      expect(await notifications.send()).toBe(1);
      const [row] = await rows();
      if (row!.nextAttemptAt !== null) waits.push(seconds(clock().now(), row!.nextAttemptAt));
      clock().advance(waits.at(-1)! - 1);
      if (tries < 2) expect(await notifications.send()).toBe(0);
      clock().advance(1);
    }
    expect(waits).toEqual([10, 20]);
    const [row] = await rows();
    expect(row).toMatchObject({ status: 'DEAD', attempts: 3, lastError: 'the receiver answered 503' });
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([row!.id]),
    );
    expect(scene.counted).toEqual(['webhook failed', 'webhook failed', 'webhook dead']);
    await notifications.sealed();
    expect(await database().prisma.event.findFirst({ where: { subjectId: row!.id } })).toMatchObject({
      type: 'notification_failed',
      teamId: scene.team.teamId,
      data: { channel: 'webhook', attempts: 3, reason: 'the receiver answered 503' },
    });
  });

  test('waits as long as a receiver asks', async () => {
    await configure({ ...channels(webhook()), performance: { retry_delay: 1_000 } });
    answers(429, { 'retry-after': '90' });
    await ask();
    await notifications.plan();
    await notifications.send();
    expect(seconds(clock().now(), (await rows())[0]!.nextAttemptAt!)).toBe(90);
  });

  test('what its process did not live to write down is sent again under its id, and only the last attempt counts', async () => {
    await configure(channels(webhook()));
    await ask();
    await notifications.plan();
    const [lost] = await takeDue(scene.deps, 10);
    expect(await takeDue(scene.deps, 10)).toEqual([]);
    clock().advance(LEASE / 1000);
    const [again] = await takeDue(scene.deps, 10);
    expect(again).toMatchObject({ id: lost!.id, attempts: 2 });
    answers(400);
    // The first one was not dead, only slow: it has sent it as well, and what it learned is written by nobody.
    await attempt(scene.deps, lost!, never);
    expect((await rows())[0]).toMatchObject({ status: 'PENDING', attempts: 2, lastError: null });
    answers(204);
    await attempt(scene.deps, again!, never);
    expect((await rows())[0]).toMatchObject({ status: 'DELIVERED', attempts: 2 });
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([lost!.id, lost!.id]);
  });

  test('is done by one of several that take at once', async () => {
    await configure(channels(webhook()));
    for (let n = 0; n < 5; n++) await ask();
    await notifications.plan();
    const taken = await Promise.all([1, 2, 3].map(() => takeDue(scene.deps, 10)));
    expect(taken.flat()).toHaveLength(5);
    expect(new Set(taken.flat().map(({ id }) => id)).size).toBe(5);
  });

  test('keeps a channel to its rate, over all who send', async () => {
    await configure(channels(webhook({ rate_limit_per_minute: 2 })));
    for (let n = 0; n < 4; n++) await ask();
    await notifications.plan();
    await notifications.send();
    expect(receiver.received).toHaveLength(2);
    const held = (await rows()).filter(({ status }) => status === 'PENDING');
    expect(
      held.map(({ attempts, nextAttemptAt }) => [attempts, seconds(clock().now(), nextAttemptAt!)]),
    ).toEqual([
      [0, 60],
      [0, 60],
    ]);
    clock().advance(60);
    await notifications.send();
    expect(receiver.received).toHaveLength(4);
  });

  test('holds back in quiet hours, but not what is CRITICAL', async () => {
    clock().set(new Date('2026-06-01T21:30:00.000Z'));
    const quiet_hours = { time_zone: 'Europe/Berlin', from: '22:00', until: '07:00' };
    await configure(channels(webhook({ quiet_hours })));
    const [later, now] = [await ask(), await ask({ urgency: 'CRITICAL' })];
    await notifications.plan();
    await notifications.send();
    expect(receiver.received.map(({ body }) => body.event.subjectId)).toEqual([now]);
    const held = (await rows()).find(({ subjectId }) => subjectId === later)!;
    expect([held.status, held.nextAttemptAt]).toEqual(['PENDING', new Date('2026-06-02T05:00:00.000Z')]);
    clock().set(held.nextAttemptAt!);
    await notifications.send();
    expect(receiver.received).toHaveLength(2);
  });

  test('leaves a receiver alone that failed often, without counting attempts, until one finds it well', async () => {
    const circuit_breaker = { failure_threshold: 2, recovery_timeout: 60_000 };
    await configure({ ...channels(webhook()), performance: { retry_delay: 1, circuit_breaker } });
    answers(500);
    await ask();
    await notifications.plan();
    for (let n = 0; n < 4; n++) {
      await notifications.send();
      clock().advance(1);
    }
    expect(receiver.received).toHaveLength(2);
    expect((await rows())[0]).toMatchObject({ status: 'PENDING', attempts: 2 });
    answers(204);
    clock().advance(60);
    await notifications.send();
    expect((await rows())[0]).toMatchObject({ status: 'DELIVERED', attempts: 3 });
  });
});
