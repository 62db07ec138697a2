// The runner protocol: how an agent that runs inside Holdpoint, or behind one of its workers, is driven. This file is
// all that an implementer needs.
//
// A session is driven in turns. A worker takes the session, hands the runner everything that is new, and waits for
// `drive` to return. The runner does what there is to do now (it asks people, adds turns, reports, makes tasks), and
// returns as soon as it can go no further; it never waits inside a turn for a person. When something new has come, an
// answer say, the next turn begins, on this worker or another one.
//
//   start ──▶ drive ──returns──▶ nothing new: at rest ──an answer, a cancelling, `wakeAt`──▶ drive ──▶ …
//               │  ╲──returns, something came meanwhile──▶ drive at once
//               │   ╲─throws──▶ the same turn again, later and later ──too often──▶ session FAILED, its news FAILED
//               └─ desk.complete | desk.fail ──▶ the session has ended, no turn follows
//
// What Holdpoint promises:
//  1. One turn of a session at a time, whatever the number of workers. A worker that was cut off and believes that it
//     still has the session can write nothing: its desk refuses.
//  2. Every answer is handed over exactly as it was given, at least once. It is done with (delivery DELIVERED) when the
//     turn that had it returns. A turn that throws, or whose worker dies, is run again with all its news, and perhaps
//     with more; `key` lets a runner ignore what it has had.
//  3. Nothing that comes during a turn is forgotten: another turn follows.
//  4. What a turn did through the desk stands from that call on, also when the turn throws later.
//  5. A call made through `desk.call` runs after people approved exactly its input, with its estimate held of the budget,
//     at most once, and what it answers is used after people approved that too (behaviour 5.1).
//  6. The team's triggers are looked at before and after each such call, and at each report; what one asks holds up the
//     call, or tells the runner to pause, until it is answered (behaviour 8.4).
//
// What a runner promises:
//  1. A turn run again repeats nothing. Every effect through the desk has a step name; a step done before is not done
//     again, and answers what it answered first. For effects elsewhere the runner sees to it itself, by `key` and by
//     its `state`, or it says that it can't (`replay: 'unsafe'`).
//  2. It ends soon after its `signal` is aborted.
//  3. It keeps nothing in memory between turns: what it wants to know again, it saves as `state`.
//  4. It reaches models and tools by `desk.call` and in no other way.
//  5. After a report that answered PAUSE it does nothing that depends on it until that is answered.

import type {
  AgentType,
  InterventionResolution,
  InterventionType,
  InterventionUrgency,
} from '../generated/prisma/enums.ts';
import type { HumanResponse } from '../interventions/response.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { OptionInput } from '../interventions/request.ts';

export interface Runner {
  /** What `createSession(runner:)` names it by: small letters, digits, - and _. */
  readonly name: string;
  /**
   * Whether a turn that was cut off (its worker died, or the process stopped before the turn had returned) may be run
   * again. `safe`: yes, it repeats nothing. `unsafe`: no; the session is FAILED instead, saying so, for a person to
   * look at what was done.
   */
  readonly replay: 'safe' | 'unsafe';
  /** Why no session can be started with this context, every fault in one text; null: it can. Pure. */
  fault?(context: JsonObject): string | null;
  /**
   * One turn. Resolves when nothing more can be done now. What is new has then been taken, and where the session has
   * not ended, it rests until there is more. Rejecting means that the turn could not be done: it is run again after a
   * back-off (1 s, doubled to at most 60 s, with jitter); after 8 failures in a row, the session is FAILED with the
   * last one's message. A CannotContinue fails it at once.
   */
  drive(turn: Turn): Promise<Rest | void>;
}

/** How a turn leaves the session. */
export interface Rest {
  /**
   * Call again at this time though nothing new has come. Holds until the next turn, which may come sooner for another
   * reason, and then says anew. Kept across restarts; acted on within a second.
   */
  wakeAt?: Date;
}

