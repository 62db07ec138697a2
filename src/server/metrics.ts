import { Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  readonly connections: Gauge;
  readonly subscriptions: Gauge;
  readonly httpDuration: Histogram<'method' | 'path' | 'status'>;
}

/** A registry of its own for each application, so that two of them in one process do not mix. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    connections: new Gauge({
      name: 'ws_connections',
      help: 'WebSocket connections that are open.',
      registers,
    }),
    subscriptions: new Gauge({ name: 'ws_subscriptions', help: 'Subscriptions that are live.', registers }),
    httpDuration: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the arrival of a request to the end of its answer. Streams are not counted.',
      labelNames: ['method', 'path', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
}
