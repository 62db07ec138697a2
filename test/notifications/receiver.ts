import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { openStandIn } from './stand-in.ts';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  body: any;
}

/** A real receiver of webhooks. `answer` may be set anew at any time; it keeps what was received before. */
export async function openReceiver() {
  const received: Received[] = [];
  const receiver = {
    received,
    answer: (response: ServerResponse): void => void response.writeHead(204).end(),
  };
  const standIn = await openStandIn(({ url, headers }, text, response) => {
    received.push({ path: url!, headers, text, body: JSON.parse(text) });
    receiver.answer(response);
  });
  return Object.assign(receiver, standIn);
}

export type Receiver = Awaited<ReturnType<typeof openReceiver>>;

export const SECRET = `whsec_${Buffer.alloc(32, 'secret').toString('base64')}`;
