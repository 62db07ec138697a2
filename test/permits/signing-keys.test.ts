import { createSecretKey, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config.ts';
import type { Database } from '../../src/database/open.ts';
import { addSeconds } from '../../src/kernel/clock.ts';
import { createIds, type Ids } from '../../src/kernel/ids.ts';
import { makeKeyPair } from '../../src/permits/key-pair.ts';
import { renewSigningKeys } from '../../src/permits/renew.ts';
import { PERMIT_LIVES, PUBLISHED_BEFORE, SIGNS_FOR } from '../../src/permits/rules.ts';
import { checkPermit, signPermit } from '../../src/permits/sign.ts';
import { createSigningKeys, type SigningKeys } from '../../src/permits/signing-keys.ts';
import { verifyPermit } from '../../src/permits/verify.ts';
import { createKeyRing } from '../../src/secrets/key-ring.ts';
import { failingIds } from '../identity/house.ts';
import { onPostgres, openTestDatabase, silent, type TestDatabase } from '../support/database.ts';
import { gate } from '../support/gate.ts';

const issuer = 'https://hold.example.com';
const digest = 'd'.repeat(64);
const ringKey = (id: string) => ({ id, key: createSecretKey(randomBytes(32)) });
const keyRing = createKeyRing([ringKey('one')]);

let database: TestDatabase;
let ids: Ids;
const running: SigningKeys[] = [];
beforeEach(async () => {
  database = await openTestDatabase();
  ids = createIds(database.clock);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((keys) => keys.stop()));
  await database.close();
});

const deps = (more: object = {}) => ({
  database: database as Pick<Database, 'prisma' | 'signals'>,
  clock: database.clock,
  ids,
  keyRing,
  log: silent,
  committed: () => {},
  ...more,
});

/** A replica's keys, not started. */
function replica(more: object = {}): SigningKeys {
  const keys = createSigningKeys(deps(more));
  running.push(keys);
  return keys;
}
async function started(more: object = {}): Promise<SigningKeys> {
  const keys = replica(more);
  await keys.start();
  return keys;
}
/** Hears nothing of the other replicas. */
const deaf = () => {
  const signals = { send() {}, on: () => () => {}, onReconnect: () => () => {} };
  return { database: { prisma: database.prisma, signals } };
};

const house = (signingKeys: SigningKeys) => ({ clock: database.clock, signingKeys, publicUrl: () => issuer });
const sign = (keys: SigningKeys, lives = PERMIT_LIVES) =>
  signPermit(house(keys), {
    approvalId: 'approval_1',
    projectId: 'project_1',
    digest,
    jti: 'j',
    expiresAt: addSeconds(database.clock.now(), lives),
  });
/** What a tool does, which has nothing but what is published. */
const faultAt = async (keys: SigningKeys, token: string) => {
  const jwks = JSON.parse(JSON.stringify(await keys.publicKeys()));
  return (await verifyPermit(jwks, token, { digest, issuer, now: database.clock.now() })).fault;
};
const kidsOf = async (keys: SigningKeys) => (await keys.publicKeys()).keys.map(({ kid }) => kid);
const rows = () => database.prisma.signingKey.findMany({ orderBy: { id: 'asc' } });
const events = async () =>
  (
    await database.prisma.unsealedEvent.findMany({
      where: { type: { startsWith: 'signing_key' } },
      orderBy: { sequence: 'asc' },
    })
  ).map(({ type, subjectId }) => [type, subjectId]);
const faultsOf = (work: Promise<unknown>) =>
  work.then(
    () => [],
    (error: unknown) => {
      if (error instanceof ConfigError) return error.faults.map(({ message }) => message);
      throw error;
    },
  );

/** The same database; `hold` is awaited behind the first look at the keys. */
function heldAtFirstLook(of: Pick<Database, 'prisma' | 'signals'>, hold: () => Promise<void>) {
  let looks = 0;
  const prisma = of.prisma.$extends({
    query: {
      signingKey: {
        async findMany({ args, query }) {
          const found = await query(args);
          if (looks++ === 0) await hold();
          return found;
        },
      },
    },
  }) as unknown as Database['prisma'];
  return { prisma, signals: of.signals };
}

