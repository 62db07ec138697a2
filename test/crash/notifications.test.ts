import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { LEASE } from '../../src/notifications/deliver.ts';
import { openReceiver, SECRET } from '../notifications/receiver.ts';
import { openTwilio } from '../notifications/twilio.ts';
import { ADMIN_KEY, ENCRYPTION_KEYS } from '../support/app.ts';
import { makePlace } from '../support/place.ts';
import { spawnServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';
import { makeProject } from '../support/world.ts';

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return String(port);
}

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

interface Killed {
  channel: object;
  env: Record<string, string>;
  /** How often the receiver has had it. */
  had: () => number;
  /** From now on the receiver's answers arrive. */
  answer(): void;
}

/** A server that is killed once a receiver has a notification, before it can know; another that starts after it. */
async function killBetween({ channel, env, had, answer }: Killed): Promise<string> {
  const place = await makePlace();
  undo.push(() => place.remove());
  const all = { ...place.env, ADMIN_API_KEY: ADMIN_KEY, ENCRYPTION_KEYS, ...env };
  const doomed = spawnServer(all);
  undo.push(() => doomed.kill());
  const world = await makeProject(await doomed.ready(), ADMIN_KEY, 'crash');
  await (await doomed.ready()).ok(
    world.keys.ADMIN,
    'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success message } }',
    {
      id: world.teamId,
      yaml: JSON.stringify({
        human_supervision: {
          notifications: { channels: [{ ...channel, events: ['intervention_required'] }] },
        },
      }),
    },
  );
  await world.ask();
  await until('the receiver has it', () => had() === 1);
  await doomed.kill();

  const between = await place.open();
  const [row] = await between.prisma.notificationDelivery.findMany();
  expect(row).toMatchObject({ status: 'PENDING', attempts: 1 });
  // The lease passes.
  const nextAttemptAt = new Date(row!.nextAttemptAt!.getTime() - LEASE);
  await between.prisma.notificationDelivery.update({ where: { id: row!.id }, data: { nextAttemptAt } });
  await between.close();

  answer();
  const next = spawnServer(all);
  undo.push(() => next.kill('SIGTERM'));
  const api = await next.ready();
  await until('it is written down', async () => {
    const { notificationDeliveries } = await api.ok(
      ADMIN_KEY,
      '{ notificationDeliveries { nodes { status attempts } } }',
    );
    const [shown] = notificationDeliveries.nodes;
    return notificationDeliveries.nodes.length === 1 && shown.status === 'DELIVERED' && shown.attempts === 2;
  });
  return row!.id;
}

test('kill -9 between sending and writing it down: it is sent again under the same id, and nothing else is', async () => {
  const receiver = await openReceiver();
  undo.push(() => receiver.close());
  // The receiver has it, and its answer is never heard.
  receiver.answer = () => {};
  const id = await killBetween({
    channel: { type: 'webhook', webhook_url: receiver.url, secret: SECRET },
    env: { ALLOW_PRIVATE_ADDRESSES: 'yes' },
    had: () => receiver.received.length,
    answer: () => (receiver.answer = (response) => void response.writeHead(204).end()),
  });
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
}, 120_000);

test('kill -9 between a text message and writing it down: Twilio is asked, and nobody gets it twice', async () => {
  const twilio = await openTwilio(systemClock);
  undo.push(() => twilio.close());
  twilio.takesFirst = true;
  twilio.instead = () => true;
  const { accountSid, authToken, from, apiUrl } = twilio.account();
  await killBetween({
    channel: { type: 'sms', to: ['+15005550001'] },
    env: {
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: authToken,
      TWILIO_FROM: from,
      TWILIO_API_URL: apiUrl,
      // The link in the message is to be the same after the next start.
      PORT: await freePort(),
    },
    had: () => twilio.sent.length,
    answer: () => (twilio.instead = () => false),
  });
  expect(twilio.requests.map(({ method }) => method)).toEqual(['POST', 'GET']);
  expect(twilio.sent).toHaveLength(1);
}, 120_000);
