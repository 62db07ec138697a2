/** Why the domain turns a mutation down: the API's ErrorCode, one table for every door. */
export const errorCodes = [
  'NOT_FOUND',
  'FORBIDDEN',
  'INVALID_INPUT',
  'ALREADY_RESOLVED',
  'INVALID_STATE',
  'EXPIRED',
  'CANCELLED',
  'OPTION_NOT_FOUND',
  'OPTION_DISABLED',
  'REASON_REQUIRED',
  'SELF_APPROVAL',
  'ALREADY_DECIDED',
  'POLICY_VIOLATION',
  'RESOURCE_CONSTRAINT',
  'BUDGET_EXCEEDED',
  'EMERGENCY_STOPPED',
  'ESCALATION_EXHAUSTED',
  'QUEUE_FULL',
  'IDEMPOTENCY_KEY_REUSED',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** One reason, as a caller sees it. `path` names the input field. */
export interface UserError {
  code: ErrorCode;
  message: string;
  path?: string[];
  /** Nobody looked to the end: on a machine that is less busy the same may be good. */
  late?: true;
}

/**
 * The request was understood and allowed, and the domain says no; nothing was changed. Thrown at a verb's edge, caught
 * in one place by each door, which shows it whole: it may hold only what the caller may read.
 */
export class DomainError extends Error {
  readonly errors: readonly UserError[];

  constructor(errors: readonly UserError[]) {
    super(errors.map((error) => error.message).join('; '));
    this.name = 'DomainError';
    this.errors = errors;
  }

  get code(): ErrorCode {
    return this.errors[0]!.code;
  }
}

export function refuse(code: ErrorCode, message: string, path?: string[]): DomainError {
  return new DomainError([{ code, message, ...(path && { path }) }]);
}

/** The API's top-level error codes: the request could not be understood, or not be allowed at all. */
export type RequestErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'RATE_LIMITED'
  | 'TOO_COMPLEX'
  | 'SERVICE_UNAVAILABLE';

/** Becomes a top-level GraphQL error with this code; the message is shown as it stands. */
export class RequestError extends Error {
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
  }
}
