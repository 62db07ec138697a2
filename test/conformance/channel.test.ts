import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Message, NotDelivered } from '../../src/notifications/channel.ts';
import { attempt, takeDue } from '../../src/notifications/deliver.ts';
import { renderLine, render } from '../../src/notifications/template.ts';
import { withNotifications } from '../notifications/house.ts';
import { until } from '../support/until.ts';
import { message, type Subject, subjects, type Way } from './channels.ts';

// What every channel keeps to, each with a real receiver at its other end.

const never = new AbortController().signal;
const fault = (sent: Promise<unknown>): Promise<NotDelivered> =>
  sent.then(
    () => expect.fail('it was taken over'),
    (error: NotDelivered) => error,
  );

describe.each(Object.entries(subjects))('%s', (_, open) => {
  let subject: Subject;
  beforeEach(async () => {
    subject = await open();
    subject.behave('well');
  });
  afterEach(() => subject.close());
  const send = (more: Partial<Message> = {}, signal = never) =>
    subject.channel.send(subject.to, message(more), signal);
  const keepsQuiet = (error: NotDelivered) => {
    for (const secret of subject.secrets) expect(error.message).not.toContain(secret);
  };

  test('delivers, and a repeat is known: by the id, the same each time, or by being asked for', async () => {
    await send();
    await send({ sentSince: new Date('2026-03-02T09:00:00.000Z') });
    const taken = subject.taken();
    expect(taken[0]!.words).toContain('may I?');
    const { id } = message();
    expect(taken.map((each) => each.id)).toEqual(taken[0]!.id === null ? [null] : [id, id]);
  });

  test('says of a refusal that it is one, without the receiver’s words', async () => {
    subject.behave('refuse');
    const error = await fault(send());
    expect(error).toBeInstanceOf(NotDelivered);
    expect(error.permanent).toBe(true);
    keepsQuiet(error);
  });

  test.each<Way>(['later', 'fail', 'drop', 'garbage'])('may be tried again: %s', async (way) => {
    subject.behave(way);
    const error = await fault(send());
    expect(error).toBeInstanceOf(NotDelivered);
    expect(error.permanent).toBe(false);
    expect(error.retryAfter).toBe(way === 'later' ? subject.asksToWait : null);
    keepsQuiet(error);
  });

  test('ends with the abort while the receiver is silent', async () => {
    subject.behave('silence');
    const abort = new AbortController();
    const sent = fault(send({}, abort.signal));
    await until('it has arrived', () => subject.arrived());
    const reason = new Error('too late');
    abort.abort(reason);
    expect(await sent).toBe(reason);
  });

  test('shows what stands in values as it is written, and what has no value by its name', async () => {
    const value =
      '<!channel> *b* <b>x</b> &amp; {{subject}} `c` <@U012> [l](http://x)\r\nBcc: eve@example.com';
    const template = { subject: 'S {{v}}', body: '{{v}} / {{missing}}' };
    const { subject: line, body } = render(template, { v: value, subject: 'no' });
    const brief = renderLine(template.body, { v: value });
    await send({ subject: line, text: body, brief, body: JSON.stringify({ text: body }) });
    const { words } = subject.taken()[0]!;
    const plain = (text: string) => text.replace(/\s+/g, ' ');
    expect(plain(words)).toContain(plain(`${value} / [missing]`));
  });

  describe('with something else at the other end', () => {
    let server: Server;
    let port: number;
    beforeEach(async () => {
      server = createServer((socket) => {
        socket.on('error', () => {}).resume();
        socket.end('\u0000\u0001 what?\r\n\r\nnothing\r\n');
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as { port: number }).port;
    });
    afterEach(() => {
      server.close();
    });

    test('may be tried again where no protocol is spoken, or nobody is there', async () => {
      const [channel, to] = subject.garbage(port);
      const error = await fault(channel.send(to, message(), never));
      expect(error).toBeInstanceOf(NotDelivered);
      expect(error.permanent).toBe(false);
      keepsQuiet(error);
      server.close();
      await once(server, 'close');
      const gone = await fault(channel.send(to, message(), never));
      expect(gone).toBeInstanceOf(NotDelivered);
      expect(gone.permanent).toBe(false);
      keepsQuiet(gone);
    });
  });
});

describe.each(Object.entries(subjects))('a delivery by %s', (_, open) => {
  const notifications = withNotifications();
  const { scene, database, clock, configure, ask, rows } = notifications;
  let subject: Subject;
  beforeEach(async () => {
    subject = await open();
    Object.assign(scene.deps.channels, subject.channels);
    await configure({
      notifications: { channels: [{ ...subject.settings, events: ['intervention_required'] }] },
      performance: { retry_delay: 10_000, retry_attempts: 1 },
    });
    await ask();
    await notifications.plan();
  });
  afterEach(async () => {
    await subject.close();
    await database().prisma.notificationDelivery.deleteMany();
  });
  /** Secrets stand in no row but the configuration's, and in no event about the delivery. */
  const keepsQuiet = async () => {
    const where = { type: { startsWith: 'notification_' } };
    const { prisma } = database();
    const kept = [
      await rows(),
      await prisma.event.findMany({ where }),
      await prisma.unsealedEvent.findMany({ where }),
    ];
    const text = inspect(kept, { depth: null, maxArrayLength: null });
    for (const secret of subject.secrets) expect(text.includes(secret)).toBe(false);
  };

  test('is made once', async () => {
    subject.behave('well');
    expect(await notifications.send()).toBe(1);
    expect(await notifications.send()).toBe(0);
    expect(subject.taken()).toHaveLength(1);
    expect((await rows())[0]).toMatchObject({ status: 'DELIVERED', attempts: 1, lastError: null });
    await keepsQuiet();
  });

  test('that is refused is given up at once, with an event', async () => {
    subject.behave('refuse');
    await notifications.send();
    expect((await rows())[0]).toMatchObject({ status: 'DEAD', attempts: 1 });
    await notifications.sealed();
    const told = await database().prisma.event.findMany({
      where: { type: 'notification_failed', teamId: scene.team.teamId },
    });
    expect(told).toHaveLength(1);
    await keepsQuiet();
  });

  test('that fails is tried again, not before the receiver wants it, and given up after the last attempt', async () => {
    subject.behave('later');
    await notifications.send();
    const wait = Math.max(10_000, subject.asksToWait ?? 0);
    const due = new Date(clock().now().getTime() + wait);
    expect((await rows())[0]).toMatchObject({ status: 'PENDING', attempts: 1, nextAttemptAt: due });
    clock().set(due);
    subject.behave('fail');
    await notifications.send();
    expect((await rows())[0]).toMatchObject({ status: 'DEAD', attempts: 2 });
    await keepsQuiet();
  });

  test('that the end of the process cuts off is no attempt, and goes on', async () => {
    subject.behave('silence');
    const ending = new AbortController();
    const [due] = await takeDue(scene.deps, 1);
    const cut = attempt(scene.deps, due!, ending.signal);
    await until('it has arrived', () => subject.arrived());
    ending.abort(new Error('the process ends'));
    await cut;
    expect((await rows())[0]).toMatchObject({ status: 'PENDING', attempts: 0 });
    subject.behave('well');
    await notifications.send();
    expect((await rows())[0]).toMatchObject({ status: 'DELIVERED', attempts: 1 });
  });
});
