import { percentiles, type Row } from './figures.ts';
import { RawHttp } from './raw-http.ts';
import { type BenchServer, seed } from './server.ts';

const ERRORS = 'success errors { code message }';
const REQUEST = `mutation ($sessionId: ID!) {
  requestAgentCallApproval(input: {sessionId: $sessionId, agentName: "bench", proposedAction: "Look up the order",
    inputData: {order: 7, fields: ["state", "total"]}, estimatedTokens: 100, estimatedCost: "0.0001"}) {
    ${ERRORS} approval { id status }
  }
}`;
const APPROVE = `mutation ($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE}) { ${ERRORS} approval { id status } } }`;
const START = `mutation ($id: ID!) { startAgentCall(approvalId: $id) { ${ERRORS} approval { id status permit } } }`;
const SUBMIT = `mutation ($id: ID!) {
  submitAgentResponse(input: {agentCallApprovalId: $id, response: {state: "sent", total: "12.50"}, tokensUsed: 90,
    actualCost: "0.0001", confidence: 0.9}) { ${ERRORS} approval { id status } }
}`;
const LIMITS = `mutation ($projectId: ID!) {
  setBudgetLimits(projectId: $projectId, limits: {dailyTokens: 1000000000, monthlyTokens: 1000000000, dailyCost: "1000000", monthlyCost: "1000000"}) { ${ERRORS} }
}`;
const AGENT_KEY = `mutation ($projectId: ID!) { createApiKey(input: {name: "agent", role: AGENT, projectId: $projectId}) { ${ERRORS} secret } }`;

interface Payload {
  success: boolean;
  secret?: string;
  approval?: { id: string; status: string };
}

/**
 * A call, whole: asked for by an agent, approved by somebody, started, its answer handed in and analysed, the answer
 * approved. By `callers` agents at once, each in a session of its own, all of one project and so of one budget.
 */
export async function measureApprovalCycle(
  server: BenchServer,
  database: string,
  callers: number,
  seconds: number,
): Promise<Row> {
  const { projectId, sessionIds } = await seed(server, { teams: 1, sessions: callers });
  const expectDone = (data: Record<string, Payload>): Payload => {
    const payload = Object.values(data)[0]!;
    if (!payload.success) throw new Error(JSON.stringify(data));
    return payload;
  };
  expectDone(await server.graphql(LIMITS, { projectId }));
  const { secret } = expectDone(await server.graphql(AGENT_KEY, { projectId }));
  const cycles: number[] = [];
  const warm = performance.now() + 1000;
  const until = warm + seconds * 1000;
  await Promise.all(
    sessionIds.map(async (sessionId) => {
      const agent = new RawHttp(server.port, '/graphql', `Bearer ${secret}`);
      const person = new RawHttp(server.port, '/graphql', `Bearer ${server.key}`);
      const call = async (http: RawHttp, query: string, variables: object): Promise<string> => {
        const { data } = await http.post<{ data: Record<string, Payload> }>(
          JSON.stringify({ query, variables }),
        );
        return expectDone(data).approval!.id;
      };
      while (performance.now() < until) {
        const began = performance.now();
        const id = await call(agent, REQUEST, { sessionId });
        await call(person, APPROVE, { id });
        await call(agent, START, { id });
        await call(person, APPROVE, { id: await call(agent, SUBMIT, { id }) });
        const now = performance.now();
        if (now >= warm) cycles.push(now - began);
      }
      agent.close();
      person.close();
    }),
  );
  const cycle = percentiles(cycles);
  return {
    line: `approval cycle (five calls), ${callers} callers, 1 process`,
    database,
    figure: `${Math.round(cycles.length / seconds)}/s`,
    target: '–',
    ratio: null,
    p50: cycle(50),
    p99: cycle(99),
  };
}
