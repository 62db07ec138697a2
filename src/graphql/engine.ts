import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
} from 'graphql';
import type { Log } from '../kernel/log.ts';
import { readTraceparent } from '../tracing/ids.ts';
import type { About, Tracing } from '../tracing/tracing.ts';
import type { RequestInfo } from './caller.ts';
import { createMask, type Mask, maskResult } from './errors.ts';
import type { Limits } from './limits.ts';
import { createPrepare, type Operation, type Prepare } from './prepare.ts';

export interface EngineDeps {
  schema: GraphQLSchema;
  limits: Limits;
  production: boolean;
  log: Log;
  /** Null: nothing is recorded. */
  tracing?: Tracing | null | undefined;
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

export function createEngine({ schema, limits, production, log, tracing = null }: EngineDeps): Engine {
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

  const run: Engine['execute'] = async (operation, context, request, root) => {
    try {
      const result = await execute(argumentsOf(operation, context, root));
      return maskResult(result, mask, request);
    } catch (error) {
      return { errors: [mask(error, request)] };
    }
  };

  return {
    schema,
    prepare,
    mask,
    execute(operation, context, request, root) {
      // What a subscription shows is told by those who changed it.
      if (tracing === null || operation.type === OperationTypeNode.SUBSCRIPTION)
        return run(operation, context, request, root);
      return tracing.door(aboutOf(operation), readTraceparent(request.traceparent), async (span) => {
        const result = await run(operation, context, request, root);
        if (result.errors?.[0]) span.fail(String(result.errors[0].extensions['code'] ?? 'Error'));
        return result;
      });
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

/** Fields named in a span; of a longer document the first ones. */
const NAMED = 3;

/** An operation as its span tells it: by the schema's names, for the caller's own may be anything, and without a value. */
function aboutOf({ document, name, type }: Operation): About {
  const operation = document.definitions.find(
    (each) => each.kind === 'OperationDefinition' && (name === undefined || each.name?.value === name),
  );
  const selections = operation?.kind === 'OperationDefinition' ? operation.selectionSet.selections : [];
  const fields = selections.flatMap((each) => (each.kind === 'Field' ? [each.name.value] : []));
  return {
    name: [type, fields.slice(0, NAMED).join(' ')].join(' ').trimEnd(),
    kind: 'server',
    attributes: {
      'graphql.operation.type': type,
      ...(operation?.kind === 'OperationDefinition' && operation.name
        ? { 'graphql.operation.name': operation.name.value.slice(0, 200) }
        : {}),
    },
  };
}
