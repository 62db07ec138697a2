import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { HttpHandler } from './graphql-http.ts';
import { answersReading, sendError } from './respond.ts';
import { pathOf } from './router.ts';

/** The paths at which the app shows something; below each of these too, and there are no others. */
const PAGES = [
  'analytics',
  'approvals',
  'budgets',
  'emergency',
  'events',
  'inbox',
  'interventions',
  'keys',
  'projects',
  'recovery',
  'sessions',
  'sign-in',
  'supervision',
  'teams',
];

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};
const COMPRESSIBLE = /^(text\/|application\/(json|manifest\+json|wasm)|image\/svg)/;

interface Asset {
  type: string;
  etag: string;
  /** The file as it is, and compressed once somebody takes it so. */
  as: (encoding: Encoding) => Promise<Buffer>;
}

type Encoding = 'br' | 'gzip' | 'identity';

/**
 * The browser app as it was built into `directory`; null where nothing was. Held in memory as it was at the start, some
 * hundred kilobytes: the page and what it loads are of one build, whatever is built meanwhile, and no request reaches for
 * a file: a path is looked up among those that are there, so that there is nowhere to climb to.
 */
export async function openWorkstation(
  directory: string,
): Promise<((publicUrl: () => string) => Record<string, HttpHandler>) | null> {
  const page = await readFile(join(directory, 'index.html'), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (page === null) return null;
  const assets = new Map<string, Asset>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(directory.length).replaceAll('\\', '/');
    // What begins with a dot is the build's own, and the page is answered apart.
    if (!entry.isFile() || path === '/index.html' || path.includes('/.')) continue;
    assets.set(path, assetOf(path, await readFile(join(directory, path))));
  }
  return (publicUrl) => {
    const shell = serveShell(page, publicUrl);
    const missing = serveShell(page, publicUrl, 404);
    const pages = PAGES.flatMap((name) => [
      [`/${name}`, shell],
      [`/${name}/*`, shell],
    ]);
    const files = [...assets].filter(([path]) => !path.startsWith('/assets/'));
    return {
      '/': shell,
      // To a browser, which shows it to a person; a program is told in its own way.
      '*': (request, response, about) =>
        /\btext\/html\b/i.test(request.headers.accept ?? '') && isRead(request)
          ? missing(request, response, about)
          : sendError(response, 404, 'NOT_FOUND', 'There is nothing here.'),
      ...Object.fromEntries(pages),
      '/assets/*': (request, response) => serveAsset(assets.get(pathOf(request)), request, response, true),
      ...Object.fromEntries(
        files.map(([path, asset]): [string, HttpHandler] => [
          path,
          (request, response) => serveAsset(asset, request, response, false),
        ]),
      ),
    };
  };
}

/** For everybody, with nothing in it but the nonce: whoever is not signed in sees no more than that there is a page. */
function serveShell(page: string, publicUrl: () => string, status = 200): HttpHandler {
  const [before, after] = splitAtNonce(page);
  return (request, response) => {
    if (!answersReading(request, response, 'This page is read')) return;
    const nonce = randomBytes(18).toString('base64');
    const text = after === null ? before : `${before}${nonce}${after}`;
    response.writeHead(status, {
      ...HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'content-security-policy': policy(nonce, publicUrl()),
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
}

const isRead = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

/** Around what stands in `<meta name="csp-nonce" content="…">`. */
function splitAtNonce(page: string): [string, string | null] {
  const found = /(<meta name="csp-nonce" content=")[^"]*(?=")/.exec(page);
  if (found === null) return [page, null];
  const at = found.index + found[1]!.length;
  return [page.slice(0, at), page.slice(found.index + found[0].length)];
}

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/**
 * Scripts from here alone, and no text becomes one. Some browsers do not count a socket to this host as 'self': it is named.
 */
function policy(nonce: string, publicUrl: string): string {
  const socket = new URL(publicUrl).origin.replace(/^http/, 'ws');
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "media-src 'self'",
    `connect-src 'self' ${socket}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

/** `immutable`: its name changes with what is in it. */
async function serveAsset(
  asset: Asset | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  immutable: boolean,
): Promise<void> {
  if (asset === undefined) return sendError(response, 404, 'NOT_FOUND', 'There is nothing here.');
  if (!answersReading(request, response, 'A file is read')) return;
  const encoding = COMPRESSIBLE.test(asset.type)
    ? encodingFor(request.headers['accept-encoding'])
    : 'identity';
  const etag = `"${asset.etag}${encoding === 'identity' ? '' : `-${encoding}`}"`;
  response.setHeaders(
    new Map(Object.entries({ ...HEADERS, etag, 'cache-control': immutable ? FOR_EVER : 'no-cache' })),
  );
  // Beside the Origin that may stand there.
  if (COMPRESSIBLE.test(asset.type)) response.appendHeader('vary', 'Accept-Encoding');
  if (isKnown(request.headers['if-none-match'], etag)) return void response.writeHead(304).end();
  const content = await asset.as(encoding);
  response.writeHead(200, {
    'content-type': asset.type,
    'content-length': content.length,
    ...(encoding !== 'identity' && { 'content-encoding': encoding }),
  });
  response.end(request.method === 'HEAD' ? undefined : content);
}

const FOR_EVER = 'public, max-age=31536000, immutable';

const isKnown = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag);

/** The smallest that the client takes; one that it weighs with 0 it does not. */
function encodingFor(header: string | undefined): Encoding {
  const taken = new Set(
    (header ?? '').split(',').flatMap((each) => {
      const [name, ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
      return parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) ? [] : [name];
    }),
  );
  return taken.has('br') ? 'br' : taken.has('gzip') ? 'gzip' : 'identity';
}

/** High enough to be worth it; the two above it take many times as long, while somebody waits. */
const BROTLI_QUALITY = 9;
const compress = {
  br: (content: Buffer) =>
    promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (content: Buffer) => promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }),
  identity: (content: Buffer) => Promise.resolve(content),
};

function assetOf(path: string, content: Buffer): Asset {
  const made = new Map<Encoding, Promise<Buffer>>();
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    etag: createHash('sha256').update(content).digest('base64url').slice(0, 27),
    as(encoding) {
      const known = made.get(encoding) ?? compress[encoding](content);
      made.set(encoding, known);
      return known;
    },
  };
}
