import type { Signals } from '../database/signals.ts';
import type { Changes } from '../events/changes.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { RawTx } from '../database/transact.ts';

/** What stopping a project works with. */
export interface StopDeps {
  database: { prisma: PrismaClient; signals: Pick<Signals, 'send'> };
  clock: Clock;
  ids: Ids;
  changes: Pick<Changes, 'announce'>;
  /** Called after a commit that wrote events. */
  committed: () => void;
}

/** What lifting a stop takes beside: its sessions are driven again, its deadlines run again. */
export interface LiftDeps extends StopDeps {
  /** Writes jobs in the transaction given. */
  enqueueDrives: (tx: RawTx, sessionIds: string[]) => Promise<void>;
  /** A deadline was committed. */
  wakeSweeps: (dueAt: Date) => void;
}
