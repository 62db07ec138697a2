import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleType, type IPolicy } from 'cockatiel';
import { addSeconds, type Clock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { CannotContinue, type Desk, type Rest, type Runner, type RunnerState, type Turn } from '../runner.ts';
import { AgentUnavailable, post } from './post.ts';
import { type Action, type AgentAnswer, bodyOf, messageId, readAnswer } from './protocol.ts';
import { signatureHeaders } from './sign.ts';

export interface HttpRunnerOptions {
  name: string;
  url: string;
  /** Signs every message. */
  secret: string;
  /** Signs as well, while agents change over. */
  previousSecret?: string;
}

/** Failures in a row, over all sessions, after which a destination is left alone. */
const BREAKER_FAILURES = 10;
/** Milliseconds until one message is tried on it again. */
const BREAKER_REST = 5_000;

/**
 * A remote agent: each turn is POSTed to it (protocol.ts). It is sent once a turn; what fails is sent again by the
 * turn's own retries, and by nothing else. `breakers` keeps one circuit breaker for each destination.
 */
export function createHttpRunner(
  clock: Clock,
  { name, url, ...secrets }: HttpRunnerOptions,
  breakers: Breakers,
): Runner {
  const signing = [secrets.secret, ...(secrets.previousSecret === undefined ? [] : [secrets.previousSecret])];
  async function send(turn: Turn): Promise<string> {
    const body = bodyOf(turn);
    const headers = signatureHeaders(messageId(turn), clock.now(), body, signing);
    try {
      return await breakers.of(url).execute(() => post(clock, { url, headers, body, signal: turn.signal }));
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new AgentUnavailable('the agent has failed too often, and is left alone for some seconds', {
        cause: error,
      });
    }
  }
  return {
    name,
    replay: 'safe',
    async drive(turn) {
      const state = readState(turn.state);
      // The agent's answer is kept before it is acted on. Were the turn cut off in between, asking again might bring
      // another answer, under the same step names.
      const kept = state.answer?.to === messageId(turn) ? state.answer.text : null;
      const text = kept ?? (await send(turn));
      const answer = readAnswer(text);
      if (kept === null && answer.steps.length > 0) {
        await turn.desk.save({ ...state, answer: { to: messageId(turn), text } } as unknown as RunnerState);
      }
      return act(turn, state, answer);
    },
  };
}

export interface Breakers {
  /** The breaker of an address' origin. */
  of(url: string): IPolicy;
}

export function createBreakers(): Breakers {
  const byOrigin = new Map<string, IPolicy>();
  return {
    of(url) {
      const { origin } = new URL(url);
      let breaker = byOrigin.get(origin);
      if (breaker === undefined) {
        breaker = circuitBreaker(handleType(AgentUnavailable), {
          halfOpenAfter: BREAKER_REST,
          breaker: new ConsecutiveBreaker(BREAKER_FAILURES),
        });
        byOrigin.set(origin, breaker);
      }
      return breaker;
    },
  };
}

/** What is kept of a session with a remote agent. */
interface HttpState {
  v: 1;
  /** The agent's own. */
  agent: JsonObject | null;
  /** Tasks made, by the steps that made them. */
  tasks: { [step: string]: string };
  /** The answer that is being acted on, and the message that it is to. */
  answer: { to: string; text: string } | null;
}

function readState(saved: RunnerState | null): HttpState {
  if (saved === null) return { v: 1, agent: null, tasks: {}, answer: null };
  if (saved.v !== 1)
    throw new CannotContinue(`the state of this session has version ${saved.v}, of another release`);
  return structuredClone(saved) as unknown as HttpState;
}

async function act({ desk, signal }: Turn, state: HttpState, answer: AgentAnswer): Promise<Rest> {
  for (const action of answer.steps) {
    signal.throwIfAborted();
    await doAction(desk, state, action);
    if (action.do === 'complete' || action.do === 'fail') return {};
  }
  if (answer.steps.length > 0 || answer.state !== undefined) {
    const agent = answer.state === undefined ? state.agent : answer.state;
    await desk.save({ ...state, agent, answer: null } as unknown as RunnerState);
  }
  const wake = answer.wakeInSeconds ?? null;
  return wake === null ? {} : { wakeAt: addSeconds(desk.now(), wake) };
}

async function doAction(desk: Desk, state: HttpState, action: Action): Promise<void> {
  switch (action.do) {
    case 'ask': {
      const { do: _, step, ...question } = action;
      await desk.ask(step, question);
      return;
    }
    case 'report': {
      const { do: _, step, ...report } = action;
      await desk.report(step, report);
      return;
    }
    case 'say': {
      const { do: _, step, ...said } = action;
      return desk.say(step, said);
    }
    case 'createTask': {
      const { do: _, step, ...task } = action;
      state.tasks[step] = (await desk.createTask(step, task)).taskId;
      return;
    }
    case 'finishTask': {
      const taskId = action.taskId ?? state.tasks[action.task ?? ''];
      if (taskId === undefined) throw new CannotContinue('the agent finishes a task that it has not made');
      return desk.finishTask(taskId, action.status, action.result ?? null);
    }
    case 'complete':
      return desk.complete(action.result ?? null);
    case 'fail':
      return desk.fail(action.reason);
  }
}
