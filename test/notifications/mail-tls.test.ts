import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { createEmail } from '../../src/notifications/email.ts';
import { message } from '../conformance/channels.ts';
import { certificate } from './certificate.ts';
import { type Mailbox, openMailbox } from './mailbox.ts';

const trusted = getCACertificates('default');
const never = new AbortController().signal;
const to = { type: 'EMAIL', key: 'k', to: ['ada@example.com'] } as const;
let mailbox: Mailbox;
afterEach(async () => {
  setDefaultCACertificates(trusted);
  await mailbox.close();
});

describe.each(['implicit', 'starttls'] as const)('a mail server with TLS, %s', (tls) => {
  const send = () =>
    createEmail({ url: mailbox.url, from: 'holdpoint@example.com' }).send(to, message(), never);

  test('is given a message over TLS where its certificate is trusted', async () => {
    mailbox = await openMailbox({ tls });
    setDefaultCACertificates([...trusted, certificate]);
    await send();
    expect(mailbox.received).toMatchObject([{ secure: true, to: ['ada@example.com'] }]);
  });

  test('is given nothing where its certificate is not, and is tried again', async () => {
    mailbox = await openMailbox({ tls });
    await expect(send()).rejects.toMatchObject({ name: 'NotDelivered', permanent: false });
    expect(mailbox.received).toEqual([]);
  });
});
