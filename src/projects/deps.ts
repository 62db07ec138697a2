import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';

export interface ProjectDeps {
  database: { prisma: PrismaClient };
  prisma: PrismaClient;
  clock: Clock;
  ids: Ids;
  /** Called after a commit that wrote events. */
  committed: () => void;
}
