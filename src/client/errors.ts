/** One fault of what was sent, as the API says it. */
export interface Fault {
  code: string;
  message: string;
  /** The field meant: the argument's name, then the way within it. */
  path?: readonly string[] | null;
}

/**
 * Whatever Holdpoint refused, or could not be asked. `code` is the API's (`INVALID_INPUT`, `EMERGENCY_STOPPED`, `UNAUTHENTICATED` …),
 * or one of the client's own: `NETWORK` (no answer came, and asking again could do it twice), `PERMIT_INVALID`, `NOT_APPROVED`,
 * `CLOSED`.
 */
export class HoldpointError extends Error {
  override name = 'HoldpointError';
  readonly code: string;
  readonly faults: readonly Fault[];

  constructor(code: string, message: string, faults: readonly Fault[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.faults = faults;
  }
}

/** A call, or its answer, that may not be used: rejected, out of time, cancelled, or to be done again. */
export class NotApproved extends HoldpointError {
  override name = 'NotApproved';
  readonly approvalId: string;
  /** REJECTED, TIMED_OUT, CANCELLED or REQUIRES_MODIFICATION. */
  readonly status: string;
  readonly reason: string | null;
  /** What is to be changed, where an answer is to be done again. */
  readonly modifications: unknown;

  constructor(approval: { id: string; status: string; reason: string | null; modifications?: unknown }) {
    const { id, status, reason, modifications } = approval;
    super('NOT_APPROVED', `${status}${reason === null ? '' : `: ${reason}`}`);
    this.approvalId = id;
    this.status = status;
    this.reason = reason;
    this.modifications = modifications ?? null;
  }
}
