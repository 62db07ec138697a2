import { holdpoint } from '../src/client/holdpoint.ts';
import { percentiles, type Row } from './figures.ts';
import { RawHttp } from './raw-http.ts';
import { type BenchServer, type DatabaseKind, seed } from './server.ts';

const TIMES = 200;
const ANSWER = `mutation ($id: ID!) {
  resolveIntervention(id: $id, resolution: {resolutionType: APPROVE, reasoning: "fine"}) { success errors { code message } }
}`;
const PENDING = 'query ($id: ID!) { session(id: $id) { currentIntervention { id } } }';

/** From a person's answer, as it is sent, until `ask()` of the client resolves with it: one agent, one question at a time. */
export async function measureAsk(server: BenchServer, database: DatabaseKind): Promise<Row> {
  const { sessionIds } = await seed(server, { teams: 1, sessions: 1 });
  const [sessionId] = sessionIds;
  const client = holdpoint({ url: `http://127.0.0.1:${server.port}`, token: server.key });
  const http = new RawHttp(server.port, '/graphql', `Bearer ${server.key}`);
  const waits: number[] = [];
  for (let round = 0; round < TIMES + 20; round++) {
    const asked = client.ask({
      sessionId: sessionId!,
      agentName: 'bench',
      type: 'DECISION',
      message: 'May I?',
    });
    const id = await pendingIn(http, sessionId!);
    // It waits by now: its own reading came before ours, or this one does not count against it.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const began = performance.now();
    const answered = http.post<{ data: { resolveIntervention: { success: boolean } } }>(
      JSON.stringify({ query: ANSWER, variables: { id } }),
    );
    await asked;
    const took = performance.now() - began;
    if (!(await answered).data.resolveIntervention.success) throw new Error('the answer was refused');
    // The first ones warm up.
    if (round >= 20) waits.push(took);
  }
  client.close();
  http.close();
  const at = percentiles(waits);
  return {
    line: 'answer sent → ask() of the client resolved',
    database,
    figure: `${at(50).toFixed(1)} ms`,
    target: '–',
    ratio: null,
    p50: at(50),
    p99: at(99),
  };
}

async function pendingIn(http: RawHttp, sessionId: string): Promise<string> {
  for (;;) {
    type Read = { data: { session: { currentIntervention: { id: string } | null } } };
    const { data } = await http.post<Read>(JSON.stringify({ query: PENDING, variables: { id: sessionId } }));
    if (data.session.currentIntervention !== null) return data.session.currentIntervention.id;
  }
}
