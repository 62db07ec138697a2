import { Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLog } from '../../src/kernel/log.ts';
import { createExport } from '../../src/tracing/export.ts';
import { createTracing } from '../../src/tracing/tracing.ts';
import { openReceiver, SECRET } from '../notifications/receiver.ts';
import { ADMIN_KEY, type ApiClient, ENCRYPTION_KEYS } from '../support/app.ts';
import { onPostgres, silent } from '../support/database.ts';
import { makePlace } from '../support/place.ts';
import { spawnServer } from '../support/server-process.ts';
import { until } from '../support/until.ts';
import { makeProject } from '../support/world.ts';
import { type Collector, type Exported, openCollector } from './collector.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const SAID = 'nobody-else-may-read-this';
const CALLER = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };

/** What people asked for and answered is driven by a worker: in a process of its own, where the database lets two in. */
async function serve(env: Record<string, string>, apart: boolean): Promise<ApiClient> {
  const start = (roles: string) => {
    const server = spawnServer({ ...env, PROCESS_ROLES: roles });
    undo.push(() => server.kill('SIGTERM'));
    return server.ready();
  };
  const api = await start(apart ? 'api' : 'api,worker');
  if (apart) await start('worker');
  return api;
}

const place = async (collector: Pick<Collector, 'url'>) => {
  const made = await makePlace();
  undo.push(() => made.remove());
  return {
    ...made.env,
    ADMIN_API_KEY: ADMIN_KEY,
    ENCRYPTION_KEYS,
    ALLOW_PRIVATE_ADDRESSES: 'yes',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector=let%20me%20in',
  };
};

const open = async () => {
  const [collector, hook] = [await openCollector(), await openReceiver()];
  undo.push(
    () => collector.close(),
    () => hook.close(),
  );
  return { collector, hook };
};

const scenario = {
  steps: [
    { ask: { id: 'go', agent: 'ada', type: 'DECISION', message: SAID } },
    { complete: { result: SAID } },
  ],
};

type Tree = [name: string, ...children: Tree[]];

/** The spans of a trace, each under its parent; in the order of their names, for some are of one millisecond. */
function treeOf(spans: readonly Exported[], root: Exported): Tree {
  const children = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
  const trees = children.map((child) => treeOf(spans, child));
  return [root.name, ...trees.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))];
}

const configure =
  'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success message } }';

