import { sha256 } from '../kernel/json.ts';
import { randomBytes } from '../kernel/random.ts';

/** Where a span stands, as W3C Trace Context has it: 16 and 8 bytes in hex. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Whoever began the trace wants it recorded. */
  readonly sampled: boolean;
}

export const randomSpanId = (): string => randomBytes(8).toString('hex');
export const randomTraceId = (): string => randomBytes(16).toString('hex');

// Ids that whoever takes part can work out from what the rows say, so that nothing need be carried: see
// docs/decisions/derived-traces.md. The digests of two purposes never meet, since each begins with its own word.

/** The one trace of a session; of what belongs to no session, of the thing itself. */
export const traceOf = (id: string): string => sha256(`trace ${id}`).slice(0, 32);

const spanOf = (...parts: readonly string[]): string => sha256(`span ${parts.join(' ')}`).slice(0, 16);

/** An event, as much of it as its span's id depends on. */
export interface EventRef {
  id: string;
  type: string;
  subjectId: string;
  data: unknown;
}

/**
 * The span of an event. What happens to its subject once is found by the subject, by those who have not read the event
 * and go on from it: that a session was created, that something was asked, that it was settled. Others go by their id.
 */
export function spanOfEvent({ id, type, subjectId, data }: EventRef): string {
  if (type === 'session_created') return spanOfCreated(subjectId);
  if (type.endsWith('_requested')) return spanOfAsked(subjectId);
  if (type === 'intervention_resolved' || type === 'intervention_cancelled') return spanOfSettled(subjectId);
  // An approved call may be cancelled later: settled twice, and never the same way.
  if (type === 'approval_resolved')
    return spanOfSettled(subjectId, String((data as { status?: unknown } | null)?.status));
  return spanOf('event', id);
}

export const spanOfCreated = (sessionId: string): string => spanOf('created', sessionId);
export const spanOfAsked = (subjectId: string): string => spanOf('asked', subjectId);
/** `status`: an approval's. */
export const spanOfSettled = (subjectId: string, status = ''): string => spanOf('settled', subjectId, status);

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent` header. Null: there is none, or it is none that W3C Trace Context knows; then it is ignored. */
export function readTraceparent(header: string | null | undefined): SpanContext | null {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(header ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export const writeTraceparent = ({ traceId, spanId, sampled }: SpanContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
