import { OperationTypeNode } from 'graphql';
import { type Connection, dataOf, type Document } from '../client/connection.ts';
import { HoldpointError } from '../client/errors.ts';
import type { RequestInfo } from '../graphql/caller.ts';
import type { Engine } from '../graphql/engine.ts';

export interface InProcess {
  engine: Engine;
  context: object;
  about: RequestInfo;
  /** Takes one of the credential's places for a subscription, and gives it back (behaviour 10.5). */
  hold: () => () => void;
}

/** The API as a client has it, without a network: the same documents, bounds and masked errors, in one caller's name. */
export function connectInProcess({ engine, context, about, hold }: InProcess): Connection {
  /** What was subscribed to is live before what is asked after it, as on a socket (behaviour 9.3). */
  let accepted: Promise<unknown> = Promise.resolve();

  const prepared = <Data, Variables>(document: Document<Data, Variables>, variables: Variables) => {
    const operation = engine.prepare({
      query: document.toString(),
      variables: variables as Record<string, unknown>,
    });
    if ('document' in operation) return operation;
    throw refusalOf({ errors: operation });
  };
  const ask = async <Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
  ): Promise<Data> =>
    dataOf(await engine.execute(prepared(document, variables), context, about), 200) as Data;

  return {
    url: '',
    closed: new AbortController().signal,
    fetchJson: () => Promise.reject(new Error('nothing is fetched within the process')),
    async request(document, variables, { signal } = {}) {
      signal?.throwIfAborted();
      return await ask(document, variables);
    },
    async overSocket(document, variables, signal) {
      await accepted;
      signal.throwIfAborted();
      return await ask(document, variables);
    },
    subscribe(document, variables, signal) {
      const operation = prepared(document, variables);
      if (operation.type !== OperationTypeNode.SUBSCRIPTION)
        throw new Error('only subscriptions are subscribed to');
      const release = hold();
      const source = engine.open(operation, context, about).then((opened) => {
        if (Symbol.asyncIterator in opened) return opened[Symbol.asyncIterator]();
        throw refusalOf({ errors: opened });
      });
      accepted = source.catch(() => {});
      const end = () => {
        release();
        void source.then((values) => values.return?.()).catch(() => {});
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
      return {
        async next() {
          const { value, done } = await (await source).next();
          if (done === true) return { value: undefined, done: true };
          return {
            value: dataOf(await engine.execute(operation, context, about, value), 200) as never,
            done: false,
          };
        },
      };
    },
    close() {},
  };
}

function refusalOf(answer: { errors: readonly { message: string }[] }): unknown {
  try {
    dataOf(answer, 200);
  } catch (error) {
    return error;
  }
  return new HoldpointError('NETWORK', 'there was no answer');
}
