import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Caller } from '../graphql/caller.ts';
import type { Engine } from '../graphql/engine.ts';
import type { Clock } from '../kernel/clock.ts';
import { RequestError } from '../kernel/errors.ts';
import type { IssuerSignIn } from '../sign-in/issuer.ts';
import type { Access } from './access.ts';
import type { Cookie } from './cookies.ts';
import { createFailures } from './failures.ts';
import type { HttpHandler } from './graphql-http.ts';
import { readBody, sendJson } from './respond.ts';

/** What the doors of browsers are given of `sign-in/` (behaviour 2.10 to 2.13). Secrets are those of session cookies. */
export interface BrowserSignIn<V extends Caller> {
  authenticate: (secret: string) => Promise<V>;
  csrfTokenOf: (secret: string) => string;
  isCsrfToken: (given: unknown, secret: string) => boolean;
  /** These return a new session's secret. They throw RequestError UNAUTHENTICATED, and FORBIDDEN for an agent's key. */
  withKey: (apiKey: string) => Promise<string>;
  withLink: (token: string) => Promise<string>;
  withIssuer: (userId: string) => Promise<string>;
  end: (secret: string) => Promise<unknown>;
  /** What a secret is known by without being known, and ending the session that has it. */
  hashOf: (secret: string) => string;
  endOf: (hash: string) => Promise<unknown>;
  /** What a page is told of whoever is signed in. */
  describe: (viewer: V) => object;
  /** When the session ends unless it is used again. */
  endsAt: (viewer: V) => Date;
  /** Seconds for which the browser keeps the cookie. */
  cookieAge: number;
  /** Null: nobody signs in by an issuer. */
  issuer: IssuerSignIn | null;
}

interface Deps<V extends Caller> {
  browser: BrowserSignIn<V>;
  engine: Engine;
  clock: Clock;
  /** These are known once the server listens. */
  access: () => Access;
  cookie: () => Cookie;
}

const credential = z.union([
  z.strictObject({ apiKey: z.string().min(1).max(16_384) }),
  z.strictObject({ link: z.string().min(1).max(200) }),
]);

const STATUS: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  SERVICE_UNAVAILABLE: 503,
};

/** `/session`: who is signed in with this browser, signing in, signing out. Nothing of it is kept by a cache. */
export function createSessionDoor<V extends Caller>(deps: Deps<V>): HttpHandler {
  const { browser } = deps;
  const failures = createFailures(deps.clock);
  const signIn = { apiKey: true, oidc: browser.issuer !== null };

  const describe = (response: ServerResponse, secret: string, viewer: V) =>
    sendJson(response, 200, {
      viewer: browser.describe(viewer),
      csrfToken: browser.csrfTokenOf(secret),
      expiresAt: browser.endsAt(viewer).toISOString(),
    });

  /** Who is signed in; null, and answered, where nobody is. */
  async function signedIn(request: IncomingMessage, response: ServerResponse) {
    const secret = deps.cookie().read(request);
    try {
      if (secret !== null) return { secret, viewer: await browser.authenticate(secret) };
    } catch (error) {
      // The cookie is left: taken back here, it could be one that another page has been given meanwhile.
      if (!(error instanceof RequestError) || error.code !== 'UNAUTHENTICATED') throw error;
    }
    sendJson(response, 401, { signIn });
    return null;
  }

  async function show(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = await signedIn(request, response);
    if (found !== null) describe(response, found.secret, found.viewer);
  }

  async function open(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = request.socket.remoteAddress ?? '';
    const wait = failures.begin(address);
    if (wait !== null) {
      request.resume();
      response.setHeader('retry-after', String(wait));
      throw new RequestError('RATE_LIMITED', `Too many attempts failed; try again in ${wait} seconds.`);
    }
    let secret: string;
    try {
      const given = await credentialOf(request);
      secret = await ('apiKey' in given ? browser.withKey(given.apiKey) : browser.withLink(given.link));
    } catch (error) {
      // What could not be looked at is no guess.
      if (!(error instanceof RequestError) || error.code !== 'UNAUTHENTICATED') failures.forgive(address);
      throw error;
    }
    failures.forgive(address);
    const viewer = await browser.authenticate(secret);
    const cookie = deps.cookie();
    // What this browser was signed in with until now is in nobody's hands from here on.
    const before = cookie.read(request);
    if (before !== null) await browser.end(before);
    response.setHeader('set-cookie', cookie.set(secret, browser.cookieAge));
    describe(response, secret, viewer);
  }

  async function close(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = await signedIn(request, response);
    if (found === null) return;
    if (!browser.isCsrfToken(request.headers['x-csrf-token'], found.secret))
      throw new RequestError('FORBIDDEN', "Signing out carries the session's CSRF token.");
    await browser.end(found.secret);
    response.setHeader('set-cookie', deps.cookie().clear());
    response.writeHead(204).end();
  }

  const acts: Readonly<Record<string, typeof show>> = { GET: show, POST: open, DELETE: close };

  return async (request, response, about) => {
    response.setHeader('cache-control', 'no-store');
    const act = acts[request.method ?? ''];
    try {
      if (act === undefined) {
        response.setHeader('allow', 'GET, POST, DELETE');
        return sendFailure(
          response,
          405,
          'BAD_USER_INPUT',
          'A session is read, opened by POST, ended by DELETE.',
        );
      }
      if (!deps.access().isFromOwnPage(request))
        throw new RequestError('FORBIDDEN', "People sign in on this server's own pages alone.");
      await act(request, response);
    } catch (error) {
      const { message, extensions } = deps.engine.mask(error, about);
      const code = String(extensions['code']);
      sendFailure(response, STATUS[code] ?? 500, code, message);
    }
  };
}

const sendFailure = (response: ServerResponse, status: number, code: string, message: string): void =>
  sendJson(response, status, { error: { code, message } });

/** Throws RequestError BAD_USER_INPUT. */
async function credentialOf(request: IncomingMessage): Promise<z.output<typeof credential>> {
  const malformed = (message: string) => new RequestError('BAD_USER_INPUT', message);
  // Whatever is not JSON, a page of another site may send unasked.
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? '')) {
    request.resume();
    throw malformed('A credential is sent as application/json.');
  }
  const body = await readBody(request);
  if (body === null) {
    request.resume();
    throw malformed('The body is too large.');
  }
  try {
    const parsed = credential.safeParse(JSON.parse(body));
    if (parsed.success) return parsed.data;
  } catch {
    throw malformed('The body is not JSON.');
  }
  throw malformed('The body is {"apiKey": "…"} or {"link": "…"}, each a text.');
}
