// What an agent's program imports: `import { holdpoint } from 'holdpoint/client'`. It runs in Node and in browsers, and knows
// nothing of the server but schema.graphql.
import { ask, type Decision, decision, type Question } from './ask.ts';
import { type Estimate, runWithin, type Spending } from './budget.ts';
import { connect, type ConnectionOptions, type Document, type RequestOptions } from './connection.ts';
import { createSession } from './documents.ts';
import { createEmergencyStops, type Stop } from './emergency.ts';
import type { HoldpointError } from './errors.ts';
import type { CreateSessionInput } from './generated/graphql.ts';
import { type CallOptions, guard, type GuardOptions, type Permitted } from './guard.ts';
import { accepted } from './payload.ts';
import { createPermitChecks } from './permit.ts';

export type { Decision, Question } from './ask.ts';
export type { Estimate, Spending } from './budget.ts';
export type { Stop } from './emergency.ts';
export { HoldpointError, NotApproved } from './errors.ts';
export type { CallOptions, GuardOptions, Permitted, Usage } from './guard.ts';
export { actionDigest } from './permit.ts';
export { type Permit, type PermitCheck, verifyPermit } from '../permits/verify.ts';

export interface HoldpointOptions extends ConnectionOptions {
  /** What the server calls itself (`PUBLIC_URL`), where that is not `url`. */
  issuer?: string;
  /** Told what ends the watching for emergency stops, such as a revoked key; without it, it is thrown where nobody catches it. */
  onError?: (error: HoldpointError) => void;
}

export interface Holdpoint {
  /** Begins a session of an agent that runs here. */
  createSession(
    input: CreateSessionInput,
    options?: { signal?: AbortSignal },
  ): Promise<{ id: string; teamId: string }>;
  /**
   * Asks a person, and resolves with the decision, across reconnects and restarts of the server; of this process too, where
   * it asks again under the same `idempotencyKey`. A question that nobody answered in time resolves with status TIMEOUT.
   */
  ask(question: Question): Promise<Decision>;
  /** The decision of what was asked elsewhere, or by an earlier process. */
  decision(interventionId: string, options?: { signal?: AbortSignal }): Promise<Decision>;
  /** A function that runs only once a person has approved the call, with the input that they approved, at most once. */
  guard<Input, Output>(
    run: (input: Input, permitted: Permitted) => Output | Promise<Output>,
    options: GuardOptions<Input, Output>,
  ): (input: Input, call?: CallOptions) => Promise<Output>;
  readonly budget: {
    /** Holds the estimate, does the work, settles what it spent; BUDGET_EXCEEDED: nothing was done. */
    run<Result>(estimate: Estimate, work: (spending: Spending) => Result | Promise<Result>): Promise<Result>;
  };
  /** Calls for the stop that is in force, and for each one after it. Returns what ends that. */
  onEmergencyStop(projectId: string, listener: (stop: Stop) => void): () => void;
  /** Whatever else the API has, typed by its document. */
  request<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    options?: RequestOptions,
  ): Promise<Data>;
  /** Closes the connection; what still waits rejects with CLOSED. */
  close(): void;
}

/** A client of one server, with one credential. */
export function holdpoint({ issuer, onError, ...options }: HoldpointOptions): Holdpoint {
  const connection = connect(options);
  const stops = createEmergencyStops(connection, (error) => {
    if (onError !== undefined) return onError(error);
    queueMicrotask(() => {
      throw error;
    });
  });
  const permits = createPermitChecks(connection, issuer ?? connection.url);
  const deps = { connection, permits, stops };
  return {
    async createSession(input, { signal } = {}) {
      const idempotencyKey = input.idempotencyKey ?? crypto.randomUUID();
      const answer = await connection.request(
        createSession,
        { input: { ...input, idempotencyKey } },
        { signal, repeatable: true },
      );
      const { id, teamId } = accepted(answer.createSession).session!;
      return { id, teamId };
    },
    ask: (question) => ask(connection, question),
    decision: (id, { signal } = {}) => decision(connection, id, signal),
    guard: (run, of) => guard(deps, run, of),
    budget: { run: (estimate, work) => runWithin(deps, estimate, work) },
    onEmergencyStop: (projectId, listener) => stops.onStop(projectId, listener),
    request: connection.request,
    close: connection.close,
  };
}
