import type { Json, JsonObject } from '../../src/kernel/json.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { createBreakers, createHttpRunner } from '../../src/runners/http/runner.ts';
import type { CallResult, Desk, Grant, Runner, Turn } from '../../src/runners/runner.ts';
import { createScriptedRunner } from '../../src/runners/scripted/runner.ts';
import { answerOf, asker, caller, type CallOfTest, SECRET, startAgent } from '../runners/agent.ts';

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
      close: async () => {},
    };
  },
  async http(clock) {
    const agent = await startAgent((body) => (body.session.context.call ? caller(body) : asker(body)));
    return {
      runner: createHttpRunner(clock, { name: 'remote', url: agent.url, secret: SECRET }, createBreakers()),
      asking: (asks) => ({ asks }),
      calling: (call) => asJson({ call }) as JsonObject,
      close: () => agent.close(),
    };
  },
};

const asJson = (value: unknown): Json => value as Json;

export type Call = Exclude<keyof Desk, 'now'>;

export interface Watch {
  turns: Turn[];
  /** The inputs that calls were run with. */
  runs: Json[];
  /** Called before and after each call of the desk; may wait, or throw. */
  hook: (moment: 'before' | 'after', call: Call | 'run', turn: Turn) => void | Promise<void>;
}

/** The same runner, watched from outside: every turn it is given, and every call it makes. */
export function watched(runner: Runner): { runner: Runner; watch: Watch } {
  const watch: Watch = { turns: [], runs: [], hook: () => {} };
  const drive = (turn: Turn) => {
    watch.turns.push(turn);
    const desk = new Proxy(turn.desk, {
      get(target, name: Call | 'now') {
        if (name === 'now') return () => target.now();
        return async (...args: unknown[]) => {
          await watch.hook('before', name, turn);
          if (name === 'call') args[2] = watchedRun(watch, turn, args[2] as Run);
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
  (watch: Watch, turn: Turn, run: Run): Run =>
  async (grant) => {
    await watch.hook('before', 'run', turn);
    watch.runs.push(grant.input);
    const result = await run(grant);
    await watch.hook('after', 'run', turn);
    return result;
  };
