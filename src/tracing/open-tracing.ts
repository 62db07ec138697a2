import type { Registry } from 'prom-client';
import type { Config } from '../config.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { randomTraceId } from './ids.ts';
import { createTracing, type Tracing } from './tracing.ts';

/**
 * Tracing as the environment wants it. Null: it names no collector; then nothing of the SDK is loaded, and nothing is
 * recorded.
 */
export async function openTracing({
  config,
  clock,
  log,
  registry,
}: {
  config: Pick<Config, 'tracing' | 'processRoles'>;
  clock: Clock;
  log: Log;
  registry: Registry;
}): Promise<{ tracing: Tracing; stop(): Promise<void> } | null> {
  if (config.tracing === null) return null;
  const { createExport } = await import('./export.ts');
  const { api, worker } = config.processRoles;
  const roles = [...(api ? ['api'] : []), ...(worker ? ['worker'] : [])];
  const instance = { id: randomTraceId(), roles };
  const { ended, stop } = createExport({ config: config.tracing, instance, log, registry });
  return { tracing: createTracing({ clock, ended }), stop };
}
