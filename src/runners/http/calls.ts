import { type GatedCall, type Grant, type Turn } from '../runner.ts';
import { AgentUnavailable } from './post.ts';
import { type EndedCall, readCalled } from './protocol.ts';
import type { HttpState } from './state.ts';

/** Sends an approved call to the agent that proposed it; answers with the text of its answer. */
export type SendCall = (step: string, grant: Grant) => Promise<string>;

/** Takes every call that has not ended as far as it goes now. Answers with those that the agent has to hear of. */
export async function passCalls(turn: Turn, { calls }: HttpState, send: SendCall): Promise<EndedCall[]> {
  const ended: EndedCall[] = [];
  for (const [step, call] of Object.entries(calls)) {
    turn.signal.throwIfAborted();
    const outcome = await passCall(turn, step, call, send);
    if (outcome.status !== 'waiting') ended.push({ step, outcome });
  }
  return ended;
}

export const passCall = (turn: Turn, step: string, call: GatedCall, send: SendCall) =>
  turn.desk.call(step, call, async (grant) => {
    try {
      return readCalled(await send(step, grant));
    } catch (error) {
      // Sent or not, nobody knows what it did: it is not sent again, and what came of it is told.
      if (error instanceof AgentUnavailable)
        throw new Error(`the call was sent, and ${error.message}`, { cause: error });
      throw error;
    }
  });
