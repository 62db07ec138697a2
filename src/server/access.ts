import type { IncomingMessage, ServerResponse } from 'node:http';

export interface AccessSettings {
  host: string;
  /** The address people use; its host is served. */
  publicUrl: string;
  /** Origins (scheme://host:port) of other sites whose pages may call. */
  corsOrigins: readonly string[];
  /** Further values of `Host` that are served (host or host:port). */
  hosts: readonly string[];
}

/** behaviour 10.5: what a browser could be tricked into is refused by where it comes from and what it asks for. */
export interface Access {
  /** Why the request is refused, or null. */
  refusal(request: IncomingMessage): string | null;
  /** Adds the headers that let a configured origin's pages read the answer; says whether the origin is configured. */
  cors(request: IncomingMessage, response: ServerResponse): boolean;
  /** Whether a page of this server made the request, as its `Origin` says. Without one: no page at all, unless `needed`. */
  isFromOwnPage(request: IncomingMessage, needed?: boolean): boolean;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1|\[::1\])$/.test(host);

/** `port` is the one listened on. */
export function createAccess(settings: AccessSettings, port: number): Access {
  const served = new Set(settings.hosts.map((host) => host.toLowerCase()));
  const own = new URL(settings.publicUrl);
  served.add(own.host);
  if (isLoopback(settings.host))
    for (const name of LOOPBACK) served.add(`${name}:${port}`).add(port === 80 ? name : `${name}:${port}`);
  else if (!settings.host.startsWith('0.') && settings.host !== '::') served.add(`${settings.host}:${port}`);
  const foreign = new Set(settings.corsOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, '')));

  const isOwn = (origin: string): boolean => {
    const url = URL.canParse(origin) ? new URL(origin) : null;
    return url !== null && /^https?:$/.test(url.protocol) && served.has(url.host);
  };

  return {
    refusal({ headers }) {
      const host = headers.host?.toLowerCase() ?? '';
      if (!served.has(host))
        return `This server is not "${host.slice(0, 100)}"; PUBLIC_URL names what it is called.`;
      const origin = headers.origin?.toLowerCase();
      if (origin === undefined || isOwn(origin) || foreign.has(origin)) return null;
      return `Pages of "${origin.slice(0, 100)}" may not call this server; CORS_ORIGINS names those that may.`;
    },
    cors({ headers }, response) {
      if (foreign.size > 0) response.setHeader('vary', 'Origin');
      const { origin } = headers;
      if (origin === undefined || !foreign.has(origin.toLowerCase())) return false;
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-expose-headers', 'x-request-id');
      return true;
    },
    isFromOwnPage({ headers: { origin } }, needed = false) {
      if (origin === undefined) return !needed;
      // A page that came over plain http under the name of an https site is whoever's was on the way.
      return (
        isOwn(origin) && (new URL(origin).host !== own.host || new URL(origin).protocol === own.protocol)
      );
    },
  };
}

/** The answer to a preflight; the origin must have been let in before. */
export function answerPreflight(response: ServerResponse): void {
  response.setHeader('access-control-allow-methods', 'POST, GET');
  response.setHeader('access-control-allow-headers', 'authorization, content-type, x-request-id');
  response.setHeader('access-control-max-age', '600');
  response.writeHead(204).end();
}
