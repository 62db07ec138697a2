import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  readonly connections: Gauge;
  readonly subscriptions: Gauge;
  /** Counted up where it happens, thousands of times a second: a plain number, read when it is asked. */
  readonly sockets: { frames: number; slow: number };
  /** Whether a part that this process needs answers. */
  readonly ready: Gauge<'part'>;
  readonly mcpSubscriptions: Gauge;
  readonly httpDuration: Histogram<'method' | 'path' | 'status'>;
}

/**
 * A registry of its own for each application, so that two of them in one process do not mix. `process`: it also tells of
 * the process (memory, event loop, garbage), which is watched until the process ends.
 */
export function createMetrics({ process }: { process: boolean }): Metrics {
  const registry = new Registry();
  if (process) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const sockets = { frames: 0, slow: 0 };
  const tally = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  tally('ws_frames_sent_total', 'Frames written to WebSocket connections.', () => sockets.frames);
  tally(
    'ws_slow_closed_total',
    'WebSocket connections closed because they were read too slowly; what they missed is read again from a cursor.',
    () => sockets.slow,
  );
  return {
    registry,
    connections: new Gauge({
      name: 'ws_connections',
      help: 'WebSocket connections that are open.',
      registers,
    }),
    subscriptions: new Gauge({ name: 'ws_subscriptions', help: 'Subscriptions that are live.', registers }),
    sockets,
    ready: new Gauge({
      name: 'ready',
      help: 'Whether each part that /readyz asks answers (1) or not (0).',
      labelNames: ['part'],
      registers,
    }),
    mcpSubscriptions: new Gauge({
      name: 'mcp_subscriptions',
      help: 'Calls over MCP that wait for a decision.',
      registers,
    }),
    httpDuration: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the arrival of a request to the end of its answer. Streams are not counted.',
      labelNames: ['method', 'path', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
}
