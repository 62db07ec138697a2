import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attempt, LEASE, takeDue } from '../../src/notifications/deliver.ts';
import { createSlack } from '../../src/notifications/slack.ts';
import { option } from '../support/with-house.ts';
import { until } from '../support/until.ts';
import { withNotifications } from './house.ts';
import { buttonsOf, openSlack, refusing, type Slack, TOKEN, wordsOf } from './slack-api.ts';

// What was written in Slack is edited once it is over, a step at a time.

const notifications = withNotifications();
const { scene, database, clock, configure, ask, rows } = notifications;
let slack: Slack;
beforeEach(async () => {
  slack = await openSlack();
  const app = { token: TOKEN, apiUrl: slack.url, buttons: true };
  scene.deps.channels.SLACK = createSlack({ clock: clock(), app, allowPrivate: true });
  await configure(channels({ slack_channel: '#approvals' }));
});
afterEach(async () => {
  await slack.close();
  await database().prisma.notificationDelivery.deleteMany();
});

const channels = (...list: object[]) => ({
  notifications: {
    channels: list.map((each) => ({
      type: 'slack',
      events: ['intervention_required', 'reminder', 'intervention_resolved'],
      ...each,
    })),
  },
  performance: { retry_delay: 10_000, retry_attempts: 1 },
});
const told = async () => {
  await notifications.plan();
  await notifications.send();
};
const request = () => ask({ options: [option('a')] });
const edits = async () => (await rows()).filter((row) => row.edits !== null);
const messages = async () =>
  (await rows()).filter((row) => row.edits === null && row.name !== 'intervention_resolved');
const never = new AbortController().signal;

describe('an edit (8.7)', () => {
  test('is planned once for each message that asked, and for none that only told, whoever reads and however often', async () => {
    await configure(channels({ slack_channel: '#a' }, { slack_channel: '#b' }));
    const id = await request();
    await told();
    await scene.act.resolve(id);
    await told();
    await database().prisma.notificationReader.update({ where: { id: 1 }, data: { position: 0 } });
    await told();
    const asked = await messages();
    expect(asked).toHaveLength(2);
    expect((await edits()).map((row) => row.edits).toSorted()).toEqual(asked.map((row) => row.id).toSorted());
    expect(slack.to('chat.update')).toHaveLength(2);
    expect(
      slack
        .to('chat.update')
        .map(({ args }) => `${args.channel}/${args.ts}`)
        .toSorted(),
    ).toEqual(asked.map(({ reference }) => reference!).toSorted());
  });

  test('is planned for no message by an incoming webhook, which has no buttons', async () => {
    await configure(channels({ webhook_url: `${slack.url}/hook` }));
    const id = await request();
    await told();
    await scene.act.resolve(id);
    await told();
    expect(await edits()).toEqual([]);
    const [call] = slack.to('hook');
    expect(buttonsOf(call!.blocks).map((button) => button.action_id)).toEqual(['open']);
  });

  test('is dropped where its message was never sent: that says by itself what came of it', async () => {
    const id = await request();
    await notifications.plan();
    await scene.act.resolve(id);
    await notifications.plan();
    const [edit] = await edits();
    const due = await takeDue(scene.deps, 10);
    // Its message waits still.
    const { prisma } = database();
    const [message] = await messages();
    await prisma.notificationDelivery.update({ where: { id: message!.id }, data: { attempts: 0 } });
    await attempt(scene.deps, due.find((row) => row.id === edit!.id)!, never);
    expect((await edits())[0]).toMatchObject({ status: 'CANCELLED', attempts: 1 });
    clock().advance(LEASE / 1000);
    await notifications.send();
    // The other one only tells.
    const asked = (await messages())[0]!.reference!.split('/')[1]!;
    const blocks = slack.messages.get(asked)!;
    expect(buttonsOf(blocks).map((button) => button.action_id)).toEqual(['open']);
    expect(wordsOf(blocks)).toMatch(/APPROVED by /);
  });

  test('waits for a message that is being sent, and then edits it', async () => {
    const gate = Promise.withResolvers<void>();
    slack.instead = ({ method, args, blocks }, response) => {
      if (method !== 'chat.postMessage' || slack.messages.size > 0) return false;
      slack.messages.set('1.1', blocks);
      void gate.promise.then(() =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ ok: true, channel: args.channel, ts: '1.1' })),
      );
      return true;
    };
    const id = await request();
    await notifications.plan();
    const sending = notifications.send();
    await until('Slack has it', () => slack.messages.size === 1);
    await scene.act.resolve(id);
    await notifications.plan();
    // Of the two that are due, one only tells.
    await notifications.send();
    expect((await edits())[0]).toMatchObject({ status: 'PENDING', attempts: 0 });
    gate.resolve();
    await sending;
    slack.instead = () => false;
    clock().advance(1);
    await notifications.send();
    expect((await edits())[0]).toMatchObject({ status: 'DELIVERED' });
    expect(wordsOf(slack.messages.get('1.1')!)).toMatch(/APPROVED by /);
  });

  test('keeps no quiet hours: it wakes nobody, as a message would', async () => {
    const quiet_hours = { time_zone: 'UTC', from: '22:00', until: '07:00' };
    await configure(channels({ slack_channel: '#approvals', quiet_hours }));
    const id = await ask({ options: [option('a')], timeout: 86_400 });
    await told();
    clock().set(new Date('2026-03-02T23:30:00.000Z'));
    await scene.act.resolve(id);
    await told();
    expect((await rows()).map(({ name, status }) => [name, status]).toSorted()).toEqual([
      ['intervention_required', 'DELIVERED'],
      ['intervention_required', 'DELIVERED'],
      ['intervention_resolved', 'PENDING'],
    ]);
    expect((await edits())[0]!.status).toBe('DELIVERED');
  });

  test('is tried again like any delivery, given up with an event, and done again by hand', async () => {
    const id = await request();
    await told();
    await scene.act.resolve(id);
    await notifications.plan();
    slack.instead = (call, response) =>
      call.method === 'chat.update' && refusing('internal_error')(call, response);
    await notifications.send();
    expect((await edits())[0]).toMatchObject({
      status: 'PENDING',
      attempts: 1,
      lastError: 'Slack refused it: internal_error',
    });
    clock().advance(10);
    await notifications.send();
    expect((await edits())[0]).toMatchObject({ status: 'DEAD', attempts: 2 });
    // The decision stood all the time.
    const row = await database().prisma.intervention.findUniqueOrThrow({ where: { id } });
    expect(row.status).toBe('RESOLVED');
  });

  test('of a message that somebody has deleted is done', async () => {
    const id = await request();
    await told();
    slack.messages.clear();
    await scene.act.resolve(id);
    await told();
    expect((await edits())[0]).toMatchObject({ status: 'DELIVERED' });
  });
});
