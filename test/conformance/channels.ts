import type { ServerResponse } from 'node:http';
import { type Channel, type Message } from '../../src/notifications/channel.ts';
import type { Channels } from '../../src/notifications/deliver.ts';
import { createEmail } from '../../src/notifications/email.ts';
import type { Destination } from '../../src/notifications/settings.ts';
import { createSlack } from '../../src/notifications/slack.ts';
import { createSms } from '../../src/notifications/sms.ts';
import { createWebhook } from '../../src/notifications/webhook.ts';
import { openMailbox, smtpError } from '../notifications/mailbox.ts';
import { openReceiver, SECRET } from '../notifications/receiver.ts';
import { openSlack, refusing, TOKEN, wordsOf } from '../notifications/slack-api.ts';
import { AUTH_TOKEN, openTwilio, twilioError } from '../notifications/twilio.ts';
import { testClock } from '../support/clock.ts';

export type Way = 'well' | 'refuse' | 'later' | 'fail' | 'garbage' | 'silence' | 'drop';

/** A channel with a real receiver at its other end. */
export interface Subject {
  channel: Channel;
  to: Destination;
  /** The channel in a team's configuration, and by its kind. */
  settings: object;
  channels: Partial<Channels>;
  /** What was taken over: the id that a repeat is known by (null: there is none), and the words as a person sees them. */
  taken: () => { id: string | null; words: string }[];
  behave(way: Way): void;
  arrived: () => boolean;
  /** Milliseconds that the receiver asks to wait with 'later'; null: its protocol has no words for it. */
  asksToWait: number | null;
  /** The same channel, to a receiver that speaks no known language. */
  garbage(port: number): [Channel, Destination];
  /** What must stand nowhere but in what is sent. */
  secrets: readonly string[];
  close(): Promise<unknown>;
}

const from = 'Holdpoint <holdpoint@example.com>';
const addressee = 'ada@example.com';
const NUMBER = '+15005550001';

