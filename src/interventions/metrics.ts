import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Change } from '../sessions/aggregate.ts';

/** Seconds, from a glance to a week. */
const BUCKETS = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 604_800];

/** Nobody has climbed, and the three that there are. */
const LEVELS = ['0', '1', '2', '3'];

/** Counts what this process commits; summed over replicas, each thing is counted once. */
export function createInterventionMetrics(
  registry: Registry,
  prisma: PrismaClient,
  clock: Clock,
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
  const oldest = new Gauge({
    name: 'intervention_oldest_pending_seconds',
    help: 'Age of the oldest intervention that is pending, in the whole database; 0 where none is.',
    registers,
  });
  new Gauge({
    name: 'interventions_pending',
    help: 'Interventions pending, by the level that they have climbed to, in the whole database.',
    labelNames: ['level'],
    registers,
    async collect() {
      // The status is written out, so that the planner may take an index of what is pending.
      const rows = await prisma.$queryRaw<{ level: number; count: number; since: Date }[]>`
        SELECT escalation_level AS level, count(*)::int AS count, min(created_at) AS since FROM interventions
        WHERE status = 'PENDING' GROUP BY escalation_level`;
      for (const level of LEVELS)
        this.set({ level }, rows.find((row) => String(row.level) === level)?.count ?? 0);
      const since = Math.min(...rows.map((row) => row.since.getTime()));
      oldest.set(rows.length === 0 ? 0 : (clock.now().getTime() - since) / 1000);
    },
  });
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
