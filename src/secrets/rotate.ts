import { isReferenceFault } from '../database/faults.ts';
import { transact, type Tx } from '../database/transact.ts';
import type { DataKey, PrismaClient } from '../generated/prisma/client.ts';
import { currentDataKey, type DataKeyDeps, openDataKey, rewrapped } from './data-keys.ts';
import type { KeyRing } from './key-ring.ts';
import { placeOfValue } from './vault.ts';

// A rotation, step by step, while servers run. Each step finds what is left by looking, so that one that was killed
// anywhere is gone on with by the next call, and two at once do each other's work.
//
//   wrap every key anew with the ring's first ─▶ a project's data key was made under an earlier one: make another,
//   retire the old ─▶ values of retired keys, in batches, anew with the current one ─▶ delete retired keys without values
//
// Nothing can be lost: a value refers to its key, and a key that is referred to is not deleted (the database sees to it).

export interface RotationDeps extends DataKeyDeps {
  database: { prisma: PrismaClient };
  /** Wraps what other rooms have sealed by the ring anew; how many. */
  rewrapOthers: () => Promise<number>;
  /** Told after each batch of values, with how many there were. */
  progress?: (values: number) => void | Promise<void>;
}

export interface Rotated {
  keys: number;
  dataKeys: number;
  values: number;
}

/** Values in one transaction: everyone on an embedded database waits for it. */
const BATCH = 200;

export async function rotate(deps: RotationDeps): Promise<Rotated> {
  const keys = (await rewrapDataKeys(deps)) + (await deps.rewrapOthers());
  const dataKeys = await replaceDataKeys(deps);
  return { keys, dataKeys, values: await moveValues(deps) };
}

const kidOf = (sealed: unknown): string => (sealed as { kid: string }).kid;

/** Whether anything is left of an earlier first key. */
export async function isRotated(
  { prisma }: { prisma: PrismaClient },
  keyRing: KeyRing,
  others: readonly { sealed: unknown }[],
): Promise<boolean> {
  const rows = await prisma.dataKey.findMany();
  const { current } = keyRing;
  return (
    rows.every(
      (row) => row.retiredAt === null && row.madeUnder === current && kidOf(row.wrapped) === current,
    ) && others.every(({ sealed }) => kidOf(sealed) === current)
  );
}

async function rewrapDataKeys({ database: { prisma }, keyRing }: RotationDeps): Promise<number> {
  let count = 0;
  const { current } = keyRing;
  for (const row of await prisma.dataKey.findMany({ orderBy: { id: 'asc' } })) {
    if (kidOf(row.wrapped) === current) continue;
    // Only what was read: another rotation may have been faster, and to a newer key.
    count +=
      await prisma.$executeRaw`UPDATE data_keys SET wrapped = ${JSON.stringify(rewrapped(keyRing, row))}::jsonb
      WHERE id = ${row.id} AND wrapped = ${JSON.stringify(row.wrapped)}::jsonb`;
  }
  return count;
}

async function replaceDataKeys(deps: RotationDeps): Promise<number> {
  const { database, clock, keyRing } = deps;
  const old = await database.prisma.dataKey.findMany({
    where: { retiredAt: null, madeUnder: { not: keyRing.current } },
    orderBy: { id: 'asc' },
  });
  let made = 0;
  for (const { id, projectId } of old) {
    await transact(database, 'replace a data key', async (tx) => {
      const { count } = await tx.dataKey.updateMany({
        where: { id, retiredAt: null },
        data: { retiredAt: clock.now() },
      });
      if (count === 0) return;
      await currentDataKey(tx, deps, projectId);
      made += 1;
    });
  }
  return made;
}

async function moveValues(deps: RotationDeps): Promise<number> {
  const { prisma } = deps.database;
  let moved = 0;
  for (const key of await prisma.dataKey.findMany({
    where: { retiredAt: { not: null } },
    orderBy: { id: 'asc' },
  })) {
    for (;;) {
      const count = await moveBatch(deps, key);
      moved += count;
      if (count > 0) {
        await deps.progress?.(count);
        continue;
      }
      if (await deleteKey(prisma, key)) break;
    }
  }
  return moved;
}

/** Seals one batch of a retired key's values with its project's current one. */
async function moveBatch(deps: RotationDeps, old: DataKey): Promise<number> {
  const opening = openDataKey(deps.keyRing, old);
  return transact(deps.database, 'encrypt values anew', async (tx) => {
    const rows = await tx.$queryRaw<{ id: string; content: unknown }[]>`
      SELECT id, content FROM sealed_values WHERE data_key_id = ${old.id} ORDER BY id LIMIT ${BATCH} FOR UPDATE`;
    if (rows.length === 0) return 0;
    const current = await currentDataKey(tx, deps, old.projectId);
    const sealing = openDataKey(deps.keyRing, current);
    const moved = rows.map(({ id, content }) => {
      const place = placeOfValue({ id, projectId: old.projectId });
      return { id, content: sealing.seal(opening.open(content, place), place) };
    });
    await write(tx, current.id, moved);
    return rows.length;
  });
}

const write = (tx: Tx, dataKeyId: string, moved: readonly object[]) =>
  tx.$executeRaw`UPDATE sealed_values v SET data_key_id = ${dataKeyId}, content = m.content
    FROM jsonb_to_recordset(${JSON.stringify(moved)}::jsonb) AS m(id text, content jsonb) WHERE v.id = m.id`;

/** False: something is kept with it again, written by a server that had not heard of the new one. */
async function deleteKey(prisma: PrismaClient, { id }: DataKey): Promise<boolean> {
  try {
    await prisma.dataKey.deleteMany({ where: { id } });
    return true;
  } catch (error) {
    if (!isReferenceFault(error)) throw error;
    return false;
  }
}
