import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask as askAt, type Asked } from '../sign-in/browser.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { builtWorkstation, SCRIPT } from '../support/workstation.ts';

const database = withDatabase();
const built = builtWorkstation();
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ database: database(), workstation: built.directory });
});
afterAll(async () => {
  await app.stop();
  built.remove();
});

const ask = (path: string, asked?: Asked) => askAt(app.url, path, asked);
const bytes = (text: string) => Buffer.from(text, 'latin1');
const MAIN = '/assets/main-1a2b.js';

describe("the workstation's page (behaviour 1.12)", () => {
  test('is what every path of the app answers with, whoever asks', async () => {
    const paths = [
      '/',
      '/sign-in',
      '/inbox',
      '/inbox?mine=1',
      '/interventions/intervention_x',
      '/approvals/approval_x',
      '/projects/project_x',
      '/sessions/session_x/timeline',
      '/teams/x',
      '/budgets/x',
      '/emergency/x',
      '/recovery/x',
      '/events',
      '/analytics',
      '/supervision/x',
      '/keys',
    ];
    for (const path of paths) {
      const { status, headers, text } = await ask(path);
      expect([path, status, headers['content-type']]).toEqual([path, 200, 'text/html; charset=utf-8']);
      expect(text).toContain(`src="${MAIN}"`);
    }
    for (const path of ['/inboxes', '/nothing', '/index.html', '/assets', '/sign-in/oidc'])
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
  });

  test('shows a browser that there is nothing at a path, and tells a program so', async () => {
    const asked = (headers: Record<string, string>, method = 'GET') =>
      fetch(`${app.url}/nowhere`, { method, headers });
    const shown = await asked({ accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
    expect([shown.status, shown.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await shown.text()).toContain(`src="${MAIN}"`);
    for (const told of [await asked({}), await asked({ accept: 'text/html' }, 'POST')]) {
      expect(told.status).toBe(404);
      expect(await told.json()).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
    }
  });

  test('lets in scripts and styles from here alone, and is kept by nobody', async () => {
    const { headers, text } = await ask('/');
    const nonce = /<meta name="csp-nonce" content="([^"]{24})" \/>/.exec(text)![1]!;
    expect(headers).toMatchObject({
      'content-security-policy':
        `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; ` +
        `font-src 'self'; media-src 'self'; connect-src 'self' ws://127.0.0.1:${app.port}; manifest-src 'self'; ` +
        `base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy':
        'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
    });
    expect((await ask('/')).text).not.toContain(nonce);
  });

  test('names the socket of the address that people reach it at', async () => {
    const env = { PUBLIC_URL: 'https://hold.example.com' };
    const https = await startApp({ database: database(), workstation: built.directory, env });
    const { headers } = await askAt(`http://127.0.0.1:${https.port}`, '/');
    expect(headers['content-security-policy']).toContain("connect-src 'self' wss://hold.example.com;");
    await https.stop();
  });

  test('is read alone: HEAD answers without a body, anything else is refused', async () => {
    for (const path of ['/', MAIN]) {
      const [whole, head] = [await ask(path), await ask(path, { method: 'HEAD' })];
      expect([head.status, head.text, head.headers['content-length']]).toEqual([
        200,
        '',
        whole.headers['content-length'],
      ]);
      for (const method of ['POST', 'PUT', 'DELETE'])
        expect([method, (await ask(path, { method })).status]).toEqual([method, 405]);
    }
  });

  test('behaviour 10.5: answers to the names that everything else answers to', async () => {
    for (const path of ['/', MAIN])
      expect((await ask(path, { headers: { host: 'evil.example.com' } })).status).toBe(403);
  });

  test('is not there where a process serves no requests', async () => {
    const env = { PROCESS_ROLES: 'worker' };
    const worker = await startApp({ database: database(), workstation: built.directory, env });
    expect((await askAt(worker.url, '/')).status).toBe(404);
    expect((await askAt(worker.url, '/session')).status).toBe(404);
    await worker.stop();
  });

  test('stays of one build, whatever is built meanwhile', async () => {
    const other = builtWorkstation();
    const own = await startApp({ database: database(), workstation: other.directory });
    other.remove();
    expect((await askAt(own.url, '/')).status).toBe(200);
    expect((await askAt(own.url, MAIN)).text).toBe(SCRIPT);
    await own.stop();
  });
});

describe('what the page loads', () => {
  test('may be kept for ever, as its name changes with it; what has no such name is asked for again', async () => {
    const { status, headers, text } = await ask(MAIN);
    expect([status, text]).toEqual([200, SCRIPT]);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
    });
    const robots = await ask('/robots.txt');
    expect([robots.status, robots.headers['cache-control']]).toEqual([200, 'no-cache']);
    expect((await ask('/assets/icon-3c4d.svg')).headers['content-type']).toBe('image/svg+xml');
  });

  test.each([
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5, br;q=0', 'gzip'],
    ['br;q=0.0, gzip;q=0', undefined],
    ['deflate', undefined],
    ['', undefined],
  ])('is sent to who takes %j as %s', async (accepted, encoding) => {
    const { headers, text } = await ask(MAIN, { headers: { 'accept-encoding': accepted } });
    expect(headers['content-encoding']).toBe(encoding);
    const plain = {
      br: () => brotliDecompressSync(bytes(text)),
      gzip: () => gunzipSync(bytes(text)),
    }[encoding ?? ''];
    expect(plain === undefined ? text : plain().toString()).toBe(SCRIPT);
    expect(Number(headers['content-length'])).toBe(text.length);
    if (encoding !== undefined) expect(text.length).toBeLessThan(SCRIPT.length / 10);
  });

  test('is not compressed where that gains nothing', async () => {
    const { headers, text } = await ask('/assets/sound-5e6f.mp3', { headers: { 'accept-encoding': 'br' } });
    expect([headers['content-type'], headers['content-encoding'], headers['vary']]).toEqual([
      'audio/mpeg',
      undefined,
      undefined,
    ]);
    expect(bytes(text)).toEqual(Buffer.from([1, 2, 3]));
  });

  test('is not sent again to who has it, in the encoding that they have', async () => {
    const accepting = { 'accept-encoding': 'br' };
    const { headers } = await ask(MAIN, { headers: accepting });
    const etag = String(headers['etag']);
    const digest = createHash('sha256').update(SCRIPT).digest('base64url').slice(0, 27);
    expect(etag).toBe(`"${digest}-br"`);
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await ask(MAIN, { headers: { ...accepting, 'if-none-match': known } });
      expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag]);
    }
    expect((await ask(MAIN, { headers: { 'if-none-match': etag } })).status).toBe(200);
    expect((await ask(MAIN, { headers: { ...accepting, 'if-none-match': '"x"' } })).status).toBe(200);
  });

  test.each([
    '/assets/',
    '/assets/nothing.js',
    '/assets/../index.html',
    '/assets/..%2findex.html',
    '/assets/%2e%2e/index.html',
    '/assets/../../package.json',
    '/assets/....//....//etc/passwd',
    '/assets//etc/passwd',
    '/assets/main-1a2b.js/',
    '/assets/main-1a2b.js%00',
    '/assets/MAIN-1a2b.js',
    '/assets/__proto__',
    '/.inputs',
    '/.vite/manifest.json',
    '/assets/../.inputs',
  ])('is nothing else: %s is not there', async (path) => {
    const { status, headers } = await ask(path);
    expect([status, headers['content-type']]).toEqual([404, 'application/json; charset=utf-8']);
  });
});
