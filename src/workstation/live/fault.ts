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

export function isUnreachable(error: CombinedError): boolean {
  const status = (error.response as Response | undefined)?.status;
  return error.networkError !== undefined && (status === undefined || GATEWAY.includes(status));
}

/** Nobody answered, not to the end, or not yet: saying it again may bring the answer. */
export const mayPass = (error: CombinedError): boolean =>
  isUnreachable(error) ||
  (error.networkError !== undefined && (error.response as Response | undefined)?.status === 200) ||
  error.graphQLErrors[0]?.extensions.code === 'SERVICE_UNAVAILABLE';

export function faultOf(error: CombinedError): Fault {
  const requestId = (error.response as Response | undefined)?.headers?.get('x-request-id') ?? null;
  const first = error.graphQLErrors[0];
  if (first) {
    const code = String(first.extensions?.code ?? 'INTERNAL_SERVER_ERROR');
    const message = code === 'INTERNAL_SERVER_ERROR' ? texts.faults.internal : first.message;
    return { code, message, requestId };
  }
  if (isUnreachable(error)) return { code: 'UNREACHABLE', message: texts.faults.unreachable, requestId };
  return { code: 'UNEXPECTED', message: texts.faults.unexpected, requestId };
}
