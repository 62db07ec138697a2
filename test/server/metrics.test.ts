import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Gauge } from 'prom-client';
import { expect, test } from 'vitest';
import { metricsHandler } from '../../src/server/health.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { silent } from '../support/database.ts';

test('(1.5) a metric that cannot be looked up is left out of /metrics, and the rest is told', async () => {
  const metrics = createMetrics({ process: true });
  new Gauge({
    name: 'looked_up',
    help: 'Asks a database that is away.',
    registers: [metrics.registry],
    collect: () => Promise.reject(new Error('the database is away')),
  });
  metrics.connections.set(3);
  const checks = { database: () => Promise.reject(new Error('away')), queue: () => Promise.resolve() };
  const handler = metricsHandler(metrics, checks, null, silent);
  const server = createServer((request, response) => void handler(request, response, { requestId: 'one' }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).not.toContain('looked_up');
    expect(text).toContain('\nws_connections 3\n');
    expect(text).toContain('\nprocess_resident_memory_bytes ');
    expect(text).toContain('\nready{part="database"} 0\n');
    expect(text).toContain('\nready{part="queue"} 1\n');
    // Each family is told once, as scrapers want it.
    const families = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    expect(new Set(families).size).toBe(families.length);
  } finally {
    server.close();
  }
});