describe('the first signing key', () => {
  test('is one, though two replicas that start at once have both seen none', async () => {
    const both = gate(2);
    const databases = [database, onPostgres ? await database.replica() : database];
    const keys = databases.map((each) => replica({ database: heldAtFirstLook(each, () => both.arrive()) }));
    await Promise.all(keys.map((each) => each.start()));
    const [row, ...more] = await rows();
    expect(more).toEqual([]);
    for (const each of keys) {
      expect(await kidsOf(each)).toEqual([row!.id]);
      expect((await each.signer()).kid).toBe(row!.id);
      for (const other of keys) expect(await faultAt(other, await sign(each))).toBeNull();
    }
    expect(await events()).toEqual([['signing_key_created', row!.id]]);
  });

  test('is there with its event or not at all', async () => {
    await expect(started({ ids: failingIds(ids) })).rejects.toThrow('no event');
    expect([await rows(), await events()]).toEqual([[], []]);
    const keys = await started();
    expect(await faultAt(keys, await sign(keys))).toBeNull();
  });

  test('is found by the next start, and its private half is nowhere to be read', async () => {
    const first = await started();
    const token = await sign(first);
    await first.stop();
    expect(await faultAt(await started(), token)).toBeNull();
    const [row] = await rows();
    expect(Object.keys(row!.publicJwk as object).sort()).toEqual([
      'alg',
      'crv',
      'kid',
      'kty',
      'use',
      'x',
      'y',
    ]);
    expect(Object.keys(row!.privateKey as object).sort()).toEqual(['ct', 'iv', 'kid', 'tag', 'v']);
    expect((await events()).length).toBe(1);
  });

  test('two keys without an end can not be stored, by whatever way', async () => {
    await started();
    const [row] = await rows();
    const another = { ...row!, id: ids.next('signkey'), publicJwk: {}, privateKey: {} };
    await expect(database.prisma.signingKey.create({ data: another })).rejects.toThrow(/unique/i);
  });
});

describe('renewing', () => {
  test('permits that live go through it: published before it signs, and after as long as they are good', async () => {
    const keys = await started();
    const [old] = await kidsOf(keys);
    database.clock.advance(SIGNS_FOR - PUBLISHED_BEFORE);
    await expect.poll(() => kidsOf(keys)).toHaveLength(2);
    const [, next] = await kidsOf(keys);
    expect((await keys.signer()).kid).toBe(old);

    database.clock.advance(PUBLISHED_BEFORE - 1);
    const last = await sign(keys);
    database.clock.advance(1);
    expect((await keys.signer()).kid).toBe(next);
    const first = await sign(keys);
    for (const token of [last, first]) expect(await faultAt(keys, token)).toBeNull();

    database.clock.advance(PERMIT_LIVES - 2);
    expect(await faultAt(keys, last)).toBeNull();
    database.clock.advance(1);
    expect(await faultAt(keys, last)).toBe('expired');
    database.clock.advance(3_600 + 1);
    await expect.poll(() => kidsOf(keys)).toEqual([next]);
    expect(await events()).toEqual([
      ['signing_key_created', old],
      ['signing_key_retired', old],
      ['signing_key_created', next],
      ['signing_key_withdrawn', old],
    ]);
  });

  test('by two replicas at the same time makes one successor', async () => {
    const keys = await started();
    await keys.stop();
    database.clock.advance(SIGNS_FOR);
    const both = gate(2);
    const databases = [database, onPostgres ? await database.replica() : database];
    const done = await Promise.all(
      databases.map((each) =>
        renewSigningKeys(deps({ database: heldAtFirstLook(each, () => both.arrive()) }), 'due'),
      ),
    );
    expect(done.filter((each) => each !== null)).toHaveLength(1);
    expect(await rows()).toHaveLength(2);
  });

  test('by hand makes one successor, however often it is asked for before that signs', async () => {
    const keys = await started();
    expect(await renewSigningKeys(deps(), 'soon')).toMatchObject({ retires: (await keys.signer()).kid });
    expect(await renewSigningKeys(deps(), 'soon')).toBeNull();
    expect(await kidsOf(keys)).toHaveLength(2);
  });

  test('at once takes the old keys away: what they signed is refused, on every replica', async () => {
    const keys = await started();
    const other = await started(deaf());
    const token = await sign(other);
    await renewSigningKeys(deps(), 'at_once');
    await expect.poll(async () => (await keys.signer()).kid).toBe((await rows())[0]!.id);
    expect(await faultAt(other, token)).toBe('unknown_key');
    expect(await faultAt(other, await sign(keys))).toBeNull();
    // Without a signal it is found at the next look.
    database.clock.advance(10);
    await expect.poll(async () => (await other.signer()).kid).toBe((await rows())[0]!.id);
  });

  test('a replica that sees an unknown key in a permit looks again; a known one costs no look', async () => {
    const other = await started(deaf());
    await renewSigningKeys(deps(), 'at_once');
    const token = await sign(await started());
    expect((await checkPermit(house(other), token, { digest })).permit?.approvalId).toBe('approval_1');
    expect((await checkPermit(house(other), token, { digest: 'e' })).fault).toBe('wrong_digest');
    expect((await checkPermit(house(other), 'no token', { digest })).fault).toBe('not_a_permit');
    await database.prisma.signingKey.deleteMany();
    expect((await checkPermit(house(other), token, { digest })).fault).toBeNull();
  });
});

