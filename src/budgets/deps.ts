import type { Query } from '../database/query.ts';
import type { Stops } from '../emergency/stops.ts';
import type { Changes } from '../events/changes.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';

/** What the verbs of budgets work with. */
export interface BudgetDeps {
  database: { prisma: PrismaClient; query: Query };
  clock: Clock;
  ids: Ids;
  changes: Pick<Changes, 'announce'>;
  /** Called after a commit that wrote events. */
  committed: () => void;
  stops: Pick<Stops, 'look'>;
}
