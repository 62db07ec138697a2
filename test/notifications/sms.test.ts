import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotDelivered } from '../../src/notifications/channel.ts';
import { createSms, MAX_SMS, smsText } from '../../src/notifications/sms.ts';
import { message } from '../conformance/channels.ts';
import { testClock } from '../support/clock.ts';
import { ACCOUNT, AUTH_TOKEN, openTwilio, type Twilio, twilioError } from './twilio.ts';

const clock = testClock();
let twilio: Twilio;
beforeEach(async () => {
  twilio = await openTwilio(clock);
});
afterEach(() => twilio.close());

const numbers = ['+15005550001', '+15005550002', '+15005550003'];
const never = new AbortController().signal;
const send = (more: Parameters<typeof message>[0] = {}, to = numbers, account = twilio.account()) =>
  createSms(account, clock).send({ type: 'SMS', key: 'k', to }, message(more), never);
const fault = (sent: Promise<unknown>): Promise<NotDelivered> =>
  sent.then(
    () => expect.fail('it was taken over'),
    (error: NotDelivered) => error,
  );
const reached = () => twilio.sent.map(({ to }) => to);

describe('a text message', () => {
  test('goes to each number, from the account’s number or messaging service, with the account’s credentials', async () => {
    const { reference } = await send();
    expect(reached()).toEqual(numbers);
    expect(twilio.sent[0]).toMatchObject({
      from: '+15005550006',
      body: 'may I?\nhttps://holdpoint.example.com/interventions/intervention_x',
    });
    expect(reference!.split(',')).toEqual(twilio.sent.map(({ sid }) => sid));
    const basic = Buffer.from(`${ACCOUNT}:${AUTH_TOKEN}`).toString('base64');
    expect(twilio.requests[0]!.authorization).toBe(`Basic ${basic}`);
    await send({}, [numbers[0]!], { ...twilio.account(), from: `MG${'0'.repeat(32)}` });
    expect(twilio.sent.at(-1)!.from).toBeNull();
  });

  const url = 'https://holdpoint.example.com/interventions/intervention_x';
  test.each([
    ['short', 'may I?', `may I?\n${url}`],
    ['empty', ' \n ', url],
    ['with the link in it', `see ${url} now`, `see now\n${url}`],
    ['of several lines', 'a\n\nb\tc', `a b c\n${url}`],
    [
      'as long as there is room',
      'x'.repeat(MAX_SMS - url.length - 1),
      `${'x'.repeat(MAX_SMS - url.length - 1)}\n${url}`,
    ],
    ['too long', 'x'.repeat(400), `${'x'.repeat(MAX_SMS - url.length - 2)}…\n${url}`],
    // A character of two units is not cut in two.
    [
      'too long, of wide characters',
      '🛑'.repeat(400),
      `${'🛑'.repeat(Math.floor((MAX_SMS - url.length - 2) / 2))}…\n${url}`,
    ],
  ])('keeps the link whole within 320 characters: %s', (_, brief, text) => {
    expect(smsText({ brief, url })).toBe(text);
    expect(text.length).toBeLessThanOrEqual(MAX_SMS);
  });

  test('with a link that leaves no room says the link alone, and one that is longer than a message is refused', () => {
    const long = `https://${'a'.repeat(MAX_SMS - 9)}`;
    expect(smsText({ brief: 'may I?', url: `${long}x` })).toBe(`${long}x`);
    expect(() => smsText({ brief: 'may I?', url: `${long}xx` })).toThrow(NotDelivered);
  });
});

describe('tried again', () => {
  const sentSince = clock.now();

  test('goes to those alone that have not had it, and counts as delivered where all have', async () => {
    twilio.instead = (method, to, response) =>
      method === 'POST' && to === numbers[1] && twilioError(503, 20500)(method, to, response);
    const first = await fault(send());
    expect([first.permanent, first.message]).toEqual([false, '1 of 3 numbers: Twilio refused it: 20500']);
    twilio.instead = () => false;
    const { reference } = await send({ sentSince });
    expect(reached().toSorted()).toEqual(numbers);
    expect(reference!.split(',')).toHaveLength(3);
    await send({ sentSince });
    expect(reached()).toHaveLength(3);
  });

  test('is not sent again where the answer was lost on its way', async () => {
    twilio.takesFirst = true;
    twilio.instead = (method, _, response) => {
      if (method === 'GET') return false;
      response.destroy();
      return true;
    };
    expect((await fault(send({}, [numbers[0]!]))).permanent).toBe(false);
    twilio.instead = () => false;
    await send({ sentSince }, [numbers[0]!]);
    expect(reached()).toEqual([numbers[0]]);
  });

  test('is sent where the same words went out before this notification was made, or reached nobody, or were others', async () => {
    await send({}, [numbers[0]!]);
    twilio.sent[0]!.status = 'undelivered';
    await send({ sentSince }, [numbers[0]!]);
    expect(reached()).toHaveLength(2);
    twilio.sent[1]!.at = new Date(sentSince.getTime() - 3_600_000);
    await send({ sentSince }, [numbers[0]!]);
    await send({ sentSince, brief: 'may I now?' }, [numbers[0]!]);
    expect(reached()).toHaveLength(4);
  });

  test('is not sent blindly where Twilio cannot be asked first', async () => {
    twilio.instead = (method, to, response) =>
      method === 'GET' && twilioError(500, 20500)(method, to, response);
    const error = await fault(send({ sentSince }));
    expect(error.permanent).toBe(false);
    expect(reached()).toEqual([]);
  });
});

describe('Twilio’s codes', () => {
  test.each([
    ['no number', 400, 21211, true],
    ['unsubscribed', 400, 21610, true],
    ['blocked region', 403, 21408, true],
    ['a wrong token, for the operator to mend', 401, 20003, false],
    ['too many requests', 429, 20429, false],
    ['its queue is full', 429, 21611, false],
    ['its own fault', 500, 20500, false],
  ])('%s', async (_, status, code, permanent) => {
    twilio.instead = twilioError(status, code, status === 429 ? { 'retry-after': '7' } : {});
    const error = await fault(send({}, [numbers[0]!]));
    expect(error).toMatchObject({ permanent, retryAfter: status === 429 ? 7_000 : null });
    expect(error.message).toBe(`Twilio refused it: ${code}`);
  });

  test('one number’s refusal keeps no other from the message, and is told once nothing is left to try', async () => {
    twilio.instead = (method, to, response) =>
      to === numbers[0] && twilioError(400, 21211)(method, to, response);
    const error = await fault(send());
    expect(reached()).toEqual(numbers.slice(1));
    expect([error.permanent, error.message]).toEqual([true, '1 of 3 numbers: Twilio refused it: 21211']);
  });
});
