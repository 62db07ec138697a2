import { type ExecutionArgs, type ExecutionResult, type GraphQLError, OperationTypeNode } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { Caller, RequestInfo } from '../graphql/caller.ts';
import type { Engine } from '../graphql/engine.ts';
import type { Operation, Params } from '../graphql/prepare.ts';
import { isSharedSource } from '../graphql/shared-source.ts';
import { badInput } from '../graphql/strings.ts';
import { RequestError } from '../kernel/errors.ts';
import { canonicalJson, sha256 } from '../kernel/json.ts';
import type { Credentials } from './credentials.ts';
import type { FanOut } from './fan-out.ts';
import { followAlone } from './follow.ts';
import { type HeldOpen, holdOpen } from './hold-open.ts';
import type { Metrics } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import { sharedViewer, viewerClass } from './viewer-class.ts';

/** behaviour 10.5 */
const SUBSCRIPTIONS_PER_SOCKET = 100;

/** One connection, from its upgrade to its end. */
export interface Connection<V> {
  readonly request: IncomingMessage;
  readonly webSocket: WebSocket;
  readonly outbox: Outbox;
  viewer: V | null;
  subscriptions: number;
  /** Ids of subscribe messages that are being accepted. */
  readonly opening: Set<string>;
  /** Settles when every subscribe received so far has been accepted or refused. */
  accepted: Promise<unknown>;
  unwatch(): void;
  alive: boolean;
}

/** What `onSubscribe` hands to `execute` and `subscribe` through graphql-ws. */
export interface Accepted extends ExecutionArgs {
  accepted: { start(): AsyncIterable<ExecutionResult> | Promise<ExecutionResult> };
}

export interface OperationDeps<V extends Caller> {
  engine: Engine;
  /** The context of one execution; a shared one is given the viewer's class (viewer-class.ts), afresh for each payload. */
  context: (viewer: V, request: RequestInfo) => object;
  credentials: Credentials;
  metrics: Metrics;
}

export interface State {
  draining: boolean;
  inFlight: Set<Promise<unknown>>;
}

type Answer = Accepted | readonly GraphQLError[];

/** Accepts what a socket asks: the same preparation as over HTTP, and the fan-out for subscriptions. */
export function createOperations<V extends Caller>(deps: OperationDeps<V>, fanOut: FanOut, state: State) {
  const { engine, context, credentials, metrics } = deps;

  const inFlight = <T>(work: Promise<T>): Promise<T> => {
    state.inFlight.add(work);
    return work.finally(() => state.inFlight.delete(work));
  };

  /** Never rejects: no GraphQL error closes a socket. */
  const accept = async (
    connection: Connection<V>,
    id: string,
    payload: SubscribePayload,
  ): Promise<Answer | undefined> => {
    const about: RequestInfo = { requestId: randomUUID() };
    try {
      if (state.draining) throw new RequestError('SERVICE_UNAVAILABLE', 'The server is shutting down.');
      const operation = engine.prepare(payload as Params);
      if (!('document' in operation)) return operation;
      if (operation.type === OperationTypeNode.SUBSCRIPTION)
        return await accepting(connection, id, operation, about);
      // Subscribe, then query: what was subscribed to before is live when this one runs.
      await connection.accepted;
      const start = () => inFlight(engine.execute(operation, context(connection.viewer!, about), about));
      return {
        schema: engine.schema,
        document: operation.document,
        operationName: operation.name,
        accepted: { start },
      };
    } catch (error) {
      return [engine.mask(error, about)];
    }
  };

  const accepting = async (
    connection: Connection<V>,
    id: string,
    operation: Operation,
    about: RequestInfo,
  ) => {
    // Completed and taken again before the first was accepted: the protocol's bookkeeping could not tell them apart.
    if (connection.opening.has(id)) {
      connection.outbox.close(4409, `Subscriber for ${id} already exists`);
      return [badInput('The id is taken.')];
    }
    const release = hold(connection);
    const answer = open(connection, id, operation, about, release);
    connection.opening.add(id);
    connection.accepted = Promise.allSettled([connection.accepted, answer]);
    try {
      return await answer;
    } finally {
      connection.opening.delete(id);
    }
  };

  const hold = (connection: Connection<V>): (() => void) => {
    if (connection.subscriptions >= SUBSCRIPTIONS_PER_SOCKET)
      throw new RequestError(
        'RATE_LIMITED',
        `A socket holds at most ${SUBSCRIPTIONS_PER_SOCKET} subscriptions.`,
      );
    const giveBack = credentials.hold(connection.viewer!);
    connection.subscriptions++;
    metrics.subscriptions.inc();
    return () => {
      giveBack();
      connection.subscriptions--;
      metrics.subscriptions.dec();
    };
  };

  const open = async (
    connection: Connection<V>,
    id: string,
    operation: Operation,
    about: RequestInfo,
    release: () => void,
  ): Promise<Answer> => {
    const source = await engine.open(operation, context(connection.viewer!, about), about);
    if (!(Symbol.asyncIterator in source)) {
      release();
      return source;
    }
    let leave = () => {};
    const held: HeldOpen = holdOpen(() => {
      leave();
      release();
    });
    const ended = (error?: Error) => held.finish(error);
    const { outbox } = connection;
    const shared = isSharedSource(source);
    const { key, run } = sharing(connection.viewer!, operation, shared ? source.key : null, about);
    try {
      leave = shared
        ? fanOut.subscribe({ source, key, run, id, outbox, ended })
        : followAlone({ stream: source, run, id, outbox, ended });
    } catch (error) {
      await held.return();
      throw error;
    }
    // A socket that closed meanwhile has forgotten its subscriptions: the protocol will not end this one.
    if (!connection.outbox.open) await held.return();
    const start = () => held as AsyncIterable<never>;
    return {
      schema: engine.schema,
      document: operation.document,
      operationName: operation.name,
      accepted: { start },
    };
  };

  /** Who shares an execution, and how one runs: with a context of its own for each payload. */
  const sharing = (viewer: V, operation: Operation, sourceKey: string | null, about: RequestInfo) => {
    const shown = operation.personal || sourceKey === null ? viewer : sharedViewer(viewer);
    const { text, name, variables, personal } = operation;
    const parts = [viewerClass(viewer, personal), sourceKey, name ?? null, text, canonicalJson(variables)];
    return {
      key: sourceKey === null ? null : sha256(JSON.stringify(parts)),
      run: async (payload: unknown) =>
        JSON.stringify(await engine.execute(operation, context(shown, about), about, payload)),
    };
  };

  return { accept };
}
