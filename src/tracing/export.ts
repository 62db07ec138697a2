// The one file that loads OpenTelemetry's SDK: it is imported only where the environment names somebody to export to.
import { type HrTime, type Link, SpanKind as Kind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import { Counter, type Registry } from 'prom-client';
import product from '../../package.json' with { type: 'json' };
import type { TracingConfig } from '../config.ts';
import type { Log } from '../kernel/log.ts';
import type { SpanContext } from './ids.ts';
import type { Span, SpanKind } from './tracing.ts';

/** Spans kept while nobody takes them; what comes on top is dropped, and only counted. */
const MOST_WAITING = 2_048;
/** Milliseconds that spans wait for others to go with. */
const TOGETHER = 1_000;
/** Milliseconds until a collector must have taken a batch, retries included. */
const TAKEN_WITHIN = 5_000;
/** Milliseconds that the end of the process waits for the last of them. */
const FLUSH_WITHIN = 1_500;

export interface Export {
  /** Takes a span that has ended. Never throws, never waits. */
  ended(span: Span): void;
  /** Sends what waits, within 1.5 s; what is left then is lost. */
  stop(): Promise<void>;
}

interface ExportDeps {
  config: TracingConfig;
  /** What this process is, among those that export under the same name. */
  instance: { id: string; roles: readonly string[] };
  log: Log;
  registry: Registry;
}

/** Sends spans to a collector as OTLP over HTTP, in JSON. Nothing else of the product notices how that goes. */
export function createExport({ config, instance, log, registry }: ExportDeps): Export {
  const { endpoint, headers, serviceName } = config;
  const registers = [registry];
  const recorded = new Counter({
    name: 'trace_spans_recorded_total',
    help: 'Spans that ended here; what is neither exported nor failed some seconds later was dropped.',
    registers,
  });
  const sent = new Counter({
    name: 'trace_spans_exported_total',
    help: 'Spans that were sent to the collector, by what came of it: exported or failed.',
    labelNames: ['result'],
    registers,
  });
  const told = telling(
    new OTLPTraceExporter({
      url: `${endpoint}/v1/traces`,
      headers: { ...headers },
      timeoutMillis: TAKEN_WITHIN,
    }),
    log,
    (result, spans) => sent.inc({ result }, spans),
  );
  const processor = new BatchSpanProcessor({
    exporter: told,
    maxQueueSize: MOST_WAITING,
    scheduledDelayMillis: TOGETHER,
    exportTimeoutMillis: 2 * TAKEN_WITHIN,
  });
  const resource = resourceFromAttributes({
    'service.name': serviceName,
    'service.version': product.version,
    'service.instance.id': instance.id,
    'holdpoint.process.roles': [...instance.roles],
  });
  return {
    ended(span) {
      recorded.inc();
      processor.onEnd(readable(span, resource));
    },
    async stop() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_WITHIN)));
      const flushed = processor.shutdown().catch((error: unknown) => {
        log.debug({ err: error }, 'the last spans were not taken');
      });
      await Promise.race([flushed, late]);
      clearTimeout(timer);
    },
  };
}

/** The exporter, which says once in the log that it fails, and once that it does no more. */
function telling(
  exporter: SpanExporter,
  log: Log,
  count: (result: 'exported' | 'failed', spans: number) => void,
): SpanExporter {
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== 0;
        count(failed ? 'failed' : 'exported', spans.length);
        if (failed && !failing)
          log.warn({ reason: reasonOf(result.error) }, 'traces cannot be exported; they are dropped');
        if (!failed && failing) log.info('traces are exported again');
        failing = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

/** A collector's words are its own, may have any length, and may repeat what it was sent, its credential too. */
function reasonOf(error: Error | undefined): string {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'number') return `the collector answered ${code}`;
  return typeof code === 'string' ? code : (error?.message ?? 'unknown');
}

const kinds: Record<SpanKind, Kind> = {
  internal: Kind.INTERNAL,
  server: Kind.SERVER,
  client: Kind.CLIENT,
  producer: Kind.PRODUCER,
  consumer: Kind.CONSUMER,
};

const otelContext = ({ traceId, spanId, sampled }: SpanContext) => ({
  traceId,
  spanId,
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
});

const toHrTime = (milliseconds: number): HrTime => {
  const seconds = Math.trunc(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1_000_000)];
};

/** The span as the SDK's processors and exporters read it. */
function readable(span: Span, resource: ReadableSpan['resource']): ReadableSpan {
  const { name, kind, parent, links, attributes, startedAt, endedAt, error } = span;
  const context = otelContext(span);
  return {
    name,
    kind: kinds[kind],
    spanContext: () => context,
    ...(parent && { parentSpanContext: otelContext(parent) }),
    startTime: toHrTime(startedAt),
    endTime: toHrTime(endedAt),
    duration: toHrTime(Math.max(endedAt - startedAt, 0)),
    status: { code: error === null ? SpanStatusCode.UNSET : SpanStatusCode.ERROR },
    attributes: error === null ? attributes : { ...attributes, 'error.type': error },
    links: links.map((link): Link => ({ context: otelContext(link) })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'holdpoint' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
