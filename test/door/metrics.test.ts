import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMetrics } from '../../src/server/metrics.ts';
import { openReceiver, type Receiver, SECRET } from '../notifications/receiver.ts';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { makeProject, type TestWorld } from '../support/world.ts';
import { beginRecovery, respond, stopAnew } from './stopped.ts';

const database = withDatabase();
let app: TestApp;
let hook: Receiver;
beforeAll(async () => {
  hook = await openReceiver();
  app = await startApp({
    database: database(),
    env: { ALLOW_PRIVATE_ADDRESSES: 'yes', OTEL_EXPORTER_OTLP_ENDPOINT: hook.url },
  });
});
afterAll(async () => {
  await app.stop();
  await hook.close();
});

/** Every sample that `/metrics` shows, by its name with its labels. */
async function read(): Promise<Map<string, number>> {
  const response = await fetch(`${app.url}/metrics`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}
const families = (text: string) => new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!));
/** What PromQL calls its own, as far as the dashboard uses it. */
const FUNCTIONS = new Set(['sum', 'max', 'min', 'rate', 'increase', 'histogram_quantile']);

async function call(world: TestWorld, response: string, verdict: object): Promise<void> {
  const id = await world.heldCall();
  await respond(app, world.keys.SUPERVISOR, id);
  const { submitAgentResponse } = await app.ok(
    world.keys.AGENT,
    'mutation($id: ID!, $response: JSON!) { submitAgentResponse(input: {agentCallApprovalId: $id, response: $response, tokensUsed: 5, actualCost: "0.25"}) { success errors { code message } approval { id } } }',
    { id, response },
  );
  await respond(app, world.keys.SUPERVISOR, submitAgentResponse.approval.id, verdict);
}

/** So many requests have been told of: one that is settled before would not be. */
const told = (count: number) =>
  until(
    `${count} are told of`,
    async () =>
      (await read()).get('notification_deliveries_total{channel="webhook",result="delivered"}') === count,
  );

/** What a team lives through: asked, answered, escalated, unanswered; calls; a budget at its end; a stop and its end. */
async function liveThrough(): Promise<void> {
  const world = await makeProject(app, ADMIN_KEY, 'a day');
  const channel = {
    type: 'webhook',
    events: ['intervention_required'],
    webhook_url: `${hook.url}/hook`,
    secret: SECRET,
  };
  await app.ok(
    world.keys.ADMIN,
    'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success message } }',
    {
      id: world.teamId,
      yaml: JSON.stringify({
        human_supervision: {
          notifications: { channels: [channel] },
          performance: { max_concurrent_interventions: 2, intervention_queue_size: 0 },
        },
      }),
    },
  );
  const first = await world.ask({ timeout: 3_600 });
  await told(1);
  app.clock.advance(40);
  await world.approve(first);
  const [unanswered, climbing] = [
    await world.ask({ timeout: 60 }),
    await world.ask({ timeout: 3_600, type: 'APPROVAL' }),
  ];
  await told(3);
  const full = world.ask().then(
    () => 'asked',
    (error: Error) => error.message,
  );
  expect(await full).toContain('QUEUE_FULL');
  await app.ok(
    world.keys.OPERATOR,
    'mutation($id: ID!) { escalateIntervention(id: $id, escalation: {reason: "above me"}) { success errors { code } } }',
    { id: climbing },
  );
  app.clock.advance(61);
  await until('its window ends', async () => (await read()).get('timeout_count') === 1);
  await until('it climbs at once', async () => (await read()).get('interventions_pending{level="1"}') === 2);
  expect(unanswered).not.toBe(climbing);

  await call(world, 'found nothing', { verdict: 'APPROVE' });
  await call(world, 'write to alice.smith@gmail.com', { verdict: 'REJECT', reason: 'no' });
  await world.call();
  await app
    .ok(
      world.keys.AGENT,
      'mutation($id: ID!) { reserveBudget(input: {projectId: $id, tokens: 90000, cost: "0"}) { success errors { code } reservation { id } } }',
      { id: world.id },
    )
    .then(({ reserveBudget }) =>
      app.ok(
        world.keys.AGENT,
        'mutation($id: ID!) { commitBudget(reservationId: $id, tokens: 110000, cost: "0") { success errors { code message } } }',
        { id: reserveBudget.reservation.id },
      ),
    );
  await app.graphql(
    world.keys.AGENT,
    'mutation($id: ID!) { reserveBudget(input: {projectId: $id, tokens: 20000, cost: "0"}) { success } }',
    { id: world.id },
  );
  await stopAnew(app, world);
  const recovery = await beginRecovery(app, world);
  await app.ok(
    world.keys.MANAGER,
    'mutation($id: ID!) { cancelRecovery(recoverySessionId: $id) { success errors { code } } }',
    {
      id: recovery,
    },
  );
  await until(
    'everything is sealed',
    async () => (await read()).get('recoveries_ended_total{status="CANCELLED"}') === 1,
  );
}

