import type { Json, JsonObject } from '../../src/kernel/json.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { createAiRunner } from '../../src/runners/ai/runner.ts';
import { createBreakers, createHttpRunner } from '../../src/runners/http/runner.ts';
import type { CallResult, Desk, GatedCall, Grant, Runner, Turn } from '../../src/runners/runner.ts';
import { createScriptedRunner } from '../../src/runners/scripted/runner.ts';
import { answerOf, asker, caller, type CallOfTest, reporter, SECRET, startAgent } from '../runners/agent.ts';
import {
  API_KEY,
  type ChatRequest,
  type Reply,
  startModel,
  startTools,
  toldOf,
} from '../runners/ai/endpoints.ts';

/** A runner to hold against the contract, and what its session must be given to do as the suite expects. */
export interface Subject {
  runner: Runner;
  /**
   * A session whose agents, one for each name, ask "May <name>?" at the start, all at once; when one is answered it
   * says the answer's content (or cancelled, given_up); when all are, the session is completed with `{name: content}`.
   */
  asking(names: string[]): JsonObject;
  /**
   * A session whose agent "worker" makes one call through the gate, which answers as answerOf says, also once the answer
   * is to be modified; then it is completed with `{outcome, response}`, the response null where there is none to use.
   */
  calling(call: CallOfTest): JsonObject;
  /**
   * A session whose agent "worker" reports a `milestone_reached` with a `confidence_score` of 0.5, then says "went on",
   * then is completed with "done".
   */
  reporting(): JsonObject;
  /** The step by which the agent of this name asks. */
  askedBy(name: string): string;
  /** What its call answers once these modifications are wanted. */
  revised(input: Json, modifications: JsonObject): Json;
  /** Its calls that the suites are not about: people approve them, and their answers, as they are asked for. */
  isBeside(call: GatedCall): boolean;
  close(): Promise<void>;
}

export const subjects: Record<string, (clock: Clock) => Promise<Subject>> = {
  async scripted() {
    return {
      runner: createScriptedRunner(),
      asking: (names) => ({
        scenario: asJson({
          steps: [
            {
              parallel: names.map((name) => [
                {
                  ask: {
                    id: name,
                    agent: name,
                    message: `May ${name}?`,
                    when: [
                      { is: 'cancelled', steps: [{ say: { agent: name, response: 'cancelled' } }] },
                      { is: 'given_up', steps: [{ say: { agent: name, response: 'given_up' } }] },
                      { default: true, steps: [{ say: { agent: name, response: `{{${name}.content}}` } }] },
                    ],
                  },
                },
              ]),
            },
            { complete: { result: Object.fromEntries(names.map((name) => [name, `{{${name}.content}}`])) } },
          ],
        }),
      }),
      calling: ({ input, inputSchema, tokens, cost, timeoutMinutes }) => {
        const { response, tokensUsed, actualCost, confidence } = answerOf('{{work.input}}');
        const { response: again } = answerOf({ revised: '{{work.modifications}}' });
        const result = { response, tokens: tokensUsed, cost: actualCost, confidence };
        const outcomes = ['rejected', 'expired', 'cancelled', 'over_budget', 'interrupted'];
        const complete = (outcome: string, used: Json) => [
          { complete: { result: { outcome, response: used } } },
        ];
        const call = {
          id: 'work',
          agent: 'worker',
          action: 'do the work',
          input,
          tokens,
          cost,
          result,
          ...(inputSchema && { schema: inputSchema }),
          ...(timeoutMinutes !== undefined && { timeout: timeoutMinutes }),
          revised: { ...result, response: again },
          when: [
            { is: 'done', steps: complete('done', '{{work.response}}') },
            ...outcomes.map((is) => ({ is, steps: complete(is, null) })),
          ],
        };
        return { scenario: asJson({ steps: [{ call }] }) };
      },
      reporting: () => ({
        scenario: asJson({
          steps: [
            { report: { agent: 'worker', type: 'milestone_reached', metrics: { confidence_score: 0.5 } } },
            { say: { agent: 'worker', response: 'went on' } },
            { complete: { result: 'done' } },
          ],
        }),
      }),
      ...plain,
      close: async () => {},
    };
  },
  async http(clock) {
    const agent = await startAgent((body) => {
      const { call, report } = body.session.context;
      return call ? caller(body) : report ? reporter(body) : asker(body);
    });
    return {
      runner: createHttpRunner(clock, { name: 'remote', url: agent.url, secret: SECRET }, createBreakers()),
      asking: (asks) => ({ asks }),
      calling: (call) => asJson({ call }) as JsonObject,
      reporting: () => ({ report: true }),
      ...plain,
      close: () => agent.close(),
    };
  },
  async ai(clock) {
    const model = await startModel(converse);
    const tools = await startTools(({ input }) => {
      const { response, tokensUsed, actualCost, confidence } = answerOf(input);
      return {
        body: response,
        headers: {
          'holdpoint-tokens': String(tokensUsed),
          'holdpoint-cost': actualCost,
          'holdpoint-confidence': String(confidence),
        },
      };
    });
    const prices = { m: { input: '0', output: '0' } };
    const runner = createAiRunner(clock, {
      baseUrl: model.baseUrl,
      apiKey: API_KEY,
      prices,
      allowPrivate: true,
    });
    const agent = (name: string, order: Order, more: JsonObject = {}): JsonObject => ({
      name,
      model: 'm',
      instructions: JSON.stringify(order),
      ...more,
    });
    return {
      runner,
      asking: (names) => ({ agents: names.map((name) => agent(name, { ask: `May ${name}?` })) }),
      calling({ input, inputSchema, ...bounds }) {
        const tool = {
          name: 'work',
          description: 'Does the work',
          action: 'do the work',
          parameters: inputSchema ?? { type: 'object' },
          url: tools.url,
          ...bounds,
        };
        return { agent: agent('worker', { call: input }, { tools: [tool] }) };
      },
      reporting: () => ({ agent: agent('worker', { report: 0.5 }) }),
      askedBy: (name) => `${name}: ask 0.0`,
      revised: (input, modifications) => ({ ...answerOf(input).response, ...modifications }),
      isBeside: ({ action }) => action.startsWith('Ask the model'),
      async close() {
        await model.close();
        await tools.close();
      },
    };
  },
};

