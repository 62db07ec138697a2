import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { signPermit } from '../../src/permits/sign.ts';
import { createSigningKeys } from '../../src/permits/signing-keys.ts';
import { verifyPermit } from '../../src/permits/verify.ts';
import { createKeyRing } from '../../src/secrets/key-ring.ts';
import { ENCRYPTION_KEYS, startApp, type TestApp } from '../support/app.ts';
import { silent, withDatabase } from '../support/database.ts';

const database = withDatabase();
const site = 'https://console.example.com';
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ database: database(), clock: database().clock, env: { CORS_ORIGINS: site } });
});
afterAll(() => app.stop());

const address = () => `${app.url}/.well-known/jwks.json`;

/** By hand, as fetch does not let a caller name another host. */
function statusAs(headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(address(), { headers }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

describe('/.well-known/jwks.json (behaviour 1.5)', () => {
  test('shows the public keys to anyone, and nothing else of them', async () => {
    const response = await fetch(address());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/jwk-set+json');
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    const { keys, ...more } = (await response.json()) as { keys: Record<string, string>[] };
    expect(more).toEqual({});
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' });
    expect(keys[0]).not.toHaveProperty('d');
  });

  test('is all that a tool needs to check what another replica signed', async () => {
    const { clock } = database();
    const keyRing = createKeyRing(readConfig({ ENCRYPTION_KEYS }).encryption.keys!);
    const signingKeys = createSigningKeys({
      database: database(),
      clock,
      ids: createIds(clock),
      keyRing,
      log: silent,
      committed: () => {},
    });
    await signingKeys.start();
    const [digest, expiresAt] = ['d'.repeat(64), new Date(clock.now().getTime() + 60_000)];
    const token = await signPermit(
      { clock, signingKeys, publicUrl: () => app.url },
      { approvalId: 'approval_1', projectId: 'project_1', digest, jti: 'j', expiresAt },
    );
    await signingKeys.stop();
    const jwks = (await (await fetch(address())).json()) as Parameters<typeof verifyPermit>[0];
    const check = await verifyPermit(jwks, token, { digest, issuer: app.url, now: clock.now() });
    expect(check.permit?.approvalId).toBe('approval_1');
  });

  test('is read alone: HEAD answers without a body, anything else is refused', async () => {
    const head = await fetch(address(), { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await fetch(address(), { method: 'POST', body: '{}' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('behaviour 10.5: answers to the names and the pages that everything else answers to', async () => {
    expect(await statusAs({ host: 'evil.example.com' })).toBe(403);
    expect(await statusAs({ origin: 'https://evil.example.com' })).toBe(403);
    const allowed = await fetch(address(), { headers: { origin: site } });
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, site]);
  });

  test('is not there where a process serves no requests', async () => {
    const worker = await startApp({ database: database(), env: { PROCESS_ROLES: 'worker' } });
    expect((await fetch(`${worker.url}/.well-known/jwks.json`)).status).toBe(404);
    await worker.stop();
  });
});
