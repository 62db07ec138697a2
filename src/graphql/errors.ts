import { type ExecutionResult, GraphQLError, Kind } from 'graphql';
import { isUnavailable } from '../database/faults.ts';
import { DomainError, RequestError } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { RequestInfo } from './caller.ts';

/** Turns whatever was thrown into what a caller may see. What it hides is logged, once, with the request's id. */
export type Mask = (error: unknown, request: RequestInfo) => GraphQLError;

export function createMask(log: Log): Mask {
  const logged = new WeakSet<object>();
  const once = (error: unknown, request: RequestInfo, message: string) => {
    if (typeof error === 'object' && error !== null) {
      if (logged.has(error)) return;
      logged.add(error);
    }
    log.error({ err: error, requestId: request.requestId }, message);
  };

  return (error, request) => {
    const outer = error instanceof GraphQLError ? error : null;
    const cause = innermost(error);
    if (cause instanceof RequestError) return shown(cause.message, outer, { code: cause.code });
    // A verb's refusal is shown by its payload; one that reaches the top was thrown where there is no payload.
    if (cause instanceof DomainError)
      return shown(cause.message, outer, { code: topLevel.has(cause.code) ? cause.code : 'BAD_USER_INPUT' });
    if (cause instanceof GraphQLError) {
      if (typeof cause.extensions['code'] === 'string') return shown(cause.message, outer, cause.extensions);
      // Raised by graphql itself about what the caller wrote: an argument's or a variable's value, never a field's.
      const at = cause.nodes?.[0]?.kind;
      if (at !== undefined && at !== Kind.FIELD)
        return shown(cause.message, outer, { code: 'BAD_USER_INPUT' });
    }
    if (isUnavailable(cause)) {
      once(cause, request, 'the database does not answer');
      return shown('The database does not answer. Nothing is lost; try again shortly.', outer, {
        code: 'SERVICE_UNAVAILABLE',
        requestId: request.requestId,
      });
    }
    once(cause, request, 'unexpected error');
    return shown('Unexpected error.', outer, { code: 'INTERNAL_SERVER_ERROR', requestId: request.requestId });
  };
}

/** Masks a result's errors; those of a result without data speak of the request: its variables could not be read. */
export function maskResult(result: ExecutionResult, mask: Mask, request: RequestInfo): ExecutionResult {
  if (result.errors === undefined) return result;
  const errors = result.errors.map((error) =>
    error.path === undefined && !('data' in result) && !(innermost(error) instanceof RequestError)
      ? coded(error, 'BAD_USER_INPUT')
      : mask(error, request),
  );
  return { ...result, errors };
}

/** graphql's own error, kept as it stands but for the code. */
export const coded = (error: GraphQLError, code: string): GraphQLError =>
  shown(error.message, error, { code });

/** The codes a domain refusal shares with the API's top level. */
const topLevel: ReadonlySet<string> = new Set(['NOT_FOUND', 'FORBIDDEN']);

/** A fresh error without an original: no stack and no foreign text goes out with it. */
function shown(message: string, at: GraphQLError | null, extensions: Record<string, unknown>): GraphQLError {
  return new GraphQLError(message, {
    nodes: at?.nodes,
    source: at?.source,
    positions: at?.positions,
    path: at?.path,
    extensions,
  });
}

function innermost(error: unknown): unknown {
  let at = error;
  while (at instanceof GraphQLError && at.originalError) at = at.originalError;
  return at;
}