/** One way of a receiver that speaks HTTP. `refusal` and `later` are its own. */
function misbehave(way: Way, response: ServerResponse, refusal: () => void): boolean {
  switch (way) {
    case 'well':
      return false;
    case 'refuse':
      refusal();
      return true;
    case 'later':
      response.writeHead(429, { 'retry-after': '90' }).end(`slow down, ${addressee}`);
      return true;
    case 'fail':
      response.writeHead(503).end('oops');
      return true;
    case 'garbage':
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"ok": maybe, "${addressee}"`);
      return true;
    case 'silence':
      return true;
    case 'drop':
      response.destroy();
      return true;
  }
}

export const subjects: Record<string, () => Promise<Subject>> = {
  async email() {
    const mailbox = await openMailbox();
    const to = { type: 'EMAIL', key: 'k', to: [addressee] } as const;
    const url = mailbox.url.replace('//', '//holdpoint:mailsecret@');
    const channel = createEmail({ url: mailbox.url, from });
    let arrived = false;
    return {
      channel: channel as Channel,
      channels: { EMAIL: channel },
      settings: { type: 'email', to: [addressee] },
      to,
      taken: () =>
        mailbox.received.map(({ source }) => ({
          id: /^Message-ID: <([^@]+)@/im.exec(source)![1]!,
          words: bodyOf(source),
        })),
      behave(way) {
        mailbox.verdict = () => {
          arrived = true;
          if (way === 'drop') mailbox.drop();
          if (way === 'silence' || way === 'drop') return 'silence';
          return way === 'well' ? null : smtpError(way === 'refuse' ? 550 : way === 'later' ? 421 : 451);
        };
      },
      arrived: () => arrived,
      asksToWait: null,
      garbage: (port) => [createEmail({ url: url.replace(/:\d+$/, `:${port}`), from }) as Channel, to],
      secrets: ['mailsecret', addressee],
      close: () => mailbox.close(),
    };
  },

  async webhook() {
    const receiver = await openReceiver();
    const channel = createWebhook({ clock: testClock(), allowPrivate: true });
    const url = `${receiver.url}/?token=hidden`;
    const to = { type: 'WEBHOOK', key: 'k', url, secret: SECRET } as const;
    return {
      channel: channel as Channel,
      channels: { WEBHOOK: channel },
      settings: { type: 'webhook', webhook_url: url, secret: SECRET },
      to,
      taken: () =>
        receiver.received.map(({ headers, body }) => ({
          id: headers['webhook-id'] as string,
          words: body.text,
        })),
      behave(way) {
        receiver.answer = (response) => {
          // Whatever a 2xx says, it is taken over: what is garbage is the status.
          if (way === 'garbage') return void response.writeHead(599).end('?');
          if (!misbehave(way, response, () => response.writeHead(410).end(addressee)))
            response.writeHead(200).end();
        };
      },
      arrived: () => receiver.received.length > 0,
      asksToWait: 90_000,
      garbage: (port) => [channel as Channel, { ...to, url: `http://127.0.0.1:${port}/?token=hidden` }],
      secrets: [SECRET, 'hidden', addressee],
      close: () => receiver.close(),
    };
  },

  async 'slack, by its bot'() {
    const slack = await openSlack();
    const open = (apiUrl: string) =>
      createSlack({ clock: testClock(), app: { token: TOKEN, apiUrl, buttons: true }, allowPrivate: false });
    const channel = open(`${slack.url}/api`);
    const to = { type: 'SLACK', key: 'k', via: 'BOT', channel: '#approvals' } as const;
    return {
      channel: channel as Channel,
      channels: { SLACK: channel },
      settings: { type: 'slack', slack_channel: '#approvals' },
      to,
      taken: () =>
        [...slack.messages.values()].map((blocks) => ({
          id: blocks[0].block_id as string,
          words: wordsOf(blocks.slice(1)),
        })),
      behave(way) {
        slack.instead = (call, response) =>
          misbehave(way, response, () => refusing('channel_not_found')(call, response));
      },
      arrived: () => slack.calls.length > 0,
      asksToWait: 90_000,
      garbage: (port) => [open(`http://127.0.0.1:${port}/api`) as Channel, to],
      secrets: [TOKEN, addressee],
      close: () => slack.close(),
    };
  },

  async 'slack, by an incoming webhook'() {
    const slack = await openSlack();
    const channel = createSlack({ clock: testClock(), app: null, allowPrivate: true });
    const url = `${slack.url}/services/T0/hidden/hook`;
    const to = { type: 'SLACK', key: 'k', via: 'WEBHOOK', url } as const;
    return {
      channel: channel as Channel,
      channels: { SLACK: channel },
      settings: { type: 'slack', webhook_url: url },
      to,
      taken: () =>
        slack.calls.map(({ blocks }) => ({
          id: blocks[0].block_id as string,
          words: wordsOf(blocks.slice(1)),
        })),
      behave(way) {
        slack.instead = (_, response) =>
          misbehave(way, response, () => response.writeHead(404).end('no_service'));
      },
      arrived: () => slack.calls.length > 0,
      asksToWait: 90_000,
      garbage: (port) => [channel as Channel, { ...to, url: `http://127.0.0.1:${port}/hidden` }],
      secrets: ['hidden', addressee],
      close: () => slack.close(),
    };
  },

  async sms() {
    const clock = testClock();
    const twilio = await openTwilio(clock);
    const channel = createSms(twilio.account(), clock);
    const to = { type: 'SMS', key: 'k', to: [NUMBER] } as const;
    return {
      channel: channel as Channel,
      channels: { SMS: channel },
      settings: { type: 'sms', to: [NUMBER] },
      to,
      taken: () => twilio.sent.map(({ body }) => ({ id: null, words: body })),
      behave(way) {
        twilio.instead = (method, number, response) =>
          misbehave(way, response, () => twilioError(400, 21211)(method, number, response));
      },
      arrived: () => twilio.requests.length > 0,
      asksToWait: 90_000,
      garbage: (port) => [
        createSms({ ...twilio.account(), apiUrl: `http://127.0.0.1:${port}` }, clock) as Channel,
        to,
      ],
      secrets: [AUTH_TOKEN, NUMBER],
      close: () => twilio.close(),
    };
  },
};

/** A mail's text as its reader shows it. */
function bodyOf(source: string): string {
  const [head = '', ...rest] = source.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  if (/^Content-Transfer-Encoding: base64\r?$/im.test(head))
    return Buffer.from(body, 'base64').toString('utf8');
  if (!/^Content-Transfer-Encoding: quoted-printable\r?$/im.test(head)) return body;
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

export const message = (more: Partial<Message> = {}): Message => ({
  id: 'delivery_01kpzk6e00fm7b3v5t8x2c4d6f',
  subjectId: 'intervention_x',
  subject: 'Decision needed',
  text: 'may I?\n',
  brief: 'may I?',
  url: 'https://holdpoint.example.com/interventions/intervention_x',
  body: '{"text":"may I?"}',
  asking: null,
  edits: null,
  sentSince: null,
  ...more,
});
