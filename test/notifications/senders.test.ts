import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/open.ts';
import { createSender, type Sender } from '../../src/notifications/sender.ts';
import { onPostgres, silent } from '../support/database.ts';
import { until } from '../support/until.ts';
import { withNotifications } from './house.ts';
import { openReceiver, type Receiver, SECRET } from './receiver.ts';

const notifications = withNotifications();
const { scene, database, configure, ask, rows } = notifications;
let receiver: Receiver;
let second: Database;
beforeAll(async () => {
  receiver = await openReceiver();
  // Two processes on one database where it is a server; else two senders in one.
  second = onPostgres ? await database().replica() : database();
});
afterAll(() => receiver.close());

test('two processes that send at once send each delivery once, and keep the channel’s rate together', async () => {
  const events = ['intervention_required'];
  const webhook = { type: 'webhook', events, webhook_url: receiver.url, secret: SECRET };
  const slow = { ...webhook, webhook_url: `${receiver.url}/slow`, rate_limit_per_minute: 3 };
  await configure({
    notifications: { channels: [webhook, slow] },
    performance: { max_concurrent_interventions: 40 },
  });
  for (let n = 0; n < 30; n++) await ask();
  await notifications.plan();
  const senders: Sender[] = [scene.deps, { ...scene.deps, database: second }].map((deps) =>
    createSender({ ...deps, log: silent }),
  );
  for (const sender of senders) sender.start();
  await until('all is sent that may be', async () => {
    const all = await rows();
    const quick = all.filter(({ place }) => place === 0);
    const held = all.filter(
      ({ place, status, attempts }) => place === 1 && status === 'PENDING' && attempts === 0,
    );
    return quick.every(({ status }) => status === 'DELIVERED') && held.length === 27;
  });
  await Promise.all(senders.map((sender) => sender.stop()));
  const ids = (path: string) =>
    receiver.received.filter((each) => each.path === path).map(({ headers }) => headers['webhook-id']);
  expect([ids('/').length, new Set(ids('/')).size, ids('/slow').length]).toEqual([30, 30, 3]);
  expect((await rows()).filter(({ place }) => place === 0).every(({ attempts }) => attempts === 1)).toBe(
    true,
  );
});

test('a receiver that is silent keeps no other from being told', async () => {
  const silentOne = await openReceiver();
  silentOne.answer = () => {};
  receiver.received.length = 0;
  const events = ['intervention_required'];
  const webhook = (webhook_url: string) => ({ type: 'webhook', events, webhook_url, secret: SECRET });
  await configure({
    notifications: { channels: [webhook(silentOne.url), webhook(receiver.url)] },
    performance: { max_concurrent_interventions: 40 },
  });
  for (let n = 0; n < 30; n++) await ask();
  await notifications.plan();
  const sender = createSender({ ...scene.deps, log: silent });
  sender.start();
  await until('the other has all of them', () => receiver.received.length === 30);
  await until('its own lane is full', () => silentOne.received.length === 8);
  await sender.stop();
  await silentOne.close();
  // What was cut off was no attempt, and is not lost.
  const left = (await rows()).filter(({ place }) => place === 0);
  expect(left.map(({ status, attempts }) => [status, attempts])).toEqual(Array(30).fill(['PENDING', 0]));
});
