import pg from 'pg';
import { percentiles, type Row } from './figures.ts';
import { RawHttp } from './raw-http.ts';
import { type BenchServer, seed } from './server.ts';

const LIST = `query ($projectId: ID) {
  interventions(filter: {status: [PENDING], projectId: $projectId}, first: 50) {
    nodes { id type status urgency message expiresAt options { id label recommended } session { id status runner } }
  }
}`;

/** Settled rows loaded around the pending ones, straight into the table: what years of use leave behind. */
const FILL = `
  INSERT INTO interventions (id, project_id, team_id, session_id, agent_name, type, urgency, message, context, options,
    async_mode, auto_continue, timeout, terms, created_at, status, resolution, escalations, required_role, resolved_at,
    response, delivery, acknowledged_at, open)
  SELECT overlay(i.id placing lpad(to_hex(n), 8, '0') from 32), i.project_id, i.team_id, i.session_id, i.agent_name, i.type,
    i.urgency, 'settled request number ' || n, i.context, i.options, false, false, 300, i.terms, i.created_at, 'RESOLVED',
    'APPROVED', '[]', 'OPERATOR', i.created_at, '{}', 'DELIVERED', i.created_at, false
  FROM generate_series($1::int, $2::int) n, (SELECT * FROM interventions WHERE status = 'PENDING' ORDER BY id LIMIT 1) i`;

/** 50 pending with session and options, among more and more settled rows. PostgreSQL only: it is filled from outside. */
export async function measureList(server: BenchServer, url: string): Promise<Row[]> {
  const { projectId, sessionIds } = await seed(server, { teams: 1, sessions: 60 });
  for (const sessionId of sessionIds) {
    await server.graphql(
      `mutation ($sessionId: ID!) { requestIntervention(input: {sessionId: $sessionId, agentName: "bench", type: DECISION,
        message: "May I?", timeout: 86400, options: [{id: "yes", label: "Yes", description: "", value: "yes"},
        {id: "no", label: "No", description: "", value: "no"}]}) { success } }`,
      { sessionId },
    );
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("SET TIME ZONE 'UTC'");
  const rows: Row[] = [];
  let filled = 0;
  for (const size of [1_000, 1_000_000]) {
    for (; filled < size; filled += Math.min(100_000, size - filled)) {
      await client.query(FILL, [filled + 1, filled + Math.min(100_000, size - filled)]);
    }
    await client.query('VACUUM ANALYZE interventions');
    const latencies = await hammer(server, JSON.stringify({ query: LIST, variables: { projectId } }), 32, 4);
    const of = percentiles(latencies);
    const perSecond = latencies.length / 4;
    rows.push({
      line: `50 pending among ${size.toLocaleString('en')} rows, 32 callers (p95 ${of(95).toFixed(1)} ms)`,
      database: 'postgres',
      figure: `${Math.round(perSecond)}/s`,
      target: '≥ 700/s',
      ratio: perSecond / 700,
      p50: of(50),
      p99: of(99),
    });
  }
  await client.end();
  return rows;
}

async function hammer(
  server: BenchServer,
  body: string,
  callers: number,
  seconds: number,
): Promise<number[]> {
  const latencies: number[] = [];
  const warm = performance.now() + 1000;
  const until = warm + seconds * 1000;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      const http = new RawHttp(server.port, '/graphql', `Bearer ${server.key}`);
      while (performance.now() < until) {
        const began = performance.now();
        const { data, errors } = await http.post<{
          data: { interventions: { nodes: unknown[] } };
          errors?: unknown;
        }>(body);
        if (errors || data.interventions.nodes.length !== 50) throw new Error(JSON.stringify(errors ?? data));
        if (performance.now() > warm) latencies.push(performance.now() - began);
      }
      http.close();
    }),
  );
  return latencies;
}
