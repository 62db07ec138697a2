import { WebAPIPlatformError, WebAPIRequestError, WebClient } from '@slack/web-api';
import type { Clock } from '../kernel/clock.ts';
import { type Channel, type Message, NotDelivered } from './channel.ts';
import { exchange, faultOf } from './post.ts';
import type { Destination } from './settings.ts';
import { blocksOf, escaped } from './slack-blocks.ts';

type Slack = Extract<Destination, { type: 'SLACK' }>;

/** Bytes of an answer of Slack's that are read. */
const MAX_ANSWER = 1024 * 1024;
/** Characters of the line that notifications and screen readers show. */
const MAX_LINE = 300;

export interface SlackApp {
  /** Of the app's bot, which needs chat:write. */
  token: string;
  /** Where Slack's API is, without a slash at the end. */
  apiUrl: string;
  /** Clicks are heard: messages have buttons. */
  buttons: boolean;
}

interface Options {
  clock: Clock;
  /** Null: only incoming webhooks are written to. */
  app: SlackApp | null;
  /** Incoming webhooks may be at private addresses (behaviour 8.3). */
  allowPrivate: boolean;
}

/**
 * A channel of Slack's, by the app's bot or by an incoming webhook. The bot's messages are edited once what they ask for is
 * over: their reference is `channel/time stamp`. By a webhook nothing is known of a message once it is there, so that it
 * has a link and no buttons. Slack takes no key by which it would know a repeat: see docs/notifications.md.
 */
export function createSlack({ clock, app, allowPrivate }: Options): Channel<Slack> {
  return {
    name: 'slack',
    async send(to, message, signal) {
      if (to.via === 'WEBHOOK') return byWebhook(to.url, message, { clock, allowPrivate, signal });
      if (app === null)
        throw new NotDelivered('this server has no bot for Slack (SLACK_BOT_TOKEN)', { permanent: true });
      return byBot(app, to.channel, message, { clock, signal });
    },
  };
}

async function byWebhook(
  url: string,
  message: Message,
  { clock, allowPrivate, signal }: { clock: Clock; allowPrivate: boolean; signal: AbortSignal },
): Promise<{ reference: null }> {
  const body = JSON.stringify({ text: lineOf(message), blocks: blocksOf(message, { buttons: false }) });
  const headers = { 'content-type': 'application/json' };
  const answer = await exchange(new URL(url), { headers, body, signal, allowPrivate }, () => clock.now());
  if (answer.trim() !== 'ok') throw new NotDelivered('the receiver did not answer as Slack does');
  return { reference: null };
}

const lineOf = ({ subject }: Message): string => escaped(subject, MAX_LINE);

async function byBot(
  { token, apiUrl, buttons }: SlackApp,
  channel: string,
  message: Message,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<{ reference: string | null }> {
  const client = new WebClient(token, {
    slackApiUrl: apiUrl,
    allowAbsoluteUrls: false,
    // What fails is tried again by the delivery, and by nothing else.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: silent,
    fetch: (url, init) => boundedFetch(url, { ...init, signal }, clock),
  });
  const content = { text: lineOf(message), blocks: blocksOf(message, { buttons }) };
  try {
    if (message.edits !== null) {
      const [at, ts] = message.edits.split('/') as [string, string];
      await client.chat.update({ channel: at, ts, parse: 'none', link_names: false, ...content });
      return { reference: message.edits };
    }
    const sent = await client.chat.postMessage({
      channel,
      parse: 'none',
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
      mrkdwn: false,
      ...content,
    });
    if (typeof sent.channel !== 'string' || typeof sent.ts !== 'string') throw strange();
    return { reference: `${sent.channel}/${sent.ts}` };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // Somebody has deleted the message: there is nothing left to be edited.
    if (
      message.edits !== null &&
      error instanceof WebAPIPlatformError &&
      error.data.error === 'message_not_found'
    )
      return { reference: message.edits };
    throw faultIn(error);
  }
}

const strange = () => new NotDelivered('Slack answered something else than it should');

/** Bounded, cut off with the attempt, and with one table for what a status means. */
async function boundedFetch(url: string | URL | Request, init: RequestInit, clock: Clock): Promise<Response> {
  const response = await fetch(url, init);
  const { status, headers } = response;
  const fault = faultOf(status, headers.get('retry-after'), clock.now());
  if (fault !== null) {
    await response.body?.cancel();
    throw fault;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw strange();
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (!isAnswer(text)) throw strange();
  return new Response(text, { status, headers: { 'content-type': 'application/json' } });
}

function isAnswer(text: string): boolean {
  try {
    return typeof (JSON.parse(text) as { ok?: unknown } | null)?.ok === 'boolean';
  } catch {
    return false;
  }
}

/** What passes by itself, or is for this server's operator to mend; then it goes. Every other code of Slack's refuses. */
const PASSING: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'not_authed',
  'invalid_auth',
  'token_expired',
  'token_revoked',
  'account_inactive',
  'missing_scope',
]);

/** Slack's code is told, its words are not. */
function faultIn(error: unknown): NotDelivered {
  if (error instanceof NotDelivered) return error;
  if (error instanceof WebAPIPlatformError) {
    const code = /^[a-z_]{1,64}$/.test(error.data.error) ? error.data.error : 'unknown';
    return new NotDelivered(`Slack refused it: ${code}`, { permanent: !PASSING.has(code), cause: error });
  }
  if (error instanceof WebAPIRequestError) {
    const { original } = error;
    if (original instanceof NotDelivered) return original;
    const { code } = (original.cause ?? original) as { code?: string };
    return new NotDelivered(`Slack can't be reached (${code ?? 'no answer'})`, { cause: error });
  }
  return new NotDelivered('Slack could not be asked', { cause: error });
}

/** The library would say what is sent, and where; deliveries have a log of their own. */
const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => 'error' as never,
  setName() {},
};
