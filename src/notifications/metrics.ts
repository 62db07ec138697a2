import { Counter, Gauge, type Registry } from 'prom-client';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';

/** Counts what this process sends; summed over replicas, each attempt is counted once. */
export function createNotificationMetrics(registry: Registry, prisma: PrismaClient, clock: Clock) {
  const attempts = new Counter({
    name: 'notification_deliveries_total',
    help: 'Attempts to deliver a notification, by channel and by what came of them: delivered, failed (to be tried again), dead.',
    labelNames: ['channel', 'result'],
    registers: [registry],
  });
  new Gauge({
    name: 'notification_dead_letters',
    help: 'Notifications given up, in the whole database.',
    registers: [registry],
    async collect() {
      this.set(await prisma.notificationDelivery.count({ where: { status: 'DEAD' } }));
    },
  });
  const late = new Gauge({
    name: 'notification_oldest_due_seconds',
    help: 'For how long the notification that is longest due waits to be tried, in the whole database; 0 where none is due.',
    registers: [registry],
  });
  new Gauge({
    name: 'notifications_pending',
    help: 'Notifications still to be delivered, in the whole database: to be tried, and waiting for a place (4.1).',
    registers: [registry],
    async collect() {
      // The states are written out, so that the planner may take the indexes of them.
      const [row] = await prisma.$queryRaw<[{ tried: number; placed: number; due: Date | null }]>`
        SELECT count(*)::int AS tried, min(next_attempt_at) AS due,
          (SELECT count(*)::int FROM notification_deliveries WHERE status = 'WAITING_FOR_PLACE') AS placed
        FROM notification_deliveries WHERE status = 'PENDING'`;
      this.set(row.tried + row.placed);
      late.set(row.due ? Math.max(clock.now().getTime() - row.due.getTime(), 0) / 1000 : 0);
    },
  });
  return (channel: string, result: 'delivered' | 'failed' | 'dead') => attempts.inc({ channel, result });
}
