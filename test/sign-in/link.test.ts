import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LINK } from '../../src/sign-in/rules.ts';
import { makeSignInLink } from '../../src/sign-in/make-link.ts';
import { ADMIN_KEY, ENCRYPTION_KEYS, startApp, type TestApp } from '../support/app.ts';
import { onPostgres, openTestDatabase, withDatabase } from '../support/database.ts';
import { builtWorkstation } from '../support/workstation.ts';
import { browserAt } from './browser.ts';

const database = withDatabase();
const workstation = builtWorkstation();
let app: TestApp;
let browser: ReturnType<typeof browserAt>;
beforeAll(async () => {
  app = await startApp({
    database: database(),
    clock: database().clock,
    workstation: workstation.directory,
  });
  browser = browserAt(app.url);
});
afterAll(async () => {
  await app.stop();
  workstation.remove();
});

const fresh = async (): Promise<{ link: string }> => ({
  link: (await makeSignInLink({ database: database(), clock: database().clock }))!,
});

describe('a one-time link (behaviour 2.11)', () => {
  test('is made by a start, and signs in as the admin, once', async () => {
    expect(app.signInLink).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/sign-in#hpl_[\w-]{43}$/);
    const credential = { link: app.signInLink!.split('#')[1]! };
    const answered = await browser.open(credential);
    expect([answered.status, answered.body.viewer.roles]).toEqual([200, expect.arrayContaining(['ADMIN'])]);
    const again = await browser.open(credential);
    expect([again.status, again.body.error]).toEqual([
      401,
      {
        code: 'UNAUTHENTICATED',
        message:
          'The link is no longer good: it works once, within 15 minutes, and until the next one is made.',
      },
    ]);
  });

  test('used by several at once signs one of them in', async () => {
    const credential = await fresh();
    const answers = await Promise.all(Array.from({ length: 8 }, () => browser.open(credential)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)]);
    database().clock.advance(61);
  });

  test('is good for fifteen minutes', async () => {
    const [clock, late] = [database().clock, await fresh()];
    clock.advance(LINK);
    expect((await browser.open(late)).status).toBe(401);
    const inTime = await fresh();
    clock.advance(LINK - 1);
    expect((await browser.open(inTime)).status).toBe(200);
  });

  test('voids those before it that nobody used, and no session', async () => {
    const [first, page] = [await fresh(), await browser.signIn(await fresh())];
    expect((await browser.open(first)).status).toBe(401);
    const second = await startApp({ database: database(), workstation: workstation.directory });
    expect(second.signInLink).not.toBe(app.signInLink);
    expect((await browser.session(page)).status).toBe(200);
    await second.stop();
  });

  test('is kept as a hash alone', async () => {
    const { link } = await fresh();
    const rows = JSON.stringify(await database().prisma.signInLink.findMany());
    expect(rows).not.toContain(link);
    expect(rows).not.toContain(link.slice(4));
  });

  test('is not made in production, nor without a workstation, nor where no requests are served', async () => {
    const env = { NODE_ENV: 'production', DATABASE_URL: 'postgres://db/x' };
    const built = { database: database(), workstation: workstation.directory };
    const apps = [
      await startApp({ ...built, env }),
      await startApp({ database: database() }),
      await startApp({ ...built, env: { PROCESS_ROLES: 'worker' } }),
      await startApp({ ...built, workstation: join(workstation.directory, 'nothing') }),
    ];
    expect(apps.map(({ signInLink }) => signInLink)).toEqual([null, null, null, null]);
    for (const each of apps) await each.stop();
  });

  test('signs nobody in once the key is revoked that it stands for, and none is made then', async () => {
    const credential = await fresh();
    const { prisma } = database();
    const bootstrap = await prisma.apiKey.findFirstOrThrow({ where: { bootstrap: true } });
    const revokedAt = database().clock.now();
    await prisma.apiKey.update({ where: { id: bootstrap.id }, data: { revokedAt } });
    expect((await browser.open(credential)).status).toBe(401);
    expect(await makeSignInLink({ database: database(), clock: database().clock })).toBe(null);
    await prisma.apiKey.update({ where: { id: bootstrap.id }, data: { revokedAt: null } });
  });
});

describe('npm run sign-in-link', () => {
  async function command(env: Record<string, string>, ...args: string[]) {
    const child = spawn(process.execPath, ['scripts/sign-in-link.ts', ...args], {
      env: { PATH: process.env.PATH, ENCRYPTION_KEYS, ...env },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  }

  test.runIf(onPostgres)(
    'prints a link that a running server takes, under the name that people know',
    async () => {
      const url = database().url!;
      const { code, output } = await command({ DATABASE_URL: url, PUBLIC_URL: 'https://hold.example.com' });
      expect(code, output).toBe(0);
      const [, link] = /^https:\/\/hold\.example\.com\/sign-in#(hpl_\S+)\n$/.exec(output)!;
      const { prisma, clock } = database();
      // The command's clock is the machine's, the test's stands still.
      await prisma.signInLink.updateMany({
        where: { usedAt: null },
        data: { expiresAt: new Date(clock.now().getTime() + 60_000) },
      });
      expect((await browser.open({ link: link! })).status).toBe(200);
    },
  );

  test.runIf(onPostgres)('makes none where there is nobody to sign in as', async () => {
    const empty = await openTestDatabase();
    const { code, output } = await command({ DATABASE_URL: empty.url! });
    expect([code, output]).toEqual([1, expect.stringContaining('there is no bootstrap admin')]);
    await empty.close();
  });

  test('says how it is called', async () => {
    const wrong = await command({}, '--for', 'me');
    expect([wrong.code, wrong.output]).toEqual([1, expect.stringContaining('Usage: npm run sign-in-link')]);
    expect((await command({}, '--help')).code).toBe(0);
  });

  test('is told apart from an API key: it opens nothing but a session', async () => {
    const { link } = await fresh();
    expect((await app.graphql(link, '{ viewer { roles } }')).errors![0]!.extensions.code).toBe(
      'UNAUTHENTICATED',
    );
    expect((await browser.open({ apiKey: link })).status).toBe(401);
    expect((await browser.open({ link: ADMIN_KEY })).status).toBe(401);
  });
});
