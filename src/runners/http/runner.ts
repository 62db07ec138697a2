import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleType, type IPolicy } from 'cockatiel';
import type { Clock } from '../../kernel/clock.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import type { Rest, Runner, RunnerState, Turn } from '../runner.ts';
import { act } from './act.ts';
import { passCalls } from './calls.ts';
import { AgentUnavailable, post } from './post.ts';
import { bodyOf, callBodyOf, callId, messageId, readAnswer } from './protocol.ts';
import { signatureHeaders } from './sign.ts';
import { type HttpState, readState } from './state.ts';

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
 * turn's own retries, and by nothing else. `breakers` keeps one circuit breaker for each destination. With `tracing`, it is
 * told the `traceparent` of the turn.
 */
export function createHttpRunner(
  clock: Clock,
  { name, url, ...secrets }: HttpRunnerOptions,
  breakers: Breakers,
  tracing?: Tracing,
): Runner {
  const signing = [secrets.secret, ...(secrets.previousSecret === undefined ? [] : [secrets.previousSecret])];
  async function send(id: string, body: string, signal: AbortSignal): Promise<string> {
    const signed = signatureHeaders(id, clock.now(), body, signing);
    const sent = () => {
      const traceparent = tracing?.traceparent() ?? null;
      const headers = traceparent === null ? signed : { ...signed, traceparent };
      return breakers.of(url).execute(() => post(clock, { url, headers, body, signal }));
    };
    const attributes = { 'http.request.method': 'POST', 'server.address': new URL(url).hostname };
    try {
      return await (tracing === undefined
        ? sent()
        : tracing.part({ name: 'POST', kind: 'client', attributes }, sent));
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new AgentUnavailable('the agent has failed too often, and is left alone for some seconds', {
        cause: error,
      });
    }
  }

  async function drive(turn: Turn): Promise<Rest> {
    const state = readState(turn.state);
    const ended = await passCalls(turn, state, (step, grant) =>
      send(callId(grant), callBodyOf(turn, step, grant), grant.signal),
    );
    if (ended.length === 0 && nothingToTell(turn, state))
      return state.wakeAt === null ? {} : { wakeAt: new Date(state.wakeAt) };
    // The agent's answer is kept before it is acted on. Were the turn cut off in between, asking again might bring
    // another answer, under the same step names.
    const id = messageId(turn, ended);
    const kept = state.answer?.to === id ? state.answer.text : null;
    const text = kept ?? (await send(id, bodyOf(turn, ended, state.undone?.steps ?? []), turn.signal));
    const answer = readAnswer(text);
    if (kept === null && answer.steps.length > 0)
      await turn.desk.save({ ...state, answer: { to: id, text } } as unknown as RunnerState);
    for (const { step, outcome } of ended) if (outcome.status !== 'revise') delete state.calls[step];
    return act(turn, state, answer);
  }

  return { name, replay: 'safe', drive };
}

/** A call has gone a step further, of which the agent need not hear yet: it was asked for, or people look at its answer. */
const nothingToTell = (turn: Turn, { calls, wakeAt }: HttpState): boolean =>
  !turn.start &&
  turn.news.length === 0 &&
  turn.calls.length + Object.keys(calls).length > 0 &&
  (wakeAt === null || new Date(wakeAt) > turn.desk.now());

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
