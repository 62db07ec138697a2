import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Fact } from '../events/seal.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Log } from '../kernel/log.ts';

/** Emergency stops, as this process seals them: each is counted once over all replicas. */
export function createStopMetrics(
  registry: Registry,
  prisma: PrismaClient,
  log: Log,
): (facts: readonly Fact[]) => void {
  const registers = [registry];
  const stops = new Counter({
    name: 'emergency_stops_total',
    help: 'Emergency stops, by each condition that triggered them.',
    labelNames: ['condition'],
    registers,
  });
  const halts = new Histogram({
    name: 'emergency_stop_halt_duration_seconds',
    help: 'Seconds from an emergency stop to the confirmation of its last running agent.',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30],
    registers,
  });
  new Gauge({
    name: 'emergency_stops_in_force',
    help: 'Projects that are stopped, in the whole database.',
    registers,
    async collect() {
      this.set(await prisma.emergencyStop.count({ where: { resolvedAt: null } }));
    },
  });
  return (facts) => {
    for (const { type, data, subjectId } of facts) {
      if (type === 'emergency_stop_triggered')
        for (const condition of data.conditions as string[]) stops.inc({ condition });
      if (type !== 'emergency_stop_halted') continue;
      prisma.emergencyStop
        .findUniqueOrThrow({ where: { id: subjectId } })
        .then(({ createdAt, haltedAt }) => halts.observe((haltedAt!.getTime() - createdAt.getTime()) / 1000))
        .catch((error: unknown) => log.warn({ err: error }, 'a halt could not be counted'));
    }
  };
}
