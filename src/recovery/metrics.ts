import { Counter, type Registry } from 'prom-client';
import type { Fact } from '../events/seal.ts';

/** Recoveries, as this process seals them: each is counted once over all replicas. */
export function createRecoveryMetrics(registry: Registry): (facts: readonly Fact[]) => void {
  const registers = [registry];
  const begun = new Counter({ name: 'recoveries_initiated_total', help: 'Recoveries begun.', registers });
  const ended = new Counter({
    name: 'recoveries_ended_total',
    help: 'Recoveries that are over or failed, by status; one that failed may go on and end again.',
    labelNames: ['status'],
    registers,
  });
  return (facts) => {
    for (const { type, data } of facts) {
      if (type === 'recovery_initiated') begun.inc();
      if (type === 'recovery_completed' || type === 'recovery_ended')
        ended.inc({ status: String(data.status) });
    }
  };
}
