import { createSecretKey } from 'node:crypto';
import type { Database } from '../../src/database/open.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { createKeyRing, type RingKey } from '../../src/secrets/key-ring.ts';
import { createPrivacy } from '../../src/privacy/privacy.ts';
import type { Place } from '../../src/safety/analyzer.ts';
import { personalData } from '../../src/safety/analyzers/personal-data.ts';
import { secrets } from '../../src/safety/analyzers/secrets.ts';
import { placesOf } from '../../src/safety/safety.ts';
import { toSubject } from '../../src/safety/subject.ts';
import type { Json } from '../../src/kernel/json.ts';
import { createVault, type Vault } from '../../src/secrets/vault.ts';

/** A key of that letter alone. */
export const testKey = (id: string, letter = 't'): RingKey => ({
  id,
  key: createSecretKey(Buffer.alloc(32, letter)),
});

/** The ring of every replica in tests. */
export const testRing = createKeyRing([testKey('test')]);

export const testVault = (database: Pick<Database, 'prisma'>, clock: Clock): Vault =>
  createVault({ database, clock, ids: createIds(clock), keyRing: testRing });

/** The analyzers themselves, in the test's own thread. */
async function findSensitive(value: Json): Promise<Place[]> {
  const subject = toSubject({ kind: 'INPUT', agentType: null, instructions: null, value });
  const { signal } = new AbortController();
  return placesOf([
    ...(await secrets.analyze(subject, signal)),
    ...(await personalData.analyze(subject, signal)),
  ]);
}

/** What a change needs to keep what is sensitive to itself. */
export const testPrivacy = (database: Pick<Database, 'prisma'>, clock: Clock, ids = createIds(clock)) => ({
  privacy: createPrivacy({ ids, findSensitive }),
  vault: testVault(database, clock),
});
