import type { Turn } from '../runner.ts';
import type { Agent } from './agent.ts';
import type { Models } from './ask-model.ts';
import type { AiState } from './state.ts';

/** One turn's way through a session. */
export interface Run {
  readonly turn: Turn;
  readonly state: AiState;
  readonly models: Models;
  readonly allowPrivate: boolean;
  /** The name of an agent's step within its session. */
  stepOf(agent: Agent, step: string): string;
}
