import type { IncomingMessage } from 'node:http';

/** One cookie of ours: HttpOnly, for the whole host, over https alone where that is how people reach us. */
export interface Cookie {
  /** What the browser sent, or null. */
  read(request: IncomingMessage): string | null;
  /** The `Set-Cookie` that keeps it for so many seconds. */
  set(value: string, maxAge: number): string;
  clear(): string;
}

/**
 * `session` stands for whoever is signed in: Strict, for no page but ours ever needs it (the page itself is served to
 * anybody). `flow` is what a browser keeps while it is at the issuer's: Lax, for it comes back from another site.
 *
 * A browser takes a `__Host-` name only over https, only from this very host and for all of its paths, so that no
 * neighbouring host can plant one. Over plain http cookies of all ports of a host are one jar: the port is in the name.
 */
export function createCookies(publicUrl: string): { session: Cookie; flow: Cookie } {
  const { protocol, port } = new URL(publicUrl);
  const secure = protocol === 'https:';
  const make = (purpose: string, sameSite: 'Strict' | 'Lax'): Cookie => {
    const name = `${secure ? '__Host-' : ''}holdpoint-${purpose}${port === '' ? '' : `-${port}`}`;
    const set = (value: string, maxAge: number) =>
      `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
    return {
      read({ headers }) {
        for (const pair of (headers.cookie ?? '').split(';')) {
          const at = pair.indexOf('=');
          if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || null;
        }
        return null;
      },
      set,
      clear: () => set('', 0),
    };
  };
  return { session: make('session', 'Strict'), flow: make('sign-in', 'Lax') };
}
