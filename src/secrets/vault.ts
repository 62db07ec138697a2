import { isReferenceFault } from '../database/faults.ts';
import type { Tx } from '../database/transact.ts';
import type { DataKey, PrismaClient, SealedValue } from '../generated/prisma/client.ts';
import type { Json } from '../kernel/json.ts';
import { currentDataKey, type DataKeyDeps, openDataKey } from './data-keys.ts';
import type { KeyRing } from './key-ring.ts';

/** A value that is to be kept encrypted. `id` is what stands for it where it was taken from. */
export interface Kept {
  id: string;
  projectId: string;
  sessionId: string | null;
  /** The person in whose words it stood; null: no person's. */
  saidById: string | null;
  value: Json;
}

/** The one place through which values are encrypted and opened (behaviour 8.8). */
export interface Vault {
  /** Writes them, encrypted with their projects' keys, in the caller's transaction. */
  keep(tx: Tx, values: readonly Kept[]): Promise<void>;
  /** The same in a statement of its own, for what is written before the change that refers to it. */
  keepAhead(values: readonly Kept[]): Promise<void>;
  /**
   * What is kept under these ids in this project, and where a session is named in that, by id; what is not there, or is
   * another's, is left out. Throws CannotOpen for what was changed or moved.
   */
  open(
    tx: Pick<Tx, 'sealedValue' | 'dataKey'>,
    projectId: string,
    ids: readonly string[],
    sessionId?: string | null,
  ): Promise<Map<string, Json>>;
  /** Takes them away for good. */
  drop(tx: Pick<Tx, 'sealedValue'>, ids: readonly string[]): Promise<void>;
}

export interface VaultDeps extends DataKeyDeps {
  database: { prisma: PrismaClient };
}

/** Keys that are remembered opened; beyond them, the one that was opened first is forgotten. */
const MAX_OPENED = 10_000;

export const placeOfValue = ({ id, projectId }: Pick<SealedValue, 'id' | 'projectId'>): string =>
  `sealed_values.content:${id}:${projectId}`;

export const encoded = (value: Json): Buffer => Buffer.from(JSON.stringify(value));

/** A project's current key, held until the commit, so that no rotation retires it meanwhile. */
async function heldKey(tx: Tx, deps: VaultDeps, projectId: string): Promise<DataKey> {
  for (;;) {
    const row = await currentDataKey(tx, deps, projectId);
    const held = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM data_keys WHERE id = ${row.id} AND retired_at IS NULL FOR SHARE`;
    if (held.length > 0) return row;
  }
}

export function createVault(deps: VaultDeps): Vault {
  const { database, clock, keyRing } = deps;
  /** By id. A key never changes under its id; what it is sealed with may. */
  const opened = new Map<string, KeyRing>();
  /** Project → the id of the key that seals there, as far as this process knows. */
  const current = new Map<string, string>();

  function ringOf(row: Parameters<typeof openDataKey>[1]): KeyRing {
    const known = opened.get(row.id);
    if (known !== undefined) return known;
    const ring = openDataKey(keyRing, row);
    if (opened.size >= MAX_OPENED) opened.delete(opened.keys().next().value!);
    opened.set(row.id, ring);
    return ring;
  }

  /** Those whose key has been retired meanwhile, and those that are there already, are left out. Returns how many were not. */
  function insert(
    tx: Pick<Tx, '$executeRaw'>,
    values: readonly Kept[],
    rings: ReadonlyMap<string, KeyRing>,
  ): Promise<number> {
    const rows = values.map(({ value, ...row }) => {
      const ring = rings.get(row.projectId)!;
      return { ...row, dataKeyId: ring.current, content: ring.seal(encoded(value), placeOfValue(row)) };
    });
    return tx.$executeRaw`
      INSERT INTO sealed_values (id, project_id, data_key_id, session_id, said_by_id, content, created_at)
      SELECT r."id", r."projectId", k.id, r."sessionId", r."saidById", r."content", ${clock.now()}::timestamptz
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS r("id" text, "projectId" text, "dataKeyId" text, "sessionId" text, "saidById" text, "content" jsonb)
      JOIN data_keys k ON k.id = r."dataKeyId" AND k.retired_at IS NULL
      ON CONFLICT (id) DO NOTHING`;
  }

  const projectsOf = (values: readonly Kept[]): string[] => [
    ...new Set(values.map(({ projectId }) => projectId)),
  ];

  async function open(
    tx: Pick<Tx, 'sealedValue' | 'dataKey'>,
    projectId: string,
    ids: readonly string[],
    sessionId: string | null = null,
  ) {
    const values = new Map<string, Json>();
    if (ids.length === 0) return values;
    // A rotation may move a value on to a new key, and delete the old one, between the two reads: then both are anew.
    for (let sought = [...new Set(ids)]; sought.length > 0; ) {
      const rows = await tx.sealedValue.findMany({
        where: { id: { in: sought }, projectId, ...(sessionId !== null && { sessionId }) },
      });
      const unknown = [...new Set(rows.map(({ dataKeyId }) => dataKeyId))].filter((id) => !opened.has(id));
      if (unknown.length > 0)
        for (const row of await tx.dataKey.findMany({ where: { id: { in: unknown } } })) ringOf(row);
      sought = [];
      for (const row of rows) {
        const ring = opened.get(row.dataKeyId);
        if (ring === undefined) sought.push(row.id);
        else values.set(row.id, JSON.parse(ring.open(row.content, placeOfValue(row)).toString()) as Json);
      }
    }
    return values;
  }

  return {
    async keep(tx, values) {
      if (values.length === 0) return;
      const rings = new Map<string, KeyRing>();
      for (const projectId of projectsOf(values)) {
        const row = await heldKey(tx, deps, projectId);
        // Not remembered: the transaction that made it may yet roll back.
        rings.set(projectId, opened.get(row.id) ?? openDataKey(keyRing, row));
      }
      if ((await insert(tx, values, rings)) < values.length)
        throw new Error('a data key was retired while it was to be used');
    },
    async keepAhead(values) {
      const { prisma } = database;
      for (let left = values.length; left > 0; ) {
        const rings = new Map<string, KeyRing>();
        for (const projectId of projectsOf(values)) {
          const known = opened.get(current.get(projectId) ?? '');
          const ring = known ?? ringOf(await currentDataKey(prisma, deps, projectId));
          current.set(projectId, ring.current);
          rings.set(projectId, ring);
        }
        try {
          left -= await insert(prisma, values, rings);
        } catch (error) {
          // Deleted in the instant between the look of this statement and its write.
          if (!isReferenceFault(error)) throw error;
        }
        // A key of these was retired since it was looked up.
        if (left > 0) for (const projectId of projectsOf(values)) current.delete(projectId);
      }
    },
    open,
    async drop(tx, ids) {
      if (ids.length > 0) await tx.sealedValue.deleteMany({ where: { id: { in: [...ids] } } });
    },
  };
}
