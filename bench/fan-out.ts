import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { percentiles, type Row } from './figures.ts';
import { RawHttp } from './raw-http.ts';
import { type BenchServer, seed } from './server.ts';
import type { Report } from './subscribers.ts';

/** Subscriptions that one credential may hold (behaviour 10.5). */
const A_CREDENTIAL = 1000;

const ASK = `mutation ($sessionId: ID!, $message: String!) {
  requestIntervention(input: {sessionId: $sessionId, agentName: "bench", type: DECISION, message: $message}) { intervention { id } }
}`;
const ANSWER = `mutation ($id: ID!, $reasoning: String!) {
  resolveIntervention(id: $id, resolution: {resolutionType: APPROVE, reasoning: $reasoning}) { success }
}`;

const now = (): string => `at:${process.hrtime.bigint()}`;

/** Decisions at a steady rate, each two updates, to many subscribers; then one update to many more. */
export async function measureFanOut(server: BenchServer, database: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [perSecond, target] of [
    [100, 'p99 < 50 ms at 200 events/s'],
    [50, 'p99 < 25 ms at 50 decisions/s'],
  ] as const) {
    const { sustained, latencies, received, expected } = await steady(server, 1000, perSecond, 8);
    const of = percentiles(latencies);
    // Of two targets the one that is further from being met.
    const ratio = perSecond === 100 ? Math.min(sustained / 200, 50 / of(99)) : 25 / of(99);
    rows.push({
      line: `fan-out to 1,000 subscribers, ${perSecond} decisions/s (${received} of ${expected} frames)`,
      database,
      figure: `${Math.round(sustained)} events/s`,
      target,
      ratio,
      p50: of(50),
      p99: of(99),
    });
  }
  rows.push(await burst(server, database, 5000));
  return rows;
}

async function steady(server: BenchServer, subscribers: number, perSecond: number, seconds: number) {
  const crowd = await gather(server, subscribers);
  const { sessionIds } = await seed(server, { teams: 4, sessions: 64 });
  const decide = createDecider(server, sessionIds);
  await run(decide, perSecond, 2);
  await crowd.received(perSecond * 2 * 2 * subscribers);
  const began = performance.now();
  await run(decide, perSecond, seconds);
  const expected = perSecond * seconds * 2 * subscribers;
  const { received, latencies } = await crowd.received(expected);
  const sustained = (perSecond * seconds * 2) / ((performance.now() - began) / 1000);
  decide.close();
  await crowd.leave();
  return { sustained, latencies, received, expected };
}

async function burst(server: BenchServer, database: string, subscribers: number): Promise<Row> {
  const before = residentMegabytes(server);
  const crowd = await gather(server, subscribers);
  const each = ((residentMegabytes(server) - before) * 1024) / subscribers;
  const { sessionIds } = await seed(server, { teams: 1, sessions: 1 });
  const decide = createDecider(server, sessionIds);
  await decide();
  await crowd.received(2 * subscribers);
  const last: number[] = [];
  for (let i = 0; i < 5; i++) {
    await decide();
    const { latencies } = await crowd.received(2 * subscribers);
    last.push(Math.max(...latencies));
  }
  decide.close();
  await crowd.leave();
  const of = percentiles(last);
  return {
    line: `one update to ${subscribers} subscribers, ${each.toFixed(0)} kB each`,
    database,
    figure: `${of(50).toFixed(0)} ms`,
    target: '< 250 ms',
    ratio: 250 / of(50),
    p50: of(50),
    p99: of(99),
  };
}

interface Decider {
  (): Promise<void>;
  close(): void;
}

/** One decision: asked and answered. Sessions take turns, so that decisions may overlap. */
function createDecider(server: BenchServer, sessionIds: string[]): Decider {
  const connections = sessionIds.map(() => new RawHttp(server.port, '/graphql', `Bearer ${server.key}`));
  const free = connections.map((_, at) => at);
  const waiting: ((at: number) => void)[] = [];
  const take = (): number | Promise<number> => free.pop() ?? new Promise((resolve) => waiting.push(resolve));
  const decide = async (): Promise<void> => {
    const at = await take();
    const http = connections[at]!;
    type Asked = { data: { requestIntervention: { intervention: { id: string } } } };
    const { data } = await http.post<Asked>(
      JSON.stringify({ query: ASK, variables: { sessionId: sessionIds[at], message: now() } }),
    );
    const { id } = data.requestIntervention.intervention;
    await http.post(JSON.stringify({ query: ANSWER, variables: { id, reasoning: now() } }));
    const next = waiting.shift();
    if (next) next(at);
    else free.push(at);
  };
  return Object.assign(decide, { close: () => connections.forEach((http) => http.close()) });
}

async function run(decide: Decider, perSecond: number, seconds: number): Promise<void> {
  const began = performance.now();
  const running: Promise<void>[] = [];
  const total = perSecond * seconds;
  while (running.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
    while (running.length < due) running.push(decide());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(running);
}

async function gather(server: BenchServer, subscribers: number) {
  const keys: string[] = [];
  for (let i = 0; i < Math.ceil(subscribers / A_CREDENTIAL); i++) {
    const { createApiKey } = await server.graphql<{ createApiKey: { secret: string } }>(
      'mutation { createApiKey(input: {name: "bench", role: VIEWER}) { secret } }',
    );
    keys.push(createApiKey.secret);
  }
  const child = fork(new URL('./subscribers.ts', import.meta.url), [
    String(server.port),
    keys.join(','),
    String(subscribers),
  ]);
  const report = async (): Promise<Report> => ((await once(child, 'message')) as [Report])[0];
  await report();
  return {
    async received(expected: number) {
      child.send({ expected });
      return (await report()) as { received: number; latencies: number[]; cpu: number };
    },
    async leave() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** The server's resident memory; nothing where the system does not tell. */
function residentMegabytes(server: BenchServer): number {
  try {
    const status = readFileSync(`/proc/${server.process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
