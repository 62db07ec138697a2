import type { LookupAddress } from 'node:dns';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NotDelivered } from '../../src/notifications/channel.ts';
import { createSlack } from '../../src/notifications/slack.ts';
import { createWebhook } from '../../src/notifications/webhook.ts';
import { message } from '../conformance/channels.ts';
import { testClock } from '../support/clock.ts';
import { openReceiver, type Receiver, SECRET } from './receiver.ts';

// A name whose owner lets it lead elsewhere from one look-up to the next. The machine's own resolver cannot be made to do so,
// so that its place is taken; whatever it answers, a server on this machine must hear nothing.

const answers = vi.hoisted(() => ({ next: [] as LookupAddress[][], asked: 0 }));
vi.mock('node:dns', () => ({
  lookup(_: string, __: object, found: (error: null, addresses: LookupAddress[]) => void) {
    const addresses = answers.next[answers.asked] ?? answers.next.at(-1)!;
    answers.asked += 1;
    setImmediate(() => found(null, addresses));
  },
}));

const v4 = (address: string): LookupAddress => ({ address, family: 4 });
const v6 = (address: string): LookupAddress => ({ address, family: 6 });
const PUBLIC = v4('93.184.216.34');

let receiver: Receiver;
beforeEach(async () => {
  receiver = await openReceiver();
  answers.asked = 0;
});
afterEach(() => receiver.close());

const never = new AbortController().signal;
const addressOf = () => receiver.url.replace('127.0.0.1', 'rebinding.test');
const channels = {
  webhook: () =>
    createWebhook({ clock: testClock(), allowPrivate: false }).send(
      { type: 'WEBHOOK', key: 'k', url: addressOf(), secret: SECRET },
      message(),
      never,
    ),
  slack: () =>
    createSlack({ clock: testClock(), app: null, allowPrivate: false }).send(
      { type: 'SLACK', key: 'k', via: 'WEBHOOK', url: addressOf() },
      message(),
      never,
    ),
};

test.each([
  ['this machine', [v4('127.0.0.1')]],
  ['this machine, in IPv6', [v6('::1')]],
  ['this machine, as an IPv4 address within IPv6', [v6('::ffff:127.0.0.1')]],
  ['a public address and a private one', [PUBLIC, v4('10.0.0.1')]],
  ['the address where clouds keep their secrets', [v4('169.254.169.254')]],
])('a name that leads to %s now, whatever it led to before, is not connected to', async (_, addresses) => {
  // The next look-up would find it public again: there is none, for what was looked at is what is connected to.
  answers.next = [addresses, [PUBLIC]];
  for (const send of Object.values(channels)) {
    answers.asked = 0;
    const error = await send().then(
      () => expect.fail('it was taken over'),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(NotDelivered);
    expect(error).toMatchObject({ message: 'the address is a private one', permanent: true });
    expect(answers.asked).toBe(1);
  }
  expect(receiver.received).toEqual([]);
});

test('the same name is written to where the server’s environment allows it', async () => {
  answers.next = [[v4('127.0.0.1')]];
  await createWebhook({ clock: testClock(), allowPrivate: true })
    .send({ type: 'WEBHOOK', key: 'k', url: receiver.url, secret: SECRET }, message(), never)
    .catch(() => expect.fail('it was refused'));
  expect(receiver.received).toHaveLength(1);
});