test('(1.5) after a day, /metrics shows each metric that the documentation names, with what happened', async () => {
  await liveThrough();
  await until(
    'it is exported',
    async () => ((await read()).get('trace_spans_exported_total{result="exported"}') ?? 0) > 0,
  );
  const shown = await read();
  const expected = {
    'intervention_requests_total{type="DECISION"}': 2,
    'intervention_requests_total{type="APPROVAL"}': 1,
    'intervention_resolution_time_count{resolution="APPROVED"}': 1,
    'intervention_resolution_time_sum{resolution="APPROVED"}': 40,
    timeout_count: 1,
    'escalation_count{level="1"}': 2,
    active_interventions: 2,
    'interventions_pending{level="0"}': 0,
    'interventions_pending{level="1"}': 2,
    intervention_oldest_pending_seconds: 61,
    'refusals_total{code="QUEUE_FULL"}': 1,
    'refusals_total{code="BUDGET_EXCEEDED"}': 1,
    'approvals_requested_total{kind="AGENT_CALL"}': 3,
    'approvals_requested_total{kind="RESPONSE"}': 2,
    'approvals_requested_total{kind="RECOVERY_PLAN"}': 1,
    'approval_decision_duration_seconds_count{kind="AGENT_CALL",status="APPROVED"}': 2,
    'approval_decision_duration_seconds_count{kind="RESPONSE",status="APPROVED"}': 1,
    'approval_decision_duration_seconds_count{kind="RESPONSE",status="REJECTED"}': 1,
    'approval_decision_duration_seconds_count{kind="RECOVERY_PLAN",status="APPROVED"}': 1,
    'approvals_pending{kind="AGENT_CALL"}': 1,
    'approvals_pending{kind="RESPONSE"}': 0,
    'approval_oldest_pending_seconds{kind="AGENT_CALL"}': 0,
    agent_calls_started_total: 2,
    'agent_answers_total{flagged="NONE",status="APPROVED"}': 1,
    'agent_answers_total{flagged="MEDIUM",status="REJECTED"}': 1,
    safety_alerts_total: 0,
    'budget_alerts_total{limit="TOKEN_DAILY",alert="WARNING"}': 1,
    'budget_alerts_total{limit="TOKEN_DAILY",alert="CRITICAL"}': 1,
    'budget_lines_past_limit{limit="TOKEN_DAILY"}': 1,
    'budget_lines_past_limit{limit="COST_DAILY"}': 0,
    'emergency_stops_total{condition="MANUAL_STOP"}': 1,
    emergency_stops_in_force: 1,
    emergency_stop_halt_duration_seconds_count: 1,
    recoveries_initiated_total: 1,
    'recoveries_ended_total{status="CANCELLED"}': 1,
    'notification_deliveries_total{channel="webhook",result="delivered"}': 3,
    notification_dead_letters: 0,
    notifications_pending: 0,
    notification_oldest_due_seconds: 0,
    'waiting_astray{kind="intervention"}': 0,
    'ready{part="database"}': 1,
    'ready{part="queue"}': 1,
    'ready{part="waiting"}': 1,
    'jobs_waiting{queue="drive"}': 0,
    runner_turns_running: 0,
    ws_connections: 0,
  };
  expect(Object.fromEntries(Object.keys(expected).map((sample) => [sample, shown.get(sample)]))).toEqual(
    expected,
  );
  expect(shown.get('session_change_duration_seconds_count')).toBeGreaterThan(10);

  const text = await (await fetch(`${app.url}/metrics`)).text();
  const documented = new Set(
    [
      ...readFileSync('docs/operations.md', 'utf8')
        .split('## Metrics')[1]!
        .matchAll(/`([a-z][a-z_]+)`/g),
    ]
      .map(([, name]) => name!.replace(/_count$/, (end) => (families(text).has(name!) ? end : '')))
      .filter((name) => name !== 'up' && name !== 'max'),
  );
  expect([...documented].filter((name) => !families(text).has(name))).toEqual([]);
  expect([...families(text)].filter((name) => !documented.has(name))).toEqual([]);
});

test('the dashboard can be imported, and asks for metrics that are there', async () => {
  const dashboard = JSON.parse(readFileSync('docs/grafana-dashboard.json', 'utf8'));
  expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
  expect(dashboard.id).toBeNull();
  expect(dashboard.templating.list.map(({ name, type, query }: any) => [name, type, query])).toContainEqual([
    'datasource',
    'datasource',
    'prometheus',
  ]);
  const panels = dashboard.panels as any[];
  expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
    'Waiting',
    'Deciding',
    'Escalations and time-outs',
    'Budgets',
    'Stops and recovery',
    'Notifications',
    'Process health',
  ]);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const known = new Set(
    [...families(text)].flatMap((name) => [name, ...['_bucket', '_sum', '_count'].map((end) => name + end)]),
  );
  // Those of the process are told where it is the product's own, as `main.ts` has it.
  const ofProcess = families(await createMetrics({ process: true }).registry.metrics());
  const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }: any) => expr as string));
  expect(asked.length).toBeGreaterThan(30);
  for (const expression of asked) {
    const words = expression
      .replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(?:by|without) \([^)]*\)/g, '')
      .match(/[a-z][a-z0-9_]+/g)!;
    const names = words.filter((word: string) => !FUNCTIONS.has(word));
    expect(names.length, expression).toBeGreaterThan(0);
    for (const name of names)
      expect(known.has(name) || ofProcess.has(name), `${name} in ${expression}`).toBe(true);
  }
  for (const name of families(text))
    expect(
      asked.some((expression) => expression.includes(name)),
      `${name} is shown`,
    ).toBe(true);
  for (const { type, datasource } of panels)
    if (type !== 'row') expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
});
