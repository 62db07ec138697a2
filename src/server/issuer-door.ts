import type { ServerResponse } from 'node:http';
import type { Caller } from '../graphql/caller.ts';
import type { Engine } from '../graphql/engine.ts';
import { RequestError } from '../kernel/errors.ts';
import { FLOW, isOwnPath } from '../sign-in/issuer.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Cookie } from './cookies.ts';
import { createFailures } from './failures.ts';
import type { HttpHandler } from './graphql-http.ts';
import { answersReading, sendError } from './respond.ts';
import type { BrowserSignIn } from './session-door.ts';

interface Deps<V extends Caller> {
  browser: BrowserSignIn<V>;
  engine: Engine;
  clock: Clock;
  /** These are known once the server listens. */
  publicUrl: () => string;
  cookies: () => { session: Cookie; flow: Cookie };
}

/** Sign-in by the issuer (behaviour 2.13): `/sign-in/oidc` leads there, `/sign-in/callback` is where it leads back to. */
export function issuerRoutes<V extends Caller>(deps: Deps<V>): Record<string, HttpHandler> {
  const { browser, engine, publicUrl, cookies } = deps;
  const failures = createFailures(deps.clock);

  const begin: HttpHandler = async (request, response) => {
    const to = queryOf(request.url).get('to') ?? '/';
    if (!isOwnPath(to)) throw new RequestError('BAD_USER_INPUT', '"to" must be a path of this server.');
    const { session, flow: kept } = cookies();
    // Sent from here, and not on the way back from another site: the session that this sign-in takes the place of.
    const secret = session.read(request);
    const before = secret === null ? null : browser.hashOf(secret);
    const { location, flow } = await browser.issuer!.begin(publicUrl(), to, before);
    goOn(response, location, [kept.set(flow, FLOW)]);
  };

  const comeBack: HttpHandler = async (request, response) => {
    const { session, flow } = cookies();
    response.setHeader('set-cookie', flow.clear());
    const address = request.socket.remoteAddress ?? '';
    const wait = failures.begin(address);
    // Each of these asks the issuer, in our name.
    if (wait !== null)
      throw new RequestError('RATE_LIMITED', `Too many attempts failed; try again in ${wait} seconds.`);
    const query = queryOf(request.url);
    const found = await browser.issuer!.finish(publicUrl(), `?${query}`, flow.read(request));
    failures.forgive(address);
    const secret = await browser.withIssuer(found.userId);
    if (found.before !== null) await browser.endOf(found.before);
    // A cookie may be set that is sent to nobody on the way from another site: the page that is gone on to needs none,
    // and what it then asks for is asked from here.
    goOn(response, `${publicUrl()}${found.to}`, [flow.clear(), session.set(secret, browser.cookieAge)]);
  };

  const guarded =
    (handler: HttpHandler): HttpHandler =>
    async (request, response, about) => {
      response.setHeader('cache-control', 'no-store');
      response.setHeader('referrer-policy', 'no-referrer');
      if (browser.issuer === null) return sendError(response, 404, 'NOT_FOUND', 'No issuer is configured.');
      if (!answersReading(request, response, 'A browser is led through here')) return;
      try {
        await handler(request, response, about);
      } catch (error) {
        const { message, extensions } = engine.mask(error, about);
        sendPage(response, STATUS[String(extensions['code'])] ?? 500, message);
      }
    };
  return { '/sign-in/oidc': guarded(begin), '/sign-in/callback': guarded(comeBack) };
}

const STATUS: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  SERVICE_UNAVAILABLE: 503,
};

const queryOf = (url = '/'): URLSearchParams => new URLSearchParams(url.split('?').slice(1).join('?'));

function goOn(response: ServerResponse, location: string, cookies: string[]): void {
  response.writeHead(303, { location, 'set-cookie': cookies, 'content-length': 0 }).end();
}

/** For a person whom the issuer sent here in vain. The messages are ours, and hold nothing of the address. */
function sendPage(response: ServerResponse, status: number, message: string): void {
  const text = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Holdpoint</title>
<h1>Not signed in</h1>
<p>${message.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)}</p>
<p><a href="/sign-in">Sign in</a></p>
</html>
`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'content-security-policy':
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}