test('behaviour 1.11: one decision is one connected trace, from the door that asked to the runner that went on and whoever was told', async () => {
  const { collector, hook } = await open();
  const api = await serve(await place(collector), onPostgres);
  const world = await makeProject(api, ADMIN_KEY, 'traced');
  const channel = {
    type: 'webhook',
    events: ['intervention_required'],
    webhook_url: hook.url,
    secret: SECRET,
  };
  await api.ok(world.keys.ADMIN, configure, {
    id: world.teamId,
    yaml: JSON.stringify({ human_supervision: { notifications: { channels: [channel] } } }),
  });
  const sessionId = await world.session({ runner: 'scripted', context: { scenario } });
  const session = async () =>
    (
      await api.ok(
        world.keys.AGENT,
        'query($id: ID!) { session(id: $id) { status currentIntervention { id } } }',
        {
          id: sessionId,
        },
      )
    ).session;
  await until('it asks', async () => (await session()).currentIntervention !== null);
  await until('the receiver was told', () => hook.received.length === 1);
  await world.approve((await session()).currentIntervention.id);
  await until('it goes on', async () => (await session()).status === 'COMPLETED');
  const named = (name: string) => collector.spans().filter((span) => span.name === name);
  await until('all of it is exported', () => {
    const turns = named('turn').filter(({ attributes }) => attributes['holdpoint.session.id'] === sessionId);
    return (
      turns.length === 2 &&
      named('mutation resolveIntervention').length === 1 &&
      named('send webhook').length === 1
    );
  });

  const [answer] = named('mutation resolveIntervention');
  const trace = collector.spans().filter(({ traceId }) => traceId === answer!.traceId);
  const roots = trace.filter(({ parentSpanId }) => !trace.some(({ spanId }) => spanId === parentSpanId));
  expect(roots.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
    ['mutation createSession', ''],
  ]);
  expect(new Set(trace.map(({ spanId }) => spanId)).size).toBe(trace.length);
  expect(treeOf(trace, roots[0]!)).toMatchInlineSnapshot(`
    [
      "mutation createSession",
      [
        "change session",
        [
          "session_created",
          [
            "change session",
            [
              "session_status_changed",
            ],
          ],
          [
            "turn",
            [
              "change session",
              [
                "intervention_requested",
                [
                  "mutation resolveIntervention",
                  [
                    "change session",
                    [
                      "intervention_resolved",
                      [
                        "turn",
                        [
                          "change session",
                          [
                            "intervention_delivered",
                          ],
                          [
                            "session_status_changed",
                          ],
                        ],
                      ],
                    ],
                    [
                      "session_status_changed",
                    ],
                  ],
                ],
                [
                  "send webhook",
                ],
              ],
              [
                "session_status_changed",
              ],
            ],
            [
              "change session",
            ],
          ],
        ],
      ],
    ]
  `);
  const byProcess = (role: string) =>
    new Set(trace.filter(({ process }) => process === role).map(({ name }) => name));
  if (onPostgres) {
    expect([...byProcess('api')]).toEqual(
      expect.arrayContaining(['mutation createSession', 'intervention_resolved']),
    );
    expect([...byProcess('worker')]).toEqual(
      expect.arrayContaining(['turn', 'intervention_requested', 'send webhook']),
    );
  }
  // The receiver goes on in the same trace.
  const [send] = named('send webhook');
  expect(hook.received[0]!.headers['traceparent']).toBe(`00-${send!.traceId}-${send!.spanId}-01`);
  expect(send!.traceId).toBe(answer!.traceId);
  expect(collector.receiver.received[0]!.headers['x-collector']).toBe('let me in');
  for (const { text } of collector.receiver.received)
    for (const secret of [SAID, ADMIN_KEY, SECRET, hook.url, ...Object.values(world.keys)])
      expect(text.includes(secret), `${secret} is exported`).toBe(false);
}, 120_000);

test("behaviour 1.11: a caller's trace is gone on with, linked with the session's; one that is not sampled leaves nothing", async () => {
  const { collector } = await open();
  const api = await serve(await place(collector), false);
  const world = await makeProject(api, ADMIN_KEY, 'called');
  const id = await world.ask();
  const ask = (flags: string) =>
    fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${world.keys.OPERATOR}`,
        traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-${flags}`,
      },
      body: JSON.stringify({
        query: 'mutation Mine($id: ID!) { claimIntervention(id: $id) { success } }',
        variables: { id },
      }),
    });
  expect((await ask('00')).status).toBe(200);
  expect((await ask('01')).status).toBe(200);
  await world.approve(id);
  const named = (name: string) => collector.spans().filter((span) => span.name === name);
  await until('it is exported', () => named('mutation resolveIntervention').length === 1);
  expect(named('mutation claimIntervention')).toMatchObject([
    {
      traceId: CALLER.traceId,
      parentSpanId: CALLER.spanId,
      kind: 2,
      attributes: { 'graphql.operation.type': 'mutation', 'graphql.operation.name': 'Mine' },
    },
  ]);
  const [door] = named('mutation claimIntervention');
  const [answer] = named('mutation resolveIntervention');
  const verbs = named('change session').filter(({ links }) => links.length > 0);
  // Claiming again what one has claimed changes nothing, and the first time nothing was to be recorded.
  expect(verbs).toEqual([]);
  expect(door!.links).toEqual([]);
  const release = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${world.keys.AGENT}`,
      traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`,
    },
    body: JSON.stringify({
      query: 'mutation($id: ID!) { acknowledgeResponse(interventionId: $id) { intervention { id } } }',
      variables: { id },
    }),
  });
  expect(release.status).toBe(200);
  await until('it is exported', () => named('mutation acknowledgeResponse').length === 1);
  const [delivered] = named('mutation acknowledgeResponse');
  const [verb] = named('change session').filter(({ links }) => links.length > 0);
  expect(verb).toMatchObject({ traceId: answer!.traceId });
  expect(verb!.links).toMatchObject([{ traceId: CALLER.traceId, spanId: delivered!.spanId }]);
  expect(delivered!.links).toMatchObject([{ traceId: verb!.traceId, spanId: verb!.spanId }]);
}, 120_000);

