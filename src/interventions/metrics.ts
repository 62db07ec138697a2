import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Change } from '../sessions/aggregate.ts';

/** Seconds, from a glance to a week. */
const BUCKETS = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 604_800];

/** Counts what this process commits; summed over replicas, each thing is counted once. */
export function createInterventionMetrics(
  registry: Registry,
  prisma: PrismaClient,
): (changes: readonly Change[]) => void {
  const registers = [registry];
  const requests = new Counter({
    name: 'intervention_requests_total',
    help: 'Interventions asked, by type.',
    labelNames: ['type'],
    registers,
  });
  const resolution = new Histogram({
    name: 'intervention_resolution_time',
    help: 'Seconds from request to resolution.',
    labelNames: ['resolution'],
    buckets: BUCKETS,
    registers,
  });
  const escalations = new Counter({
    name: 'escalation_count',
    help: 'Escalations, by level.',
    labelNames: ['level'],
    registers,
  });
  const timeouts = new Counter({ name: 'timeout_count', help: 'Windows that ended unanswered.', registers });
  new Gauge({
    name: 'active_interventions',
    help: 'Interventions pending, in the whole database.',
    registers,
    async collect() {
      const { _sum } = await prisma.interventionQueue.aggregate({ _sum: { pending: true } });
      this.set(_sum.pending ?? 0);
    },
  });
  return (changes) => {
    for (const { asked = [], updated = [], events } of changes) {
      for (const { type } of asked) requests.inc({ type });
      for (const event of events) {
        if (event.type === 'timeout_occurred') timeouts.inc();
        if (event.type === 'escalation_triggered') escalations.inc({ level: String(event.data.level) });
        if (event.type !== 'intervention_resolved') continue;
        const row = updated.find(({ id }) => id === event.subjectId);
        if (!row?.resolvedAt) continue;
        const seconds = (row.resolvedAt.getTime() - row.createdAt.getTime()) / 1000;
        resolution.observe({ resolution: row.resolution ?? 'TIMEOUT' }, seconds);
      }
    }
  };
}