export interface Turn {
  readonly session: SessionView;
  /** Counts the turns that were done; the first is 0. The same for a turn that is run again. */
  readonly number: number;
  /** 1, and one more each time this turn is run again. */
  readonly attempt: number;
  /** The session is new: no turn of it has been done yet. */
  readonly start: boolean;
  /** What people (or the clock) decided since the last turn that was done, oldest question first. */
  readonly news: readonly News[];
  /** What is still asked, so that a runner which kept no count of it knows. */
  readonly pending: readonly Pending[];
  /** The calls that moved since the last turn that was done: what each has come to, `desk.call` with its step tells. */
  readonly calls: readonly MovedCall[];
  /** What was saved last; null before the first time. */
  readonly state: RunnerState | null;
  readonly desk: Desk;
  /**
   * Aborted when the turn must end now: the session has ended or was halted by an emergency stop, its worker is
   * stopping (the turn is then run again elsewhere), the session was taken by another worker, or the turn has taken
   * longer than 15 minutes. Whoever does not end within 3 seconds is left behind: its desk refuses everything.
   */
  readonly signal: AbortSignal;
}

/** The session as it is when the turn begins. */
export interface SessionView {
  readonly id: string;
  readonly projectId: string;
  readonly teamId: string;
  readonly initialMessage: string;
  /** With the answers folded in. */
  readonly context: JsonObject;
  readonly createdAt: Date;
}

/** Something asked, and how it ended. */
export type News = {
  /** The same whenever this is handed over; no other has it. */
  readonly key: string;
  readonly interventionId: string;
  readonly agentName: string;
  /** The step that asked; null where it was not asked through the desk. */
  readonly step: string | null;
} & (
  | {
      readonly kind: 'answered';
      readonly resolution: InterventionResolution | null;
      /** Exactly as it was given. */
      readonly response: HumanResponse;
    }
  /** Taken back before anybody answered. */
  | { readonly kind: 'cancelled' }
  /** Nobody answered in time, and the session went on after all, by an answer to another question. */
  | { readonly kind: 'given_up' }
);

export interface Pending {
  readonly interventionId: string;
  readonly agentName: string;
  readonly step: string | null;
}

/** A call that people have decided on, or that expired or was cancelled; or the answer to one. */
export interface MovedCall {
  /** The same whenever this is handed over; no other has it. */
  readonly key: string;
  readonly approvalId: string;
  readonly agentName: string;
  /** The step that asked; null where it was not asked through the desk. */
  readonly step: string | null;
}

/** A runner's own record. `v` is the version of its shape: sessions live longer than releases. At most 256 kB. */
export type RunnerState = JsonObject & { v: number };

/**
 * Everything that a runner may do, bound to its session. Each call is done once it resolves.
 *
 * `step` names an effect, 1 to 200 characters, and is that effect's alone within the session: the same step once more,
 * in this turn or in any later one, does nothing and answers what it answered first. With other arguments it is
 * refused (IDEMPOTENCY_KEY_REUSED).
 *
 * Refusals reject with a DomainError, whose `code` is one of the API's. A runner need not catch them: what makes no
 * sense to try again (INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_KEY_REUSED) fails the session, all else is tried again.
 */
export interface Desk {
  /** The time, by the server's clock. */
  now(): Date;
  /** Asks a person. Does not wait: the answer comes as news of a later turn. */
  ask(step: string, question: Question): Promise<{ interventionId: string }>;
  /**
   * Tells what an agent did or met. PAUSE: a trigger of the team asks a person about it; do nothing that depends on it,
   * and end the turn. What is asked is in `pending` of later turns until it is answered, and then comes as news of this
   * step; the step done again answers CONTINUE from then on. HALT: stop everything.
   */
  report(
    step: string,
    report: Report,
  ): Promise<{ directive: 'CONTINUE' | 'PAUSE' | 'HALT'; interventionId: string | null }>;
  /** Adds to the conversation what an agent was told, and what it said. */
  say(step: string, turn: { agentName: string; input: string; response: string }): Promise<void>;
  createTask(
    step: string,
    task: { agentName: string; agentType?: AgentType; instructions: string },
  ): Promise<{ taskId: string }>;
  /** Needs no step: a task finishes once. */
  finishTask(taskId: string, status: 'COMPLETED' | 'FAILED', result?: Json): Promise<void>;
  /**
   * Makes a call to a tool or a model through the gate, as far as it goes now: asks for its approval and holds its
   * estimate; once it is approved, runs it, settles the real figures, and asks for the approval of its answer; once
   * that is approved, has it to use. Never waits for a person: `waiting` means that this step goes on in a later turn,
   * by the same call of `desk.call`. Where a trigger of the team asks a person about the call, or about its answer, that
   * is waited for as well; a no, or a wish for something else, is `rejected`. `run` is called at most once for a step, in whatever turn and on whatever worker.
   * What it throws is the call's answer, as `{"error": message}`, with the figures of a CallFailed or, where it names
   * none, the estimate: money that may have been spent counts.
   */
  call(step: string, call: GatedCall, run: (grant: Grant) => Promise<CallResult>): Promise<CallOutcome>;
  /** Gives another answer to a call whose answer people want changed (`revise`). The call is not run again. */
  revise(step: string, result: CallResult): Promise<CallOutcome>;
  /** Replaces `state`. */
  save(state: RunnerState): Promise<void>;
  /** The work is done. INVALID_STATE while anything is still asked (behaviour 3.8). */
  complete(result?: Json): Promise<void>;
  /** The work cannot go on; what is still asked is cancelled. */
  fail(reason: string): Promise<void>;
}

