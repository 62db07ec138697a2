import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Vault } from '../secrets/vault.ts';
import type { SupervisionEnvironment } from '../supervision/from-environment.ts';

export interface ProjectDeps {
  database: { prisma: PrismaClient };
  prisma: PrismaClient;
  clock: Clock;
  ids: Ids;
  /** Called after a commit that wrote events. */
  committed: () => void;
}

/** What writing a team's supervision configuration takes beside. */
export interface SupervisionDeps extends ProjectDeps {
  /** What configurations may read (behaviour 8.3). */
  supervisionEnvironment: SupervisionEnvironment;
  /** Where the secrets of configurations are kept (behaviour 8.8). */
  vault: Vault;
}
