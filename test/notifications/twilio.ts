import type { ServerResponse } from 'node:http';
import type { Clock } from '../../src/kernel/clock.ts';
import { openStandIn } from './stand-in.ts';

export const ACCOUNT = `AC${'0'.repeat(32)}`;
export const AUTH_TOKEN = 'twiliosecrettwiliosecret';

export interface Text {
  sid: string;
  to: string;
  from: string;
  body: string;
  status: string;
  at: Date;
}

/** A stand-in for Twilio's API over real HTTP: takes messages, and lists them by number, the newest first. */
export async function openTwilio(clock: Clock) {
  const sent: Text[] = [];
  const requests: { method: string; authorization: string | undefined }[] = [];
  const twilio = {
    sent,
    requests,
    /** Answers in place of Twilio; true: it has. The message has been sent by then where `afterwards` says so. */
    instead: (_method: string, _to: string, _response: ServerResponse): boolean => false,
    /** The message goes out before `instead` is asked, as where an answer is lost on its way. */
    takesFirst: false,
    account: () => ({
      accountSid: ACCOUNT,
      authToken: AUTH_TOKEN,
      from: '+15005550006',
      apiUrl: standIn.url,
    }),
  };
  const standIn = await openStandIn((request, text, response) => {
    const method = request.method!;
    const url = new URL(request.url!, 'http://twilio');
    requests.push({ method, authorization: request.headers.authorization });
    const form = new URLSearchParams(text);
    const to = (method === 'GET' ? url.searchParams : form).get('To')!;
    const take = (): Text => {
      const sid = `SM${String(sent.length).padStart(32, '0')}`;
      const one = {
        sid,
        to,
        from: form.get('From')!,
        body: form.get('Body')!,
        status: 'queued',
        at: clock.now(),
      };
      sent.push(one);
      return one;
    };
    const taken = method === 'POST' && twilio.takesFirst ? take() : null;
    if (twilio.instead(method, to, response)) return;
    response.setHeader('content-type', 'application/json');
    if (method === 'GET') return void response.end(JSON.stringify({ messages: listed(to) }));
    response.writeHead(201).end(JSON.stringify({ sid: (taken ?? take()).sid, status: 'queued' }));
  });
  const listed = (to: string) =>
    sent
      .filter((one) => one.to === to)
      .toReversed()
      .map(({ sid, body, status, at }) => ({ sid, body, status, date_created: at.toUTCString() }));
  return Object.assign(twilio, standIn);
}

export type Twilio = Awaited<ReturnType<typeof openTwilio>>;

export const twilioError =
  (status: number, code: number, headers: Record<string, string> = {}) =>
  (_: string, to: string, response: ServerResponse) => {
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ code, message: `no, ${to}`, status }));
    return true;
  };
