import { Gauge, type Registry } from 'prom-client';
import type { Driver } from '../runners/driver.ts';
import { jobs } from './catalog.ts';
import type { Queue } from './queue.ts';

/** What waits for workers. Looked up when it is asked, in the whole database. */
export function createJobMetrics(registry: Registry, { boss }: Pick<Queue, 'boss'>): void {
  new Gauge({
    name: 'jobs_waiting',
    help: 'Jobs that no worker has taken yet, by queue, as counted within the last ten seconds, in the whole database.',
    labelNames: ['queue'],
    registers: [registry],
    async collect() {
      const queues = await boss.getQueues(Object.keys(jobs));
      for (const { name, queuedCount } of queues) this.set({ queue: name }, queuedCount);
    },
  });
}

/** What this process runs. */
export function createTurnMetrics(registry: Registry, driver: Pick<Driver, 'running'>): void {
  new Gauge({
    name: 'runner_turns_running',
    help: 'Turns of runners that this process has under way.',
    registers: [registry],
    collect() {
      this.set(driver.running());
    },
  });
}
