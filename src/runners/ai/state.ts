import type { JsonObject } from '../../kernel/json.ts';
import { CannotContinue, type News, type RunnerState } from '../runner.ts';
import type { Agent } from './agent.ts';

/**
 * What is kept of a session. Where it stands is not: each turn walks it from its first step, and what was settled answers
 * from the database.
 */
export interface AiState {
  v: 1;
  /** As the session was started: its context changes with what people answer. */
  agents: Agent[];
  /** `context.agent` was given, so that the session's result is this one's and not a record of several. */
  alone: boolean;
  /** What people answered, by interventions: several reports may wait for the answer to one. */
  answers: { [interventionId: string]: JsonObject };
  /** Calls that the budget could not carry, and what it said: asked again, it might say something else. */
  overBudget: { [step: string]: string };
}

export function readState(saved: RunnerState): AiState {
  if (saved.v !== 1)
    throw new CannotContinue(`the state of this session has version ${saved.v}, of another release`);
  return structuredClone(saved) as unknown as AiState;
}

/** What a model is told of a person's answer. */
export function answerOf(news: News): JsonObject {
  if (news.kind !== 'answered') return { status: news.kind };
  const { responseType, content, selectedOption, customInput, reasoning, modifications, answer } =
    news.response;
  const said = { responseType, content, selectedOption, customInput, reasoning, modifications, answer };
  const given = Object.entries(said).filter(([, value]) => value != null);
  return { status: 'answered', ...(Object.fromEntries(given) as unknown as JsonObject) };
}
