import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmail } from '../../src/notifications/email.ts';
import { message } from '../conformance/channels.ts';
import { type Mailbox, openMailbox, smtpError } from './mailbox.ts';

let mailbox: Mailbox;
beforeEach(async () => {
  mailbox = await openMailbox();
});
afterEach(() => mailbox.close());

const to = { type: 'EMAIL', key: 'k', to: ['ada@example.com', 'grace@example.com'] } as const;
const send = () =>
  createEmail({ url: mailbox.url, from: 'holdpoint@example.com' }).send(
    to,
    message(),
    new AbortController().signal,
  );
/** What the server answers to each. */
const answers = (codes: Record<string, number>) => {
  mailbox.addressee = (address) => (codes[address] === undefined ? null : smtpError(codes[address]));
};

describe('an email to several addresses', () => {
  test('that are all taken is one message', async () => {
    await send();
    expect(mailbox.received).toMatchObject([{ to: [...to.to] }]);
  });

  test.each([550, 450])(
    'of which one is refused (%i) comes to the others once, and the refusal is told, and not the address',
    async (code) => {
      answers({ 'grace@example.com': code });
      await expect(send()).rejects.toMatchObject({
        message: `the mail server refused 1 of 2 addresses: ${code}`,
        permanent: true,
      });
      expect(mailbox.received).toMatchObject([{ to: ['ada@example.com'] }]);
    },
  );

  test.each([
    ['for good', 550, 553, true],
    ['one of them for now', 550, 450, false],
    ['one of them for now, the first', 451, 550, false],
  ])('that are all refused, %s, comes to nobody', async (_, ada, grace, permanent) => {
    answers({ 'ada@example.com': ada, 'grace@example.com': grace });
    await expect(send()).rejects.toMatchObject({ permanent });
    expect(mailbox.received).toEqual([]);
  });
});