test('behaviour 1.11: a collector that hangs is noticed by nobody: requests are answered, and the end comes in time', async () => {
  const { collector } = await open();
  collector.receiver.answer = () => {};
  const server = spawnServer(await place(collector));
  undo.push(() => server.kill());
  const api = await server.ready();
  await Promise.all(Array.from({ length: 100 }, () => api.ok(ADMIN_KEY, '{ viewer { roles } }')));
  await until('the collector has some', () => collector.receiver.received.length > 0);
  await Promise.all(Array.from({ length: 100 }, () => api.ok(ADMIN_KEY, '{ viewer { roles } }')));
  expect((await server.kill('SIGTERM')).code).toBe(0);
  expect(server.output()).not.toContain('not everything ended in time');
}, 120_000);

test('behaviour 1.11: while nobody takes them, at most 2,048 spans wait, and those on their way', async () => {
  const { collector } = await open();
  const held: (() => void)[] = [];
  const { answer } = collector.receiver;
  collector.receiver.answer = (response) => void held.push(() => answer(response));
  const registry = new Registry();
  const config = { endpoint: collector.url, headers: {}, serviceName: 'holdpoint' };
  const exporting = createExport({ config, instance: { id: 'one', roles: ['api'] }, log: silent, registry });
  const { door } = createTracing({ clock: systemClock, ended: exporting.ended });
  const spans = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        door({ name: 'x', kind: 'server', attributes: {} }, null, async () => {}),
      ),
    );
  // As many as go together at most.
  await spans(512);
  await until('they are on their way', () => held.length === 1);
  await spans(10_000);
  collector.receiver.answer = answer;
  held[0]!();
  await until('what waited is exported', () => collector.spans().length >= 512 + 2_048);
  await exporting.stop();
  expect(collector.spans().length).toBe(512 + 2_048);
  const shown = await registry.metrics();
  expect(shown).toContain('trace_spans_recorded_total 10512');
  expect(shown).toContain('trace_spans_exported_total{result="exported"} 2560');
}, 60_000);

test('behaviour 1.11: of what a collector answers its status alone is logged, whatever it says: it may repeat the credential', async () => {
  const { collector } = await open();
  const config = { endpoint: collector.url, headers: { 'x-collector': SECRET }, serviceName: 'holdpoint' };
  collector.receiver.answer = (response) =>
    void response.writeHead(400, `refused ${SECRET}`).end(`${SECRET} ${'!'.repeat(1_000_000)}`);
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const exporting = createExport({
    config,
    instance: { id: 'one', roles: ['api'] },
    log,
    registry: new Registry(),
  });
  const { door } = createTracing({ clock: systemClock, ended: exporting.ended });
  await door({ name: 'x', kind: 'server', attributes: {} }, null, async () => {});
  await until('it is told', () => lines.length > 0);
  await exporting.stop();
  expect(lines.map((line) => JSON.parse(line).reason)).toEqual(['the collector answered 400']);
  expect(lines.join('').length).toBeLessThan(1_000);
}, 60_000);

test('behaviour 1.11: where no collector is named, nothing of the SDK is loaded', async () => {
  const made = await makePlace();
  undo.push(() => made.remove());
  const loaded = async (env: Record<string, string>) => {
    const preload = new URL('./processes/tell-loaded.ts', import.meta.url);
    const server = spawnServer({
      ...made.env,
      ADMIN_API_KEY: ADMIN_KEY,
      ENCRYPTION_KEYS,
      NODE_OPTIONS: `--import ${preload}`,
      ...env,
    });
    undo.push(() => server.kill());
    await server.ready();
    await server.kill('SIGTERM');
    return server.output().match(/^loaded .*opentelemetry.*$/gm) ?? [];
  };
  expect(await loaded({})).toEqual([]);
  expect(await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })).not.toEqual([]);
}, 120_000);
