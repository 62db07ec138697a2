import { createHash, timingSafeEqual } from 'node:crypto';
import type { Log } from '../kernel/log.ts';
import type { HttpHandler } from './graphql-http.ts';
import type { Metrics } from './metrics.ts';
import { sendError, sendJson } from './respond.ts';

/** Resolves when the part answers; anything else is a failure. */
export type Check = () => Promise<unknown>;

/** How long (ms) a part may take to answer. */
const CHECK_TIMEOUT = 2_000;

/** The parts that do not answer, and how; empty when ready. Reasons go to the log: the answer needs no credential. */
async function failingParts(
  checks: Readonly<Record<string, Check>>,
  log: Log,
): Promise<Record<string, string>> {
  const failing: Record<string, string> = {};
  const one = async ([name, check]: [string, Check]) => {
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), CHECK_TIMEOUT);
    try {
      if ((await Promise.race([check(), late.promise])) === 'late') failing[name] = 'does not answer in time';
    } catch (err) {
      failing[name] = 'fails';
      log.warn({ err, part: name }, 'a readiness check fails');
    } finally {
      clearTimeout(timer);
    }
  };
  await Promise.all(Object.entries(checks).map(one));
  return failing;
}

/** behaviour 1.5: alive, and ready: every part answers and the server is not about to stop. */
export function healthRoutes(
  checks: Readonly<Record<string, Check>>,
  isDraining: () => boolean,
  log: Log,
): Record<string, HttpHandler> {
  return {
    '/healthz': (_request, response) => sendJson(response, 200, { status: 'ok' }),
    '/readyz': async (_request, response) => {
      const failing = isDraining() ? { server: 'is shutting down' } : await failingParts(checks, log);
      const ready = Object.keys(failing).length === 0;
      sendJson(response, ready ? 200 : 503, ready ? { status: 'ok' } : { status: 'unavailable', failing });
    },
  };
}

/** What is asked when metrics are: how long (ms) a look may take; then that one is left out. */
const LOOK_WITHIN = 3_000;

/** All of them, but for those that cannot be told now: while the database is away, the rest is wanted most. */
async function readMetrics({ registry }: Metrics, log: Log): Promise<string> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), LOOK_WITHIN);
  const texts = registry.getMetricsAsArray().map(async ({ name }) => {
    const text = await registry.getSingleMetricAsString(name).catch((err: unknown) => {
      log.debug({ err, metric: name }, 'a metric cannot be told');
      return null;
    });
    return text;
  });
  const told = await Promise.all(texts.map((text) => Promise.race([text, late.promise])));
  clearTimeout(timer);
  return `${told.filter((text) => text !== null).join('\n\n')}\n`;
}

/** `token` null: open to anyone. What `/readyz` asks is asked as well. */
export function metricsHandler(
  metrics: Metrics,
  checks: Readonly<Record<string, Check>>,
  token: string | null,
  log: Log,
): HttpHandler {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = token === null ? null : digest(`Bearer ${token}`);
  return async (request, response) => {
    if (expected !== null && !timingSafeEqual(digest(request.headers.authorization ?? ''), expected))
      return sendError(response, 401, 'UNAUTHENTICATED', 'The metrics need METRICS_TOKEN as a bearer token.');
    const failing = await failingParts(checks, log);
    for (const part of Object.keys(checks)) metrics.ready.set({ part }, part in failing ? 0 : 1);
    const text = await readMetrics(metrics, log);
    response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text);
  };
}
