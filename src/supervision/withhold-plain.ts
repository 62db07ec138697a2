import { transact } from '../database/transact.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Configuration } from './configuration-schema.ts';
import { stored } from './store.ts';

interface Deps {
  database: { prisma: PrismaClient };
  ids: Ids;
  vault: Vault;
}

/**
 * Takes the secrets out of the versions that an older version of this program wrote with them. Each in a transaction of
 * its own, so that a start that is broken off goes on with the next one. Returns how many there were.
 */
export async function withholdPlain({ database, ids, vault }: Deps): Promise<number> {
  const rows = await database.prisma.supervisionConfiguration.findMany({
    where: { withheld: false },
    select: { teamId: true, version: true },
    orderBy: [{ teamId: 'asc' }, { version: 'asc' }],
  });
  for (const { teamId, version } of rows) {
    const key = { teamId_version: { teamId, version } };
    await transact(database, 'withhold the secrets of a configuration', async (tx) => {
      // Replicas that start at once take them one after the other.
      await tx.$queryRaw`SELECT 1 FROM supervision_configurations
        WHERE team_id = ${teamId} AND version = ${version} FOR UPDATE`;
      const row = await tx.supervisionConfiguration.findUnique({ where: key, include: { team: true } });
      if (row === null || row.withheld) return;
      const { yaml } = row;
      const configuration = row.configuration as unknown as Configuration | null;
      const data = await stored(tx, { ids, vault }, row.team.projectId, { yaml, configuration }, version);
      await tx.supervisionConfiguration.update({ where: key, data });
    });
  }
  return rows.length;
}
