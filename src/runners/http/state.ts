import type { JsonObject } from '../../kernel/json.ts';
import { CannotContinue, type GatedCall, type RunnerState } from '../runner.ts';

/** What is kept of a session with a remote agent. */
export interface HttpState {
  v: 1;
  /** The agent's own. */
  agent: JsonObject | null;
  /** Tasks made, by the steps that made them. */
  tasks: { [step: string]: string };
  /** Calls that have not ended, or of whose end the agent has not heard yet, by their steps. */
  calls: { [step: string]: GatedCall };
  /** What of its answers was not done, because a report before it asks a person: told again until that is answered. */
  undone: { interventionId: string; steps: JsonObject[] } | null;
  /** When the agent wished to be asked again: an ISO instant. */
  wakeAt: string | null;
  /** The answer that is being acted on, and the message that it is to. */
  answer: { to: string; text: string } | null;
}

export function readState(saved: RunnerState | null): HttpState {
  const empty: HttpState = {
    v: 1,
    agent: null,
    tasks: {},
    calls: {},
    undone: null,
    wakeAt: null,
    answer: null,
  };
  if (saved === null) return empty;
  if (saved.v !== 1)
    throw new CannotContinue(`the state of this session has version ${saved.v}, of another release`);
  // Sessions from before there were calls, or triggers, have none.
  return { ...empty, ...(structuredClone(saved) as unknown as Partial<HttpState>) };
}
