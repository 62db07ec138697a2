import DataLoader from 'dataloader';
import type { PrismaClient } from '../generated/prisma/client.ts';
import { type Authority, can } from '../identity/permissions.ts';
import type { Json } from '../kernel/json.ts';
import type { Vault } from '../secrets/vault.ts';
import { filledIn, idsIn } from './tokens.ts';

/** As much of a resolver's context as showing takes. */
interface Seer {
  viewer: Authority;
  house: { prisma: Pick<PrismaClient, 'sealedValue' | 'dataKey'>; vault: Pick<Vault, 'open'> };
}

type Loader = DataLoader<{ projectId: string; id: string }, Json | undefined>;

/** One read for all that a request shows; nothing is remembered from one to the next. */
const loaders = new WeakMap<Seer, Loader>();

/**
 * A project's value as this viewer may see it: masked, but for `data.read_sensitive` (behaviour 8.8). Every field that
 * shows words of agents or people goes through here.
 */
export function shown<T>(seer: Seer, projectId: string, value: T): T | Promise<T> {
  if (!can(seer.viewer, 'data.read_sensitive')) return value;
  const ids = idsIn(value);
  return ids.size === 0 ? value : opened(seer, projectId, value, [...ids]);
}

async function opened<T>(seer: Seer, projectId: string, value: T, ids: string[]): Promise<T> {
  let loader = loaders.get(seer);
  if (loader === undefined) {
    loader = createLoader(seer.house);
    loaders.set(seer, loader);
  }
  const values = await Promise.all(ids.map((id) => loader.load({ projectId, id })));
  return filledIn(
    value,
    new Map(ids.flatMap((id, at) => (values[at] === undefined ? [] : [[id, values[at]]]))),
  );
}

const createLoader = ({ prisma, vault }: Seer['house']): Loader =>
  new DataLoader(
    async (keys) => {
      const projects = new Map<string, Map<string, Json>>();
      for (const [projectId, mine] of Map.groupBy(keys, (key) => key.projectId))
        projects.set(
          projectId,
          await vault.open(
            prisma,
            projectId,
            mine.map(({ id }) => id),
          ),
        );
      return keys.map(({ projectId, id }) => projects.get(projectId)!.get(id));
    },
    { cache: false },
  );
