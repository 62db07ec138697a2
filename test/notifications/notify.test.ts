import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeProject, type TestWorld } from '../support/world.ts';
import { type Mailbox, openMailbox, smtpError } from './mailbox.ts';
import { openReceiver, type Receiver, SECRET } from './receiver.ts';

// The whole way, through the running server: somebody asks, and a receiver or a mailbox has it.

const database = withDatabase();
let app: TestApp;
let world: TestWorld;
let receiver: Receiver;
let mailbox: Mailbox;
beforeAll(async () => {
  mailbox = await openMailbox();
  app = await startApp({
    database: database(),
    clock: database().clock,
    env: {
      ALLOW_PRIVATE_ADDRESSES: 'yes',
      SMTP_URL: mailbox.url,
      SMTP_FROM: 'Holdpoint <holdpoint@example.com>',
    },
  });
  world = await makeProject(app, ADMIN_KEY, 'notify');
});
afterAll(async () => {
  await app.stop();
  await mailbox.close();
});
beforeEach(async () => {
  receiver = await openReceiver();
  mailbox.received.length = 0;
  mailbox.verdict = () => null;
  world.teamId = await world.team('told');
});
afterEach(() => receiver.close());

const configure = (supervision: object) =>
  app.ok(
    world.keys.ADMIN,
    'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success message errors { message } } }',
    { id: world.teamId, yaml: JSON.stringify({ human_supervision: supervision }) },
  );
const webhook = (events: string[], more: object = {}) => ({
  type: 'webhook',
  events,
  webhook_url: `${receiver.url}/hook?token=hidden`,
  secret: SECRET,
  ...more,
});
const deliveries = async (filter: object = {}) =>
  (
    await app.ok(
      world.keys.OPERATOR,
      'query($filter: NotificationDeliveryFilter) { notificationDeliveries(filter: $filter, first: 100) { totalCount nodes { id channel name status attempts nextAttemptAt lastError deliveredAt subjectId teamId } } }',
      { filter: { teamId: world.teamId, ...filter } },
    )
  ).notificationDeliveries.nodes as any[];

describe('a webhook', () => {
  test('is told of a request, signed, with a link to it', async () => {
    await configure({ notifications: { channels: [webhook(['intervention_required'])] } });
    const id = await world.ask({ message: 'may I deploy?', urgency: 'HIGH' });
    await until('it is told', () => receiver.received.length > 0);
    const [{ headers, text, body, path }] = receiver.received as [Receiver['received'][0]];
    expect(path).toBe('/hook?token=hidden');
    expect(body).toMatchObject({
      v: 1,
      type: 'intervention_required',
      event: { type: 'intervention_requested', subjectId: id, teamId: world.teamId },
      url: `${app.url}/interventions/${id}`,
      subject: 'Decision needed: told',
      text: expect.stringContaining('may I deploy?'),
    });
    const [delivery] = await deliveries();
    expect(headers['webhook-id']).toBe(delivery.id);
    // The clock of this test stands elsewhere than the one that the library looks at: the signature alone is checked.
    const at = new Date(Number(headers['webhook-timestamp']) * 1000);
    expect(headers['webhook-signature']).toBe(new Webhook(SECRET).sign(delivery.id, at, text));
    await until('it is written down', async () => (await deliveries())[0].status === 'DELIVERED');
    expect(await deliveries()).toEqual([
      {
        id: delivery.id,
        channel: 'WEBHOOK',
        name: 'intervention_required',
        status: 'DELIVERED',
        attempts: 1,
        nextAttemptAt: null,
        lastError: null,
        deliveredAt: expect.any(String),
        subjectId: id,
        teamId: world.teamId,
      },
    ]);
  });

  test('shows a link that decides nothing: whoever opens it, by any method, changes nothing (5.6)', async () => {
    await configure({ notifications: { channels: [webhook(['intervention_required'])] } });
    const id = await world.ask();
    await until('it is told', () => receiver.received.length > 0);
    const link = new URL(receiver.received[0]!.body.url);
    const before = await database().prisma.intervention.findUniqueOrThrow({ where: { id } });
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'])
      for (const query of ['', '?resolutionType=APPROVE', '?action=approve&confirm=1'])
        await fetch(`${app.url}${link.pathname}${query}`, {
          method,
          headers: { authorization: `Bearer ${world.keys.ADMIN}` },
        });
    expect(await database().prisma.intervention.findUniqueOrThrow({ where: { id } })).toEqual(before);
    expect(link.search + link.hash).toBe('');
    expect(receiver.received[0]!.text).not.toMatch(/permit|resolutionType/);
  });
});

describe('an email', () => {
  test('reaches all the addresses of its channel, with an id of its own and a thread for what it is about', async () => {
    await configure({
      notifications: {
        channels: [
          { type: 'email', to: ['ada@example.com', 'grace@example.com'], events: ['intervention_required'] },
        ],
      },
    });
    const id = await world.ask({ message: 'may I?\r\nBcc: eve@example.com' });
    await until('it is there', () => mailbox.received.length > 0);
    const [mail] = mailbox.received as [Mailbox['received'][0]];
    expect(mail).toMatchObject({
      from: 'holdpoint@example.com',
      to: ['ada@example.com', 'grace@example.com'],
    });
    const [delivery] = await deliveries();
    expect(mail.source).toMatch(new RegExp(`^Message-ID: <${delivery.id}@example.com>\r$`, 'm'));
    expect(mail.source).toMatch(/^References: <[0-9a-f]{32}@example.com>\r$/m);
    expect(mail.source).toMatch(/^Subject: Decision needed: told\r$/m);
    expect(mail.source.split('\r\n\r\n')[0]).not.toMatch(/^Bcc/im);
    expect(mail.source.replace(/=\r\n/g, '')).toContain(`${app.url}/interventions/${id}`);
  });

  test('that a mail server refuses for good is given up, says why without its words, and goes once it is delivered again', async () => {
    mailbox.verdict = () => smtpError(550);
    await configure({
      notifications: {
        channels: [{ type: 'email', to: ['ada@example.com'], events: ['intervention_required'] }],
      },
    });
    await world.ask();
    await until('it is given up', async () => (await deliveries())[0]?.status === 'DEAD');
    const [delivery] = await deliveries({ status: ['DEAD'] });
    expect(delivery).toMatchObject({
      attempts: 1,
      lastError: 'the mail server answered 550',
      nextAttemptAt: null,
    });
    mailbox.verdict = () => null;
    const { redeliverNotification } = await app.ok(
      world.keys.SUPERVISOR,
      'mutation($id: ID!) { redeliverNotification(id: $id) { success message delivery { id status attempts } } }',
      { id: delivery.id },
    );
    expect(redeliverNotification.delivery).toEqual({ id: delivery.id, status: 'PENDING', attempts: 0 });
    await until('it is there', () => mailbox.received.length > 0);
    await until('it is written down', async () => (await deliveries())[0].status === 'DELIVERED');
    await until('the log tells', async () => {
      const { events } = await app.ok(
        world.keys.VIEWER,
        'query($id: ID!) { events(filter: {subjectId: $id}) { nodes { type data actor { kind } } } }',
        { id: delivery.id },
      );
      return (
        JSON.stringify(events.nodes.map(({ type }: any) => type)) ===
        '["notification_failed","notification_redelivered"]'
      );
    });
  });
});
