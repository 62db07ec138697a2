import type { ServerResponse } from 'node:http';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { type Click, readClick } from '../slack/payload.ts';
import { faultOfSignature } from '../slack/signature.ts';
import type { HttpHandler } from './graphql-http.ts';
import { readBody, sendError, sendTooLarge } from './respond.ts';

interface SlackActionsDeps {
  clock: Clock;
  log: Log;
  signingSecret: string;
  /** Acts on a click. Resolves with what whoever clicked is to be told; null: nothing. */
  take: (click: Click, signature: string) => Promise<string | null>;
  tell: (responseUrl: string, words: string) => Promise<void>;
}

/** Milliseconds in which Slack wants to hear that a click has arrived; it waits for 3 s. */
const ANSWER_WITHIN = 2_500;

export interface SlackActions {
  handle: HttpHandler;
  /** Resolves once nothing that was clicked is being acted on. */
  stop(): Promise<void>;
}

/**
 * `POST /slack/actions` (behaviour 8.7): the one door that takes a form (10.5), and acts on nothing but what Slack has
 * signed. A click is decided before it is answered, where that takes no longer than Slack waits.
 */
export function createSlackActions(deps: SlackActionsDeps): SlackActions {
  const { clock, log, signingSecret } = deps;
  const acting = new Set<Promise<void>>();

  async function act(click: Click, signature: string): Promise<void> {
    let words: string | null;
    try {
      words = await deps.take(click, signature);
    } catch (err) {
      log.error({ err }, 'a click in Slack could not be acted on');
      words = 'Not done, or it is not known: something failed. Open the item by its link.';
    }
    if (words === null || click.responseUrl === null) return;
    const told = deps.tell(click.responseUrl, words);
    follow(told);
  }

  function follow(work: Promise<void>): void {
    acting.add(work);
    work.finally(() => acting.delete(work)).catch(() => {});
  }

  return {
    async handle(request, response) {
      if (request.method !== 'POST') {
        response.setHeader('allow', 'POST');
        return sendError(response, 405, 'BAD_USER_INPUT', 'Slack sends what was clicked by POST.');
      }
      if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(request.headers['content-type'] ?? ''))
        return sendError(response, 415, 'BAD_USER_INPUT', 'Slack sends what was clicked as a form.');
      const body = await readBody(request);
      if (body === null) return sendTooLarge(request, response);
      const headers = {
        timestamp: one(request.headers['x-slack-request-timestamp']),
        signature: one(request.headers['x-slack-signature']),
      };
      const fault = faultOfSignature(signingSecret, headers, body, clock.now());
      if (fault !== null) {
        log.warn({ reason: fault }, 'what came as a click in Slack is refused');
        return sendError(response, 401, 'UNAUTHENTICATED', `This is not signed by Slack: ${fault}.`);
      }
      const click = readClick(body);
      if (click === null)
        return sendError(response, 400, 'BAD_USER_INPUT', 'The form has no payload that is JSON.');
      if (click !== 'other') {
        const acted = act(click, headers.signature!);
        follow(acted);
        await within(clock, acted, ANSWER_WITHIN);
      }
      acknowledge(response);
    },
    async stop() {
      while (acting.size > 0) await Promise.allSettled(acting);
    },
  };
}

const one = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

async function within(clock: Clock, work: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = clock.at(new Date(clock.now().getTime() + ms), late.resolve);
  await Promise.race([work, late.promise]);
  cancel();
}

/** Empty: Slack would show whatever stands in it. */
const acknowledge = (response: ServerResponse): void => void response.writeHead(200).end();
