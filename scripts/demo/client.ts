// What every scene of the demonstration speaks to the server with.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';

export interface Options {
  url?: string | undefined;
  key?: string | undefined;
}

interface Refusable {
  success: boolean;
  message: string;
  errors: { code: string; message: string }[];
}

export const PAYLOAD = 'success message errors { code message }';

/** The server keeps the key that it made itself in its data folder. */
const keptIn = join(process.env.DATA_DIR ?? './data', 'admin-key');
const keptKey = async (): Promise<string | null> =>
  (await readFile(keptIn, 'utf8').catch(() => null))?.trim() ?? null;

export type Client = Awaited<ReturnType<typeof openClient>>;

export async function openClient(options: Options) {
  const address = options.url ?? `http://${process.env.HOST ?? '127.0.0.1'}:${process.env.PORT ?? 4000}`;
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    throw new Error(`"${address}" is not the address of a server, such as http://127.0.0.1:4000`);
  const url = new URL('/graphql', address);
  const key = options.key ?? process.env.ADMIN_API_KEY ?? (await keptKey());
  if (key === null)
    throw new Error(
      'An ADMIN key is needed: --key, ADMIN_API_KEY, or the one that the first start of the server printed.',
    );
  const socketUrl = new URL(url);
  socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = createClient({
    url: socketUrl.href,
    connectionParams: { authorization: `Bearer ${key}` },
    retryAttempts: 5,
  });

  /** `as`: another key than the administrator's. */
  async function call<Data>(query: string, variables: Record<string, unknown>, as = key): Promise<Data> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${as}` },
      body: JSON.stringify({ query, variables }),
    }).catch(() => {
      throw new Error(`No server answers at ${url.origin}; start it with: npm start`);
    });
    const answer: unknown = await response.json().catch(() => {
      throw new Error(`What answers at ${url.origin} is not Holdpoint (${response.status}).`);
    });
    return unwrap<Data>(answer as { data?: Data; errors?: { message: string }[] });
  }

  /** The same over the socket. */
  async function callBySocket<Data>(query: string, variables: Record<string, unknown>): Promise<Data> {
    for await (const result of socket.iterate<Data>({ query, variables }))
      return unwrap<Data>(result as { data?: Data | null });
    throw new Error('the socket answered nothing');
  }

  /** A call as a person would make it in a shell; secrets do not belong on a screen. */
  function inShell(query: string, variables: Record<string, unknown>): string {
    const shown =
      options.key !== undefined
        ? '<the key of --key>'
        : process.env.ADMIN_API_KEY
          ? '$ADMIN_API_KEY'
          : `$(cat ${keptIn})`;
    const body = JSON.stringify({ query, variables }).replaceAll("'", String.raw`'\''`);
    return `curl -s ${url.href} \\\n    -H 'content-type: application/json' -H "authorization: Bearer ${shown}" \\\n    -d '${body}'`;
  }

  return { call, callBySocket, inShell, socket, close: () => socket.dispose() };
}

export function unwrap<Data>({
  data,
  errors,
}: {
  data?: Data | null;
  errors?: readonly { message: string }[];
}): Data {
  if (errors?.length || data === undefined || data === null)
    throw new Error(errors?.map(({ message }) => message).join('; ') ?? 'the server answered nothing');
  for (const payload of Object.values(data) as Partial<Refusable>[]) {
    if (payload?.success === false)
      throw new Error(payload.errors?.map(({ code, message }) => `${code}: ${message}`).join('; '));
  }
  return data;
}
