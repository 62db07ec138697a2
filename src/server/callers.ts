import type { IncomingMessage } from 'node:http';
import type { Caller } from '../graphql/caller.ts';
import { RequestError } from '../kernel/errors.ts';
import type { Access } from './access.ts';
import type { Cookie } from './cookies.ts';

/** Who stands behind a request or a socket. All throw RequestError UNAUTHENTICATED, FORBIDDEN or SERVICE_UNAVAILABLE. */
export interface Callers<V extends Caller> {
  /** By `Authorization`; only without one by the session's cookie, with its CSRF token. */
  ofRequest(request: IncomingMessage): Promise<V>;
  /** By `connectionParams.authorization` or the upgrade's header; only without both by the upgrade's cookie. */
  ofSocket(request: IncomingMessage, params: Readonly<Record<string, unknown>> | undefined): Promise<V>;
}

export interface CallersDeps<V extends Caller> {
  authenticate: (authorization: string | null) => Promise<V>;
  /** Null: nobody comes by a cookie. */
  sessions: {
    cookie: Cookie;
    authenticate: (secret: string) => Promise<V>;
    isCsrfToken: (given: unknown, secret: string) => boolean;
  } | null;
  access: Access;
}

export function createCallers<V extends Caller>(deps: CallersDeps<V>): Callers<V> {
  const { authenticate, sessions, access } = deps;

  /**
   * A browser sends the cookie whoever made it ask (behaviour 2.12): only who could read the token may ask with it, and
   * only from a page of ours. Who is signed in is looked up first, so that who is not is told that.
   */
  async function byCookie(
    request: IncomingMessage,
    token: unknown,
    originNeeded: boolean,
  ): Promise<V | null> {
    const secret = sessions?.cookie.read(request) ?? null;
    if (sessions === null || secret === null) return null;
    const viewer = await sessions.authenticate(secret);
    if (!access.isFromOwnPage(request, originNeeded))
      throw new RequestError('FORBIDDEN', "A session's cookie is good for this server's own pages alone.");
    if (!sessions.isCsrfToken(token, secret))
      throw new RequestError('FORBIDDEN', "A request by cookie carries the session's CSRF token.");
    return viewer;
  }

  return {
    async ofRequest(request) {
      const { authorization, 'x-csrf-token': token } = request.headers;
      const viewer = authorization === undefined ? await byCookie(request, token, false) : null;
      return viewer ?? authenticate(authorization ?? null);
    },
    async ofSocket(request, params) {
      const given = params?.['authorization'] ?? params?.['Authorization'] ?? request.headers.authorization;
      // Browsers name the origin of every socket; no header of ours could be asked of them there.
      const viewer = given == null ? await byCookie(request, params?.['csrfToken'], true) : null;
      return viewer ?? authenticate(typeof given === 'string' ? given : null);
    },
  };
}