/** What an agent's model is told to do. */
type Order = { ask: string } | { call: JsonObject } | { report: number };

/** A model that does as it is told: what it asks for, then what came of it. */
function converse(request: ChatRequest): Reply {
  const order = JSON.parse(request.messages[0]!.content!) as Order;
  const usage: [number, number] = [0, 0];
  if (request.messages.length === 2) {
    if ('ask' in order) return { tools: [['ask_human', { message: order.ask }]], usage };
    if ('call' in order) return { tools: [['work', order.call]], usage };
    const metrics = { confidence_score: order.report };
    return { tools: [['report_progress', { type: 'milestone_reached', metrics }]], usage };
  }
  const [{ status, content, response = null }] = toldOf(request) as [JsonObject];
  if ('ask' in order) return { text: String(content ?? status), usage };
  if ('call' in order) return { tools: [['finish', { result: { outcome: status!, response } }]], usage };
  return { text: 'went on', tools: [['finish', { result: 'done' }]], usage };
}

/** A subject that asks and calls as the suite's own words have it. */
const plain: Pick<Subject, 'askedBy' | 'revised' | 'isBeside'> = {
  askedBy: (name) => `ask:${name}`,
  revised: (_, modifications) => answerOf({ revised: modifications }).response,
  isBeside: () => false,
};

const asJson = (value: unknown): Json => value as Json;

export type Call = Exclude<keyof Desk, 'now'>;

export interface Watch {
  turns: Turn[];
  /** The inputs that calls were run with, but for those beside what the suites are about. */
  runs: Json[];
  /** Called before and after each call of the desk; may wait, or throw. */
  hook: (moment: 'before' | 'after', call: Call | 'run', turn: Turn) => void | Promise<void>;
}

/** The same runner, watched from outside: every turn it is given, and every call it makes. */
export function watched(
  runner: Runner,
  isBeside: Subject['isBeside'] = () => false,
): { runner: Runner; watch: Watch } {
  const watch: Watch = { turns: [], runs: [], hook: () => {} };
  const drive = (turn: Turn) => {
    watch.turns.push(turn);
    const desk = new Proxy(turn.desk, {
      get(target, name: Call | 'now') {
        if (name === 'now') return () => target.now();
        return async (...args: unknown[]) => {
          await watch.hook('before', name, turn);
          if (name === 'call')
            args[2] = watchedRun(watch, turn, args[2] as Run, isBeside(args[1] as GatedCall));
          const result = await (target[name] as (...given: unknown[]) => Promise<unknown>)(...args);
          await watch.hook('after', name, turn);
          return result;
        };
      },
    });
    return runner.drive({ ...turn, desk });
  };
  return { runner: { ...runner, drive }, watch };
}

type Run = (grant: Grant) => Promise<CallResult>;

/** What a call does, watched: each time that it is run, and with what. */
const watchedRun =
  (watch: Watch, turn: Turn, run: Run, beside: boolean): Run =>
  async (grant) => {
    await watch.hook('before', 'run', turn);
    if (!beside) watch.runs.push(grant.input);
    const result = await run(grant);
    await watch.hook('after', 'run', turn);
    return result;
  };
