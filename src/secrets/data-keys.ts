import { createSecretKey } from 'node:crypto';
import type { Tx } from '../database/transact.ts';
import type { DataKey } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import { randomBytes } from '../kernel/random.ts';
import { createKeyRing, type KeyRing, type Sealed } from './key-ring.ts';
import type { SealedItem } from './open-key-ring.ts';

// ENCRYPTION_KEYS ──seals──▶ a key for each project (data_keys) ──seals──▶ its values (sealed_values)
//
// So a rotation has to write few rows anew before an old key of ENCRYPTION_KEYS is out of use, no key seals more values
// than GCM allows, and what is one project's does not open with another's key.

export interface DataKeyDeps {
  clock: Clock;
  ids: Ids;
  keyRing: KeyRing;
}

const KEY_LENGTH = 32;

const placeOf = ({ id, projectId }: Pick<DataKey, 'id' | 'projectId'>): string =>
  `data_keys:${id}:${projectId}`;

/** The key as a ring of its own. Throws CannotOpen, also for a key that was moved to another project. */
export function openDataKey(keyRing: KeyRing, row: Pick<DataKey, 'id' | 'projectId' | 'wrapped'>): KeyRing {
  const bytes = keyRing.open(row.wrapped, placeOf(row));
  return createKeyRing([{ id: row.id, key: createSecretKey(bytes) }]);
}

/** The same key, sealed by the ring's first one. */
export const rewrapped = (keyRing: KeyRing, row: DataKey): Sealed =>
  keyRing.seal(keyRing.open(row.wrapped, placeOf(row)), placeOf(row));

/** The key that seals in this project, made where there is none. */
export async function currentDataKey(
  tx: Pick<Tx, 'dataKey'>,
  { clock, ids, keyRing }: DataKeyDeps,
  projectId: string,
): Promise<DataKey> {
  const current = () => tx.dataKey.findFirst({ where: { projectId, retiredAt: null } });
  const known = await current();
  if (known !== null) return known;
  const id = ids.next('datakey');
  const wrapped = { ...keyRing.seal(randomBytes(KEY_LENGTH), placeOf({ id, projectId })) };
  // Somebody else may have made it at this very moment: theirs is the one then.
  await tx.dataKey.createMany({
    data: [{ id, projectId, wrapped, madeUnder: keyRing.current, createdAt: clock.now() }],
    skipDuplicates: true,
  });
  return (await current())!;
}

/** All there are, as what a start must be able to open. */
export const sealedDataKeys = async (tx: Pick<Tx, 'dataKey'>): Promise<SealedItem[]> =>
  (await tx.dataKey.findMany({ orderBy: { id: 'asc' } })).map((row) => ({
    name: `the data key ${row.id} of ${row.projectId}`,
    sealed: row.wrapped,
    place: placeOf(row),
  }));