describe('a permit', () => {
  test('behaviour 5.6: ends with its approval, rounded down, and after a day at the most', async () => {
    const keys = await started();
    const check = async (token: string) =>
      (await verifyPermit(await keys.publicKeys(), token, { digest, issuer, now: database.clock.now() }))
        .permit;
    const start = database.clock.now();
    expect((await check(await sign(keys, 60.9)))?.expiresAt).toEqual(addSeconds(start, 60));
    expect((await check(await sign(keys, 10 * PERMIT_LIVES)))?.expiresAt).toEqual(
      addSeconds(start, 24 * 3600),
    );
    expect(await check(await sign(keys, -1))).toBeNull();
  });
});

describe('a key that was not sealed by the ring', () => {
  test('behaviour 1.9: another encryption key, or none of that id, stops the start, and changes nothing', async () => {
    await (await started()).stop();
    const before = await rows();
    const kid = before[0]!.id;
    const missing = await faultsOf(started({ keyRing: createKeyRing([ringKey('two')]) }));
    expect(missing).toEqual([expect.stringMatching(new RegExp(`lacks the key "one", .*${kid}`))]);
    const wrong = await faultsOf(started({ keyRing: createKeyRing([ringKey('one')]) }));
    expect(wrong).toEqual([expect.stringMatching(new RegExp(`${kid} with the key "one"`))]);
    expect(await rows()).toEqual(before);
  });

  test('is not published: who can write to the database alone can not sign', async () => {
    const keys = await started();
    const [own] = await rows();
    const forged = await makeKeyPair(createKeyRing([ringKey('one')]), ids.next('signkey'));
    const plain = (pair: typeof forged) => ({
      publicJwk: { ...pair.publicJwk },
      privateKey: { ...pair.privateKey },
    });
    const times = { createdAt: own!.createdAt, signsFrom: own!.signsFrom, signsUntil: own!.signsFrom };
    await database.prisma.signingKey.create({ data: { id: forged.id, ...plain(forged), ...times } });
    expect(await kidsOf(keys)).toEqual([own!.id]);
    await database.prisma.signingKey.delete({ where: { id: forged.id } });

    const { publicJwk } = plain(forged);
    await database.prisma.signingKey.update({ where: { id: own!.id }, data: { publicJwk } });
    expect(await faultsOf(started())).toEqual([expect.stringContaining(own!.id)]);
  });
});
