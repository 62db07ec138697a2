import { request } from 'node:http';
import { rawSocket } from '../server/support.ts';

export interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The `Set-Cookie` of the answer, whole. */
  cookies: string[];
  text: string;
  body: any;
}

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** By hand, as fetch tidies paths, names its own origin and host, and follows redirects. */
export function ask(url: string, path: string, { method = 'GET', headers = {}, body }: Asked = {}) {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const { hostname, port } = new URL(url);
  return new Promise<Answered>((resolve, reject) => {
    const sent = request(
      {
        host: hostname,
        port,
        path,
        method,
        headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const received = Buffer.concat(chunks).toString('latin1');
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            cookies: response.headers['set-cookie'] ?? [],
            text: received,
            body: /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(received) : null,
          });
        });
      },
    );
    sent.on('error', reject).end(text);
  });
}

export interface Page {
  cookie: string;
  csrfToken: string;
}

/** What a browser does at a server: keeps the cookie, names the page's origin, repeats the token. */
export function browserAt(url: string, origin = url) {
  const at = {
    ask: (path: string, asked: Asked = {}) =>
      ask(url, path, { ...asked, headers: { origin, ...asked.headers } }),
    open: (credential: object, headers: Record<string, string> = {}) =>
      at.ask('/session', { method: 'POST', body: credential, headers }),
    async signIn(credential: object): Promise<Page> {
      const answered = await at.open(credential);
      if (answered.status !== 200) throw new Error(`not signed in: ${answered.text}`);
      return { cookie: cookieOf(answered), csrfToken: answered.body.csrfToken };
    },
    session: ({ cookie }: Pick<Page, 'cookie'>) => at.ask('/session', { headers: { cookie } }),
    signOut: ({ cookie, csrfToken }: Page) =>
      at.ask('/session', { method: 'DELETE', headers: { cookie, 'x-csrf-token': csrfToken } }),
    graphql: (query: string, headers: Record<string, string>) =>
      at.ask('/graphql', { method: 'POST', body: { query }, headers }),
    socket: (
      { cookie }: Pick<Page, 'cookie'>,
      params: Record<string, unknown>,
      from: string | null = origin,
    ) =>
      rawSocket({ wsUrl: `${url.replace('http', 'ws')}/graphql` }, params, {
        cookie,
        ...(from !== null && { origin: from }),
      }),
  };
  return at;
}

/** The pair that a browser would send back, of the last cookie set that is not one taken away. */
export const cookieOf = ({ cookies }: Answered): string =>
  cookies.findLast((cookie) => !/Max-Age=0/.test(cookie))!.split(';')[0]!;
