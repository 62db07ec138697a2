import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createIds } from '../../src/kernel/ids.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';

const database = withDatabase();
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ database: database(), clock: database().clock });
});
afterAll(() => app.stop());

/** By hand: fetch would tidy the path. */
function get(path: string, method = 'GET', headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: app.port, path, method, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      });
      sent.on('error', reject).end();
    },
  );
}

describe('/ and /interventions/<id>, where no workstation was built (behaviour 1.5)', () => {
  test('say to anyone what this is, and where the API is', async () => {
    const { status, headers, body } = await get('/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('No workstation was\nbuilt for the browser here');
    expect(body).toContain(`<a href="${app.url}/graphql">`);
  });

  test('allow nothing but their own style', async () => {
    const { headers, body } = await get('/');
    const [, style] = /<style>(.*)<\/style>/.exec(body)!;
    const hash = createHash('sha256').update(style!).digest('base64');
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(body).not.toMatch(/<script|\son\w+=|style=/);
  });

  test('show the query for an id, the same whether or not there is such an intervention', async () => {
    const ids = createIds(database().clock);
    const id = ids.next('intervention');
    const before = await get(`/interventions/${id}`);
    expect(before.status).toBe(200);
    expect(before.body).toContain(`<pre>{&quot;id&quot;:&quot;${id}&quot;}</pre>`);
    const other = ids.next('intervention');
    expect((await get(`/interventions/${other}?a=b`)).body.replaceAll(other, id)).toBe(before.body);
  });

  test.each(['intervention', 'approval', 'project'] as const)(
    'the query for an id of a kind is one that the API answers: %s',
    async (kind) => {
      const id = createIds(database().clock).next(kind);
      const { status, body } = await get(`/${kind}s/${id}`);
      expect(status).toBe(200);
      const [, query] = /<pre>(query[^<]*)<\/pre>/.exec(body)!;
      expect(await app.ok('test-admin-key-0123456789', query!, { id })).toEqual({ [kind]: null });
      expect((await get(`/${kind}s/${id}x`)).status).toBe(404);
    },
  );

  test.each([
    '',
    'intervention_',
    '<script>alert(1)</script>',
    '%3Cscript%3Ealert(1)%3C/script%3E',
    '"onload="x',
    '%zz%00',
    '../../etc/passwd',
    'project_01kjqh30bge008001zwbxpgk6h',
    'intervention_01kjqh30bge008001zwbxpgk6h/more',
    `intervention_${'a'.repeat(10_000)}`,
  ])(
    'an address that has not the form of an id (%j) is not there, and nothing of it is repeated',
    async (id) => {
      const { status, headers, body } = await get(`/interventions/${id}`);
      expect([status, headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
      expect(body).toBe((await get('/interventions/x')).body);
      expect(body).not.toContain('alert(1)');
    },
  );

  test('are read alone: HEAD answers without a body, anything else is refused', async () => {
    const [whole, head] = [await get('/'), await get('/', 'HEAD')];
    expect([head.status, head.body]).toEqual([200, '']);
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(whole.body)));
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const refused = await get('/', method);
      expect([method, refused.status, refused.headers['allow']]).toEqual([method, 405, 'GET, HEAD']);
    }
  });

  test('behaviour 10.5: answer to the names that everything else answers to', async () => {
    expect((await get('/', 'GET', { host: 'evil.example.com' })).status).toBe(403);
  });

  test('are not there where a process serves no requests', async () => {
    const worker = await startApp({ database: database(), env: { PROCESS_ROLES: 'worker' } });
    for (const path of ['/', '/interventions/x']) {
      const answer = await fetch(`${worker.url}${path}`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        404,
        'application/json; charset=utf-8',
      ]);
    }
    await worker.stop();
  });
});
