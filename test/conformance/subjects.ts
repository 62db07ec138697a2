import type { Json, JsonObject } from '../../src/kernel/json.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { createBreakers, createHttpRunner } from '../../src/runners/http/runner.ts';
import type { Desk, Runner, Turn } from '../../src/runners/runner.ts';
import { createScriptedRunner } from '../../src/runners/scripted/runner.ts';
import { asker, SECRET, startAgent } from '../runners/agent.ts';

/** A runner to hold against the contract, and what its session must be given to do as the suite expects. */
export interface Subject {
  runner: Runner;
  /**
   * A session whose agents, one for each name, ask "May <name>?" at the start, all at once; when one is answered it
   * says the answer's content (or cancelled, given_up); when all are, the session is completed with `{name: content}`.
   */
  asking(names: string[]): JsonObject;
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
      close: async () => {},
    };
  },
  async http(clock) {
    const agent = await startAgent(asker);
    return {
      runner: createHttpRunner(clock, { name: 'remote', url: agent.url, secret: SECRET }, createBreakers()),
      asking: (asks) => ({ asks }),
      close: () => agent.close(),
    };
  },
};

const asJson = (value: unknown): Json => value as Json;

export type Call = Exclude<keyof Desk, 'now'>;

export interface Watch {
  turns: Turn[];
  /** Called before and after each call of the desk; may wait, or throw. */
  hook: (moment: 'before' | 'after', call: Call, turn: Turn) => void | Promise<void>;
}

/** The same runner, watched from outside: every turn it is given, and every call it makes. */
export function watched(runner: Runner): { runner: Runner; watch: Watch } {
  const watch: Watch = { turns: [], hook: () => {} };
  const drive = (turn: Turn) => {
    watch.turns.push(turn);
    const desk = new Proxy(turn.desk, {
      get(target, name: Call | 'now') {
        if (name === 'now') return () => target.now();
        return async (...args: unknown[]) => {
          await watch.hook('before', name, turn);
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
