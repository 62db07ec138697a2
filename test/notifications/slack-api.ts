import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { openStandIn } from './stand-in.ts';

export const TOKEN = 'xoxb-1234567890-secretsecret';
export const SIGNING_SECRET = '0123456789abcdef0123456789abcdef';

/** A call of Slack's API, or what came by an incoming webhook or a response_url. */
export interface SlackCall {
  /** Such as chat.postMessage; `hook` and `response` for the others. */
  method: string;
  authorization: string | undefined;
  args: Record<string, string>;
  blocks: any[];
  /** Of the JSON that webhooks carry. */
  json: any;
}

/** A stand-in for Slack that speaks its API over real HTTP and keeps what it is told, messages by their time stamps. */
export async function openSlack() {
  const calls: SlackCall[] = [];
  const messages = new Map<string, any[]>();
  let stamps = 0;
  const slack = {
    calls,
    messages,
    /** Answers in place of Slack; true: it has. */
    instead: (_call: SlackCall, _response: ServerResponse): boolean => false,
    to: (method: string) => calls.filter((call) => call.method === method),
  };
  const standIn = await openStandIn((request, text, response) => {
    const method = request.url!.split('/').at(-1)!;
    const json = request.headers['content-type'] === 'application/json' ? JSON.parse(text) : null;
    const args = json === null ? Object.fromEntries(new URLSearchParams(text)) : {};
    const blocks = JSON.parse(args.blocks ?? JSON.stringify(json?.blocks ?? [])) as any[];
    const call = { method, authorization: request.headers.authorization, args, blocks, json };
    calls.push(call);
    if (!slack.instead(call, response)) answer(call, response);
  });
  const send = (response: ServerResponse, body: object) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  function answer({ method, args, blocks }: SlackCall, response: ServerResponse): void {
    if (method === 'hook' || method === 'response') return void response.writeHead(200).end('ok');
    const channel = `C0${(args.channel ?? '').replace(/\W/g, '').toUpperCase()}`;
    if (method === 'chat.postMessage') {
      const ts = `1700000000.${String((stamps += 1)).padStart(6, '0')}`;
      messages.set(ts, blocks);
      return send(response, { ok: true, channel, ts });
    }
    if (!messages.has(args.ts!)) return send(response, { ok: false, error: 'message_not_found' });
    messages.set(args.ts!, blocks);
    send(response, { ok: true, channel: args.channel, ts: args.ts });
  }

  return Object.assign(slack, standIn);
}

export type Slack = Awaited<ReturnType<typeof openSlack>>;

export const refusing = (error: string) => (_: SlackCall, response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ok: false, error }));
  return true;
};

/** Texts of a message's blocks as Slack shows them, and its buttons. */
export const wordsOf = (blocks: any[]): string =>
  blocks.flatMap(({ text }) => (text === undefined ? [] : [unescaped(text.text)])).join('\n');
export const buttonsOf = (blocks: any[]): any[] => blocks.flatMap(({ elements = [] }) => elements);

const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** What Slack sends as its headers with a body. */
export const signed = (body: string, at: Date, secret = SIGNING_SECRET): Record<string, string> => {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${digest}`,
  };
};
