import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import type { Log } from '../kernel/log.ts';
import type { RequestInfo } from './caller.ts';
import { createMask, type Mask, maskResult } from './errors.ts';
import type { Limits } from './limits.ts';
import { createPrepare, type Operation, type Prepare } from './prepare.ts';

export interface EngineDeps {
  schema: GraphQLSchema;
  limits: Limits;
  production: boolean;
  log: Log;
}

/** The one way from a document to a result, whichever door it came by: same bounds, same masking. */
export interface Engine {
  readonly schema: GraphQLSchema;
  readonly prepare: Prepare;
  readonly mask: Mask;
  /** Runs a query or mutation, or one payload (`root`) of a subscription. Never rejects; errors are masked. */
  execute(
    operation: Operation,
    context: object,
    request: RequestInfo,
    root?: unknown,
  ): Promise<ExecutionResult>;
  /** Accepts a subscription: its source, or why not (masked). Never rejects. */
  open(
    operation: Operation,
    context: object,
    request: RequestInfo,
  ): Promise<AsyncIterable<unknown> | readonly GraphQLError[]>;
}

export function createEngine({ schema, limits, production, log }: EngineDeps): Engine {
  const prepare = createPrepare({ schema, limits, production });
  const mask = createMask(log);
  const argumentsOf = (operation: Operation, contextValue: object, rootValue: unknown): ExecutionArgs => ({
    schema,
    document: operation.document,
    operationName: operation.name,
    variableValues: operation.variables,
    contextValue,
    rootValue,
    hideSuggestions: production,
  });

  return {
    schema,
    prepare,
    mask,
    async execute(operation, context, request, root) {
      try {
        const result = await execute(argumentsOf(operation, context, root));
        return maskResult(result, mask, request);
      } catch (error) {
        return { errors: [mask(error, request)] };
      }
    },
    async open(operation, context, request) {
      try {
        const stream = await createSourceEventStream(argumentsOf(operation, context, undefined));
        if (Symbol.asyncIterator in stream) return stream;
        return maskResult(stream, mask, request).errors!;
      } catch (error) {
        return [mask(error, request)];
      }
    },
  };
}
