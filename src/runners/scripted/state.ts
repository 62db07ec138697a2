import type { Json, JsonObject } from '../../kernel/json.ts';
import type { CallEnd } from './scenario.ts';
import { CannotContinue, type News, type RunnerState, type Turn } from '../runner.ts';

/** How an ask ended, as it is kept. */
export type Answer =
  | { kind: 'cancelled' | 'given_up' }
  | { kind: 'answered'; resolution: string | null; response: JsonObject };

/**
 * What the scripted runner keeps. Each turn walks the scenario from its beginning and passes over what is done, so that
 * the place where it stood needs no record of its own.
 */
export interface ScriptState {
  v: 1;
  /** The steps that are done, by their paths in the scenario. */
  done: string[];
  /** How asks ended, by their ids in the scenario. */
  answers: { [ask: string]: Answer };
  /** How calls ended, and what may be used of them, by their ids in the scenario. */
  calls: { [call: string]: { outcome: CallEnd; response: Json } };
  /** Until when waits last, by their paths: ISO instants. */
  waits: { [path: string]: string };
  /** What reports wait for, by their paths: interventions that triggers of the team asked. */
  paused: { [path: string]: string };
  /** By their ids in the scenario: the tasks' own. */
  tasks: { [id: string]: string };
}

export function readState(saved: RunnerState | null): ScriptState {
  if (saved === null) return { v: 1, done: [], answers: {}, calls: {}, waits: {}, paused: {}, tasks: {} };
  if (saved.v !== 1)
    throw new CannotContinue(`the state of this session has version ${saved.v}, of another release`);
  // Sessions from before there were calls, or triggers, have none.
  const {
    calls = {},
    paused = {},
    ...state
  } = structuredClone(saved) as unknown as Omit<ScriptState, 'calls' | 'paused'> &
    Partial<Pick<ScriptState, 'calls' | 'paused'>>;
  return { ...state, calls, paused };
}

export function answerOf(news: News): Answer {
  if (news.kind !== 'answered') return { kind: news.kind };
  return {
    kind: 'answered',
    resolution: news.resolution,
    response: { ...news.response } as unknown as JsonObject,
  };
}

/** The step name of an ask, by its id in the scenario. */
export const stepOf = (ask: string): string => `ask:${ask}`;

/** What templates may name: `context`, `message`, and each ask and call that has ended by its id. */
export function valuesOf(turn: Turn, { answers, calls }: ScriptState): Record<string, Json> {
  const values: Record<string, Json> = {
    context: turn.session.context,
    message: turn.session.initialMessage,
  };
  for (const [step, answer] of Object.entries(answers)) {
    const shown =
      answer.kind === 'answered'
        ? { ...answer.response, option: answer.response.selectedOption ?? null }
        : {};
    values[step.slice(stepOf('').length)] = { outcome: answer.kind, ...shown };
  }
  return { ...values, ...calls };
}
