import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpHandler } from './graphql-http.ts';

export const pathOf = ({ url }: IncomingMessage): string => (url ?? '/').split('?', 1)[0]!;

/** The caller's own id is taken when it can stand in a log and a header as it is. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:+/=-]{1,128}$/.test(given) ? given : randomUUID();
}

export function createRouter(routes: Readonly<Record<string, HttpHandler>>) {
  const exact = new Map(Object.entries(routes));
  const below = [...exact].filter(([path]) => path.endsWith('*')).sort(([a], [b]) => b.length - a.length);
  return (path: string): { path: string; handler: HttpHandler } | null => {
    const handler = exact.get(path);
    if (handler !== undefined) return { path, handler };
    const found = below.find(([prefix]) => path.startsWith(prefix.slice(0, -1)));
    return found ? { path: found[0], handler: found[1] } : null;
  };
}

export function refuseUpgrade(connection: Duplex, status: string): void {
  connection.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
