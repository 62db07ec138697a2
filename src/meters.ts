import { type ApprovalMetrics, createApprovalMetrics } from './approvals/metrics.ts';
import type { Ledger } from './budgets/ledger.ts';
import { createBudgetMetrics } from './budgets/metrics.ts';
import type { Database } from './database/open.ts';
import { createStopMetrics } from './emergency/metrics.ts';
import { createInterventionMetrics } from './interventions/metrics.ts';
import type { Clock } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import { createNotificationMetrics } from './notifications/metrics.ts';
import { createRecoveryMetrics } from './recovery/metrics.ts';
import type { Metrics } from './server/metrics.ts';
import type { ChangeSession } from './sessions/change.ts';
import { createChangeMetrics } from './sessions/metrics.ts';

/** What the rooms measure, put together. docs/operations.md lists all of it. */
export interface Meters extends ApprovalMetrics {
  changeSession(changeSession: ChangeSession): ChangeSession;
  ledger(ledger: Ledger): Ledger;
  /** An attempt at a notification has ended. */
  delivered: ReturnType<typeof createNotificationMetrics>;
}

export function createMeters({
  metrics: { registry },
  database: { prisma },
  clock,
  log,
}: {
  metrics: Metrics;
  database: Pick<Database, 'prisma'>;
  clock: Clock;
  log: Log;
}): Meters {
  const changes = createChangeMetrics(registry);
  const interventions = createInterventionMetrics(registry, prisma, clock);
  const approvals = createApprovalMetrics({ registry, prisma, clock, log });
  const facts = [
    approvals.sealed,
    createBudgetMetrics(registry, prisma),
    createStopMetrics(registry, prisma, log),
    createRecoveryMetrics(registry),
  ];
  return {
    changeSession: changes.measured,
    ledger: (ledger) => async (call) => {
      try {
        return await ledger(call);
      } catch (error) {
        changes.refused(error);
        throw error;
      }
    },
    committed(committed) {
      interventions(committed);
      approvals.committed(committed);
    },
    sealed(sealed) {
      if (sealed.length > 0) for (const count of facts) count(sealed);
    },
    delivered: createNotificationMetrics(registry, prisma, clock),
  };
}
