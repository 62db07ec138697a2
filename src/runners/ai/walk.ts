import { MAX_MESSAGE } from '../../kernel/bounds.ts';
import { canonicalJson, type Json } from '../../kernel/json.ts';
import { shortened } from '../../triggers/values.ts';
import { CannotContinue } from '../runner.ts';
import type { Agent } from './agent.ts';
import type { AskedCall } from './ask-model.ts';
import type { Message } from './messages.ts';
import type { Run } from './run.ts';
import { resultOf, takeTool, type Told } from './take-tool.ts';
import { think } from './think.ts';

/** How far an agent has come: its result, once it has ended. */
export type Walked = { ended: false } | { ended: true; result: Json };

/**
 * Takes an agent from its first step as far as it goes now. What was settled before answers at once and is not done again:
 * where it stands needs no record.
 */
export async function walk(run: Run, agent: Agent): Promise<Walked> {
  let messages: Message[] = [{ role: 'user', content: run.turn.session.initialMessage }];
  let heard = run.turn.session.initialMessage;
  for (let at = 0; at < agent.steps; at += 1) {
    run.turn.signal.throwIfAborted();
    const thought = await think(run, agent, at, messages);
    if (thought === null) return { ended: false };
    const { text, toolCalls, finishReason } = thought.answer;
    if (finishReason === 'content-filter')
      throw new CannotContinue(`the model refused: ${text}`.slice(0, 2_000));
    await say(run, agent, at, { heard, text });
    if (toolCalls.length === 0) return { ended: true, result: text };
    const told = await takeAll(run, agent, toolCalls, at);
    if (told === null) return { ended: false };
    const result = resultOf(toolCalls);
    if (result !== undefined) return { ended: true, result };
    messages = [...thought.asked, ...exchange(text, toolCalls, told, at)];
    // One text for what is the same: a state that was kept comes back with its keys in another order.
    heard = canonicalJson(told);
  }
  throw new CannotContinue(`${agent.name} had not come to an end after ${agent.steps} answers`);
}

/** All of them, one after the other, so that people are asked about each at once; null: some are waited for. */
async function takeAll(
  run: Run,
  agent: Agent,
  calls: readonly AskedCall[],
  at: number,
): Promise<Told[] | null> {
  const told: (Told | null)[] = [];
  for (const [nth, call] of calls.entries()) {
    run.turn.signal.throwIfAborted();
    told.push(await takeTool(run, agent, call, `${at}.${nth}`));
  }
  return told.every((each) => each !== null) ? told : null;
}

/** What the model said and what came of it, for its next prompt. The ids are ours: an endpoint may repeat its own. */
function exchange(text: string, calls: readonly AskedCall[], told: readonly Told[], at: number): Message[] {
  const idOf = (nth: number): string => `call_${at}_${nth}`;
  return [
    {
      role: 'assistant',
      content: text,
      toolCalls: calls.map(({ name, input }, nth) => ({
        id: idOf(nth),
        name,
        // Endpoints take nothing but objects for arguments.
        input: input !== null && typeof input === 'object' ? input : { unreadable: input },
      })),
    },
    ...calls.map(
      ({ name }, nth): Message => ({ role: 'tool', id: idOf(nth), name, content: told[nth] as Json }),
    ),
  ];
}

/** Into the conversation, now that it may be used. */
async function say(
  { turn, stepOf }: Run,
  agent: Agent,
  at: number,
  { heard, text }: { heard: string; text: string },
): Promise<void> {
  if (text.trim() === '') return;
  await turn.desk.say(stepOf(agent, `say ${at}`), {
    agentName: agent.name,
    input: shortened(heard, MAX_MESSAGE),
    response: shortened(text, MAX_MESSAGE),
  });
}
