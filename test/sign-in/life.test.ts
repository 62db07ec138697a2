import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Authenticator } from '../../src/identity/authenticate.ts';
import { hashSecret } from '../../src/identity/secret.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { endSession } from '../../src/sign-in/end-sessions.ts';
import { IDLE, KEPT, LONGEST } from '../../src/sign-in/rules.ts';
import { signInWithKey } from '../../src/sign-in/sign-in.ts';
import { createSignInSweep } from '../../src/sign-in/sweep.ts';
import { house } from '../identity/house.ts';
import { onPostgres, silent, withDatabase } from '../support/database.ts';

const database = withDatabase();
let at: ReturnType<typeof house>;
beforeAll(() => {
  at = house(database());
});

const opened: Authenticator[] = [];
function open(more: Parameters<typeof at.authenticator>[0] = {}): Authenticator {
  const authenticator = at.authenticator(more);
  opened.push(authenticator);
  return authenticator;
}
afterEach(async () => {
  for (const authenticator of opened.splice(0)) await authenticator.close();
});

const row = (secret: string) =>
  database().prisma.browserSession.findUniqueOrThrow({ where: { hash: hashSecret(secret) } });
const deps = (authenticator: Authenticator) => ({
  database: database(),
  clock: at.clock,
  log: silent,
  authenticate: authenticator.authenticate,
  forget: authenticator.forget,
});
async function signIn(authenticator: Authenticator): Promise<string> {
  const { secret } = await at.create();
  return signInWithKey(deps(authenticator), secret!);
}
const ended = {
  name: 'RequestError',
  code: 'UNAUTHENTICATED',
  message: 'The session has ended; sign in again.',
};

describe('a browser session (behaviour 2.10)', () => {
  test('ends when it was not used for twelve hours', async () => {
    const authenticator = open();
    const secret = await signIn(authenticator);
    at.clock.advance(IDLE - 3);
    const untouched = await signIn(authenticator);
    at.clock.advance(3);
    await expect(authenticator.authenticateSession(secret)).rejects.toMatchObject(ended);
    expect((await authenticator.authenticateSession(untouched)).browserSession).toBe(hashSecret(untouched));
  });

  test('goes on while it is used, for seven days in all', async () => {
    const authenticator = open();
    const secret = await signIn(authenticator);
    const { createdAt } = await row(secret);
    for (let days = 0; days < 6.5; days += 0.5) {
      await authenticator.authenticateSession(secret);
      at.clock.advance(5);
      const used = at.clock.now();
      await expect.poll(async () => (await row(secret)).lastUsedAt).toEqual(addSeconds(used, -5));
      at.clock.advance(IDLE - 5);
      // Not looked at, it would end at this instant; it is a second before it.
      at.clock.set(addSeconds(at.clock.now(), -1));
    }
    const { expiresAt, endsAt } = await row(secret);
    expect(endsAt).toEqual(addSeconds(createdAt, LONGEST));
    expect(expiresAt < endsAt).toBe(true);
    at.clock.set(addSeconds(endsAt, -30));
    await database().prisma.browserSession.update({
      where: { hash: hashSecret(secret) },
      data: { expiresAt: endsAt },
    });
    const viewer = await authenticator.authenticateSession(secret);
    expect(viewer.expiresAt).toEqual(endsAt);
    at.clock.advance(5);
    await expect.poll(async () => (await row(secret)).lastUsedAt).toEqual(addSeconds(endsAt, -30));
    expect((await row(secret)).expiresAt).toEqual(endsAt);
    at.clock.set(endsAt);
    await expect(authenticator.authenticateSession(secret)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  test('that nobody uses is ended by the sweep, which tells of it, and is taken away a day later', async () => {
    const authenticator = open();
    const secret = await signIn(authenticator);
    const told: string[] = [];
    const sweep = createSignInSweep({
      prisma: database().prisma,
      clock: at.clock,
      ended: (hash) => told.push(hash),
    });
    at.clock.advance(IDLE - 1);
    const young = await signIn(authenticator);
    expect(await sweep.run(at.clock.now())).toEqual({ again: false, next: addSeconds(at.clock.now(), 60) });
    expect(told).not.toContain(hashSecret(secret));
    at.clock.advance(60);
    await sweep.run(at.clock.now());
    expect(told).toContain(hashSecret(secret));
    expect(told).not.toContain(hashSecret(young));
    expect((await row(secret)).endedAt).toEqual(at.clock.now());
    told.length = 0;
    at.clock.advance(KEPT);
    await sweep.run(at.clock.now());
    expect(told).toEqual([hashSecret(young)]);
    await row(secret);
    at.clock.advance(60);
    await sweep.run(at.clock.now());
    await expect(row(secret)).rejects.toThrow();
    await row(young);
  });

  test('that ended while it was looked up is not let in', async () => {
    const read = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const prisma = database().prisma.$extends({
      query: {
        browserSession: {
          async findMany({ args, query }) {
            const answer = await query(args);
            read.resolve();
            await goOn.promise;
            return answer;
          },
        },
      },
    }) as unknown as ReturnType<typeof database>['prisma'];
    const secret = await signIn(open());
    const authenticator = open({ database: { prisma, signals: database().signals } });
    const answer = authenticator.authenticateSession(secret);
    answer.catch(() => {});
    await read.promise;
    expect(await endSession(deps(authenticator), secret)).toBe(true);
    expect(await endSession(deps(authenticator), secret)).toBe(false);
    goOn.resolve();
    await expect(answer).rejects.toMatchObject(ended);
  });

  test('whose end another replica did not hear of is found within ten seconds, and told once', async () => {
    const deaf = { send: () => {}, on: () => () => {}, onReconnect: () => () => {} };
    const authenticator = open({ database: { prisma: database().prisma, signals: deaf } });
    const told: [string, string][] = [];
    authenticator.onRevoked((...ended) => told.push(ended));
    const other = open();
    const secret = await signIn(other);
    await endSession(deps(other), secret);
    const mine = () => told.filter(([id]) => id === hashSecret(secret));
    at.clock.advance(10);
    await expect.poll(mine).toEqual([[hashSecret(secret), 'The session has ended.']]);
  });

  test.runIf(onPostgres)('is remembered no longer at another replica, once it has ended', async () => {
    const there = open({ database: await database().replica() });
    const here = open();
    const secret = await signIn(here);
    await there.authenticateSession(secret);
    const told = new Promise((resolve) => there.onRevoked(resolve));
    await endSession(deps(here), secret);
    expect(await told).toBe(hashSecret(secret));
    await expect(there.authenticateSession(secret)).rejects.toMatchObject(ended);
  });

  test('a use that is written after it has ended changes nothing', async () => {
    const authenticator = open();
    const secret = await signIn(authenticator);
    at.clock.advance(60);
    await authenticator.authenticateSession(secret);
    await endSession(deps(authenticator), secret);
    const before = await row(secret);
    await authenticator.close();
    expect(await row(secret)).toEqual(before);
  });
});
