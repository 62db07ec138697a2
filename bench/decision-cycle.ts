import { WebSocket } from 'ws';
import { percentiles, type Row } from './figures.ts';
import { RawHttp } from './raw-http.ts';
import { type BenchServer, seed } from './server.ts';

const ASK = `mutation ($sessionId: ID!) {
  requestIntervention(input: {sessionId: $sessionId, agentName: "bench", type: DECISION, message: "May I?",
    options: [{id: "yes", label: "Yes", description: "Go on", value: "yes", recommended: true},
              {id: "no", label: "No", description: "Stop", value: "no"}]}) {
    success errors { code message } intervention { id status }
  }
}`;
const ANSWER = `mutation ($id: ID!) {
  resolveIntervention(id: $id, resolution: {resolutionType: APPROVE, reasoning: "fine"}) {
    success errors { code message } resolution sessionResumed
  }
}`;

type Asked = {
  data: { requestIntervention: { success: boolean; errors: unknown; intervention: { id: string } } };
};
type Answered = { data: { resolveIntervention: { success: boolean; errors: unknown } } };

/** Hears of every answer over one subscription, as an agent's client does. */
class Listener {
  readonly #waiting = new Map<string, (at: number) => void>();
  readonly #early = new Map<string, number>();
  readonly socket: WebSocket;
  readonly ready: Promise<void>;

  constructor(port: number, key: string) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
    this.ready = new Promise((resolve) => {
      this.socket.on('open', () =>
        this.#send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }),
      );
      this.socket.on('message', (data) => {
        const message = JSON.parse(String(data));
        if (message.type === 'connection_ack') {
          this.#send({
            id: '1',
            type: 'subscribe',
            payload: { query: 'subscription { interventionUpdates { id status } }' },
          });
          this.#send({ type: 'ping' });
        } else if (message.type === 'pong') resolve();
        else if (message.type === 'ping') this.#send({ type: 'pong' });
        else if (message.type === 'next' && message.payload.data.interventionUpdates.status === 'RESOLVED') {
          this.#resolved(message.payload.data.interventionUpdates.id);
        }
      });
    });
  }

  #send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  #resolved(id: string): void {
    const now = performance.now();
    const waiting = this.#waiting.get(id);
    if (waiting) waiting(now);
    else this.#early.set(id, now);
    this.#waiting.delete(id);
  }

  resumed(id: string): Promise<number> {
    const early = this.#early.get(id);
    if (early !== undefined) {
      this.#early.delete(id);
      return Promise.resolve(early);
    }
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}

export interface CycleFigures {
  perSecond: number;
  p50: number;
  p99: number;
  /** From sending the answer until the agent has it. */
  resume: (p: number) => number;
  /** From the answer's acknowledgement until the agent has it; 0 where the agent was first. */
  wake: (p: number) => number;
}

/**
 * ask → pending, persisted, announced → answer → agent resumed with it, by `callers` at once for `seconds`. With
 * `elsewhere` each agent listens at another process than the one that is asked.
 */
export async function measureCycle(
  servers: BenchServer[],
  callers: number,
  seconds: number,
  { elsewhere = false } = {},
): Promise<CycleFigures> {
  const { sessionIds } = await seed(servers[0]!, {
    teams: Math.max(1, Math.ceil(callers / 100)),
    sessions: callers,
  });
  const listeners = servers.map(({ port, key }) => new Listener(port, key));
  await Promise.all(listeners.map(({ ready }) => ready));
  const cycles: number[] = [];
  const resumes: number[] = [];
  const wakes: number[] = [];
  const warm = performance.now() + 1000;
  const until = warm + seconds * 1000;
  await Promise.all(
    sessionIds.map(async (sessionId, at) => {
      const { port, key } = servers[at % servers.length]!;
      const http = new RawHttp(port, '/graphql', `Bearer ${key}`);
      const ask = JSON.stringify({ query: ASK, variables: { sessionId } });
      while (performance.now() < until) {
        const began = performance.now();
        const { data: asked } = await http.post<Asked>(ask);
        if (!asked.requestIntervention.success) throw new Error(JSON.stringify(asked));
        const { id } = asked.requestIntervention.intervention;
        const resumed = listeners[(at + (elsewhere ? 1 : 0)) % listeners.length]!.resumed(id);
        const answering = performance.now();
        const { data: answered } = await http.post<Answered>(
          JSON.stringify({ query: ANSWER, variables: { id } }),
        );
        if (!answered.resolveIntervention.success) throw new Error(JSON.stringify(answered));
        const answeredAt = performance.now();
        const resumedAt = await resumed;
        if (answeredAt < warm) continue;
        cycles.push(Math.max(resumedAt, answeredAt) - began);
        resumes.push(resumedAt - answering);
        wakes.push(Math.max(0, resumedAt - answeredAt));
      }
      http.close();
    }),
  );
  for (const { socket } of listeners) socket.close();
  const cycle = percentiles(cycles);
  return {
    perSecond: cycles.length / seconds,
    p50: cycle(50),
    p99: cycle(99),
    resume: percentiles(resumes),
    wake: percentiles(wakes),
  };
}

export function cycleRow(database: string, processes: number, callers: number, figures: CycleFigures): Row {
  const goal = callers === 32 ? 1500 : null;
  return {
    line: `decision cycle, ${callers} callers, ${processes} process${processes === 1 ? '' : 'es'}`,
    database,
    figure: `${Math.round(figures.perSecond)}/s`,
    target: goal === null ? '–' : `≥ ${goal}/s, p99 < 60 ms`,
    // Of two targets the one that is further from being met.
    ratio: goal === null ? null : Math.min(figures.perSecond / goal, 60 / figures.p99),
    p50: figures.p50,
    p99: figures.p99,
  };
}

export const resumeRow = (
  line: string,
  database: string,
  target: number,
  { resume, wake }: CycleFigures,
): Row => ({
  line: `${line} (${resume(50).toFixed(1)} ms from sending the answer)`,
  database,
  figure: `${wake(50).toFixed(2)} ms`,
  target: `p50 < ${target} ms`,
  ratio: target / Math.max(wake(50), 0.01),
  p50: wake(50),
  p99: wake(99),
});
