import type { Clock } from '../kernel/clock.ts';
import { z } from 'zod';
import { type Channel, type Message, NotDelivered } from './channel.ts';
import { ask, faultOf, textOf } from './post.ts';
import type { Destination } from './settings.ts';

type Sms = Extract<Destination, { type: 'SMS' }>;

/** UTF-16 units of one message, in which phones count as well: five parts of one at most. */
export const MAX_SMS = 320;

export interface TwilioAccount {
  accountSid: string;
  authToken: string;
  /** A number, a short code, a sender's name, or a messaging service (MG…). */
  from: string;
  /** Where Twilio's API is, without a slash at the end. */
  apiUrl: string;
}

/** What Twilio says of a message, or of why it takes none. */
const accepted = z.object({ sid: z.string().regex(/^(SM|MM)[0-9a-fA-F]{32}$/) });
const refusal = z.object({ code: z.number().int() });
const listing = z.object({
  messages: z.array(
    z.object({
      sid: z.string(),
      body: z.string().nullable(),
      status: z.string(),
      date_created: z.string().nullable(),
    }),
  ),
});

/**
 * One text message to each of the channel's numbers, through Twilio's API. Twilio takes no key by which it would know a
 * repeat. So whoever tries again asks it first whether the same words have gone to the number since the first attempt, and
 * sends to those alone that have not had them.
 */
export function createSms(account: TwilioAccount, clock: Clock): Channel<Sms> {
  return {
    name: 'sms',
    async send({ to }, message, signal) {
      const text = smsText(message);
      const sids: string[] = [];
      const faults: NotDelivered[] = [];
      for (const number of to) {
        try {
          sids.push(await sendOnce(account, { number, text, since: message.sentSince }, { clock, signal }));
        } catch (error) {
          if (!(error instanceof NotDelivered)) throw error;
          faults.push(error);
        }
      }
      if (faults.length > 0) throw together(faults, to.length);
      return { reference: sids.join(',') };
    },
  };
}

/** One number's refusal is not another's: what may still go is tried again, and by then the rest is known to be there. */
function together(faults: readonly NotDelivered[], count: number): NotDelivered {
  const passing = faults.filter(({ permanent }) => !permanent);
  const [first] = passing.length > 0 ? passing : faults;
  const waits = faults.map(({ retryAfter }) => retryAfter).filter((wait) => wait !== null);
  return new NotDelivered(
    count === 1 ? first!.message : `${faults.length} of ${count} numbers: ${first!.message}`,
    {
      permanent: passing.length === 0,
      retryAfter: waits.length === 0 ? null : Math.max(...waits),
      cause: first,
    },
  );
}

/** The words, cut so that the link behind them is whole. */
export function smsText({ brief, url }: Pick<Message, 'brief' | 'url'>): string {
  const room = MAX_SMS - url.length - 1;
  const words = brief.split(url).join('').replace(/\s+/g, ' ').trim();
  if (url.length > MAX_SMS)
    throw new NotDelivered('the link is too long for a text message', { permanent: true });
  if (words.length <= room) return words === '' ? url : `${words}\n${url}`;
  let cut = '';
  for (const character of words) {
    if (cut.length + character.length + 1 > room) break;
    cut += character;
  }
  return cut === '' ? url : `${cut}…\n${url}`;
}

interface Text {
  number: string;
  text: string;
  since: Date | null;
}

interface Means {
  clock: Clock;
  signal: AbortSignal;
}

async function sendOnce(
  account: TwilioAccount,
  { number, text, since }: Text,
  means: Means,
): Promise<string> {
  const sent = since === null ? null : await findSent(account, { number, text, since }, means);
  if (sent !== null) return sent;
  const { from } = account;
  const body = new URLSearchParams({
    To: number,
    ...(/^MG[0-9a-fA-F]{32}$/.test(from) ? { MessagingServiceSid: from } : { From: from }),
    Body: text,
  });
  return (await call(account, { body: body.toString() }, means, accepted)).sid;
}

/** Twilio's own statuses of a message that will reach nobody. */
const LOST: ReadonlySet<string> = new Set(['failed', 'undelivered', 'canceled']);

/** Milliseconds that Twilio's clock and this one may differ by. */
const TOLERANCE = 60_000;

/** Among the newest hundred messages to the number: Twilio lists them so. */
async function findSent(
  account: TwilioAccount,
  { number, text, since }: Text & { since: Date },
  means: Means,
): Promise<string | null> {
  const query = new URLSearchParams({ To: number, PageSize: '100' });
  const { messages } = await call(account, { query: query.toString() }, means, listing);
  const earliest = since.getTime() - TOLERANCE;
  const sent = messages.find(
    ({ body, status, date_created: created }) =>
      body === text && !LOST.has(status) && created !== null && Date.parse(created) >= earliest,
  );
  return sent?.sid ?? null;
}

/**
 * Codes that another attempt gets past: too many requests or too long a queue. 20003 is a wrong token, and 30002 a suspended
 * account: the operator's to mend, and then it goes. Of the others a status from 400 to 499 refuses.
 */
const PASSING: ReadonlySet<number> = new Set([20003, 20429, 21611, 14107, 30001, 30002, 30022]);

async function call<Answer>(
  { accountSid, authToken, apiUrl }: TwilioAccount,
  { body, query }: { body?: string; query?: string },
  { clock, signal }: Means,
  form: z.ZodType<Answer>,
): Promise<Answer> {
  const url = new URL(
    `${apiUrl}/2010-04-01/Accounts/${accountSid}/Messages.json${query === undefined ? '' : `?${query}`}`,
  );
  const response = await ask(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(body === undefined ? {} : { body }),
    signal,
    // It is the operator's address, not a team's.
    allowPrivate: true,
  });
  const fault = faultOf(response.statusCode ?? 0, response.headers['retry-after'], clock.now());
  const answer = parsed(
    await textOf(response, signal).catch((error: unknown) => {
      if (fault === null) throw error;
      return '';
    }),
  );
  if (fault !== null) throw withCode(fault, refusal.safeParse(answer).data?.code);
  const read = form.safeParse(answer);
  if (read.success) return read.data;
  throw new NotDelivered('Twilio answered something else than it should');
}

/** Twilio's code is told, its words are not: they repeat numbers. */
const withCode = (fault: NotDelivered, code: number | undefined): NotDelivered =>
  code === undefined
    ? fault
    : new NotDelivered(`Twilio refused it: ${code}`, {
        permanent: fault.permanent && !PASSING.has(code),
        retryAfter: fault.retryAfter,
      });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
