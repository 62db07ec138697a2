import type { CombinedError } from '@urql/core';
import { texts } from '../texts.ts';

/** Why something could not be read or done, in a sentence for whoever wanted it. */
export interface Fault {
  /** The API's code, or `UNREACHABLE`, where nobody answered. */
  code: string;
  message: string;
  /** Of the server's logs. */
  requestId: string | null;
}

const GATEWAY = [502, 503, 504];
const TOO_MANY = 429;
/** The server's own words for: not now. */
const TEMPORARY: readonly unknown[] = ['SERVICE_UNAVAILABLE', 'RATE_LIMITED'];

const responseOf = (error: CombinedError): Response | undefined => error.response as Response | undefined;

export function isUnreachable(error: CombinedError): boolean {
  const status = responseOf(error)?.status;
  return error.networkError !== undefined && (status === undefined || GATEWAY.includes(status));
}

/** Nobody answered, not to the end, or not yet: saying it again may bring the answer. */
export function mayPass(error: CombinedError): boolean {
  const status = responseOf(error)?.status;
  if (error.networkError !== undefined) return isUnreachable(error) || status === 200 || status === TOO_MANY;
  return TEMPORARY.includes(error.graphQLErrors[0]?.extensions.code);
}

/** What the answer's Retry-After asks for, whoever between here and the server wrote it. */
export const retryAfterOf = (error: CombinedError): string | null =>
  responseOf(error)?.headers?.get('retry-after') ?? null;

export function faultOf(error: CombinedError): Fault {
  const requestId = responseOf(error)?.headers?.get('x-request-id') ?? null;
  const first = error.graphQLErrors[0];
  if (first) {
    const code = String(first.extensions?.code ?? 'INTERNAL_SERVER_ERROR');
    const message = code === 'INTERNAL_SERVER_ERROR' ? texts.faults.internal : first.message;
    return { code, message, requestId };
  }
  if (isUnreachable(error)) return { code: 'UNREACHABLE', message: texts.faults.unreachable, requestId };
  return { code: 'UNEXPECTED', message: texts.faults.unexpected, requestId };
}
