import type { JsonObject } from '../../src/kernel/json.ts';
import { createAiRunner } from '../../src/runners/ai/runner.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import type { Desk, Grant, Runner, Turn } from '../../src/runners/runner.ts';
import { API_KEY } from '../runners/ai/endpoints.ts';

// A life of an agent inside with two tools, and the places in it where a worker may die: after each thing that it has done.

export interface Reached {
  modelUrl: string;
  toolsUrl: string;
}

export const runnerOf = (clock: Clock, { modelUrl: baseUrl }: Pick<Reached, 'modelUrl'>): Runner =>
  createAiRunner(clock, {
    baseUrl,
    apiKey: API_KEY,
    prices: { m: { input: '1', output: '1' } },
    allowPrivate: true,
  });

/** `life` tells one session's requests from another's. */
export const contextOf = (life: string, { toolsUrl }: Pick<Reached, 'toolsUrl'>): JsonObject => ({
  agent: {
    name: 'worker',
    model: 'm',
    instructions: life,
    tools: ['look', 'fetch'].map((name) => ({
      name,
      description: name,
      parameters: { type: 'object' },
      url: `${toolsUrl}/${life}/${name}`,
      cost: '0.5',
    })),
  },
});

/** The same runner; `place` is called at each place, by its name, which no other has, and may never return. */
export function placed(runner: Runner, place: (name: string) => Promise<void>): Runner {
  return {
    ...runner,
    drive(turn: Turn) {
      const call: Desk['call'] = async (step, proposed, run) => {
        let ran = '';
        const outcome = await turn.desk.call(step, proposed, async (grant: Grant) => {
          await place(`${step}: before it is run`);
          const result = await run(grant);
          await place(`${step}: run, and not settled`);
          ran = ', run and settled';
          return result;
        });
        await place(`${step}: ${outcome.status}${ran}`);
        return outcome;
      };
      const desk = new Proxy(turn.desk, {
        get(target, name: keyof Desk) {
          if (name === 'now') return () => target.now();
          if (name === 'call') return call;
          return async (...args: unknown[]) => {
            const done = await (target[name] as (...all: unknown[]) => Promise<unknown>)(...args);
            await place(name === 'say' ? String(args[0]) : name);
            return done;
          };
        },
      });
      return runner.drive({ ...turn, desk });
    },
  };
}