export interface Question {
  agentName: string;
  type: InterventionType;
  message: string;
  context?: JsonObject;
  urgency?: InterventionUrgency;
  options?: OptionInput[];
  /** Seconds for the first answer. */
  timeout?: number;
  autoContinue?: boolean;
  asyncMode?: boolean;
  /** A JSON Schema: the answer's `answer` satisfies it. */
  responseSchema?: JsonObject;
}

export interface Report {
  agentName: string;
  type: string;
  input?: string;
  output?: string;
  metrics?: JsonObject;
  context?: JsonObject;
}

/** What is to be approved. */
export interface GatedCall {
  agentName: string;
  agentType?: AgentType;
  /** The task that it is for; left out, it makes one of its own. */
  taskId?: string;
  /** What is to be done, in a sentence for the person who decides. */
  action: string;
  input: Json;
  /** A JSON Schema that an input which the approver changed must satisfy. */
  inputSchema?: JsonObject;
  contextSummary?: string;
  estimatedTokens?: number;
  /** US dollars, a decimal with at most four places. */
  estimatedCost?: string;
  /** How long the approval may be waited for and lie unused, 30 minutes when left out. */
  timeoutMinutes?: number;
}

/** The leave to run a call. */
export interface Grant {
  readonly approvalId: string;
  /** What may run: as it was proposed, or as the approver changed it. Nothing else may. */
  readonly input: Json;
  /** For a tool that checks it offline (behaviour 5.6). */
  readonly permit: string | null;
  /** The turn's: a stop aborts it. */
  readonly signal: AbortSignal;
}

/** What a call answered, and what it cost. */
export interface CallResult {
  response: Json;
  summary?: string;
  nextSteps?: string[];
  tokensUsed: number;
  /** US dollars, a decimal with at most four places. */
  actualCost: string;
  /** 0 to 1. */
  confidence?: number;
}

export type CallOutcome = { readonly approvalId: string | null } & (
  | { readonly status: 'waiting' }
  /** The answer may be used. */
  | { readonly status: 'done'; readonly response: Json }
  /** People said no: to the call, which then was not run, or to its answer, which must not be used. */
  | { readonly status: 'rejected'; readonly what: 'call' | 'response'; readonly reason: string | null }
  /** People want another answer: `desk.revise`. */
  | {
      readonly status: 'revise';
      readonly modifications: Json;
      readonly reason: string | null;
      readonly previous: Json;
    }
  /** Not decided, or not started, in time. */
  | { readonly status: 'expired' }
  | { readonly status: 'cancelled'; readonly reason: string | null }
  /** The budget cannot carry it; nothing was asked. The same step may be tried again. */
  | { readonly status: 'over_budget'; readonly message: string }
  /**
   * It was started, and the worker died before it had told what came of it. It is never run again; what it did is for
   * a person to look at.
   */
  | { readonly status: 'interrupted' }
);

/** Thrown by a call's `run`: it failed, and this is what it cost all the same. */
export class CallFailed extends Error {
  override name = 'CallFailed';
  readonly tokensUsed: number;
  readonly actualCost: string;

  constructor(message: string, spent: { tokensUsed: number; actualCost: string }) {
    super(message);
    this.tokensUsed = spent.tokensUsed;
    this.actualCost = spent.actualCost;
  }
}

/** Thrown by a runner: the session can't go on, and trying again would not help. Its message becomes the reason. */
export class CannotContinue extends Error {
  override name = 'CannotContinue';
}
